#include "serry/exec/session.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

#include <boost/mpi/collectives/broadcast.hpp>
#include <boost/mpi/communicator.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/memory_limit.hpp"
#include "serry/base/units.hpp"
#include "serry/exec/checkpoints.hpp"
#include "serry/exec/crash_report.hpp"
#include "serry/exec/rank_0.hpp"
#include "serry/exec/watchdog.hpp"
#include "serry/plan/plan.hpp"
#include "serry/plan/visit.hpp"

namespace serry {
namespace {

namespace mpi = boost::mpi;

constexpr std::uint64_t most_ranks_per_node = std::uint64_t{1} << 20;

/// What is the whole job's, as rank 0 has it; a rank keeps the options that are its own.
struct JobWide {
    std::string& job_id;
    Options& options;

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& job_id& options.partition_count& options.collect_limit_bytes& options
            .overwrite& options.events& options.checkpoint& options.checkpoint_every& options
            .checkpoint_compression& options.resume& options.mtbf_seconds& options
            .hang_seconds& options.route& options.direct_bytes& options.ranks_per_node;
    }
};

/// The same control messages as Boost.MPI's, on our communicator.
mpi::communicator boosted(comm::Communicator const& comm) {
    return {comm.handle(), mpi::comm_attach};
}

std::string make_job_id() {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    auto const micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
    return fmt::format("{:x}-{:x}", micros, getpid());
}

}  // namespace

Session::Session(MPI_Comm original, Options options)
    : Session(original, std::move(options), JobIdentity()) {}

Session::Session(MPI_Comm original, Options options, JobIdentity const& identity)
    : comm_(original),
      options_(std::move(options)),
      progress_(options_.progress, comm_.rank() == 0) {
    job_id_ = make_job_id();
    started_at_ = now_seconds();
    JobWide job{job_id_, options_};
    mpi::broadcast(boosted(comm_), job, 0);
    watchdog_ = std::make_unique<Watchdog>(comm_, options_.hang_seconds, options_.heartbeat);
    report_crashes(comm_.rank());
    nodes_ = std::make_unique<comm::Nodes>(
        comm_,
        static_cast<int>(std::min<std::uint64_t>(options_.ranks_per_node, most_ranks_per_node)));
    if (options_.memory_bytes == 0)
        options_.memory_bytes = default_memory_bytes(nodes_->machine_rank_count());
    if (!options_.checkpoint.empty()) {
        checkpoints_ = std::make_unique<Checkpoints>(comm_, options_, identity, job_id_,
                                                     nodes_->local_rank() == 0);
        job_id_ = checkpoints_->job_id();
        leave_when_told();
    }
}

Session::~Session() = default;

void Session::open_action(Transformation const& action) {
    agree_on(Announcement::Kind::action, action.label());
    // A log that cannot be written is told now rather than after a stage of hours.
    if (action_count_++ == 0 && !options_.events.empty()) append_events({});
}

void Session::close(Announcement::Kind kind, std::string const& what) {
    agree_on(kind, what);
    if (kind != Announcement::Kind::returned) return;
    if (checkpoints_) checkpoints_->finish();
    if (!options_.events.empty())
        append_events({job_event(job_id_, comm_.rank_count(), options_.memory_bytes,
                                 now_seconds() - started_at_)});
}

std::optional<std::string> Session::recorded_result(std::uint64_t number,
                                                    Transformation const& action) {
    return checkpoints_->result(number, lineage_.fingerprint, action.label());
}

void Session::record_result(std::uint64_t number,
                            Transformation const& action,
                            std::string_view bytes) {
    save_states();
    checkpoints_->record_result(number, lineage_.fingerprint, action.label(), bytes);
}

void Session::attach(SavedState& state) {
    states_.push_back(&state);
    state.number = next_state_++;
    if (!checkpoints_) return;
    for (std::string const& found : checkpoints_->found_accumulators()) {
        ByteReader reader(found);
        while (reader.remaining() > 0) {
            std::uint64_t const number = reader.take_varint();
            std::string_view const bytes = reader.take(reader.take_varint());
            if (number == state.number) state.restore(bytes);
        }
    }
}

void Session::detach(SavedState& state) { std::erase(states_, &state); }

void Session::save_states() {
    if (!checkpoints_ || states_.empty()) return;
    ByteWriter own;
    for (SavedState* const state : states_) {
        std::string const bytes = state->saved();
        own.put_varint(state->number);
        own.put_varint(bytes.size());
        own.put(bytes);
    }
    // What is known already need not be said again.
    std::uint64_t const hash = hash_long(own.view());
    bool const is_known = std::exchange(states_hash_, hash) == hash;
    std::string changed;
    for (std::string const& of_rank : comm_.gather(is_known ? "" : own.view(), 0))
        changed += of_rank;
    checkpoints_->record_accumulators(changed);
}

void Session::agree_on(Announcement::Kind kind, std::string const& what) {
    if (!divergence_.empty()) throw UsageError(divergence_, ExitCode::divergence);
    try {
        agree(comm_, {.kind = kind,
                      .number = action_count_,
                      .fingerprint = lineage_.fingerprint,
                      .what = what,
                      .steps = lineage_.unagreed});
    } catch (UsageError const& error) {
        divergence_ = error.what();
        throw;
    }
    lineage_.unagreed.clear();
}

Vote Session::run(Transformation& target,
                  Transformation const& action,
                  StageEnd& end,
                  TaskRange range) {
    if (checkpoints_) checkpoints_->restore(target, setting_for({}));
    Plan plan;
    if (comm_.rank() == 0) {
        try {
            plan = make_plan(target, action.name(), options_.partition_count, stage_count_ + 1);
            if (checkpoints_) checkpoints_->check_input(plan, target);
        } catch (...) {
            plan = {};
            plan.error_code = static_cast<int>(code_of_current_exception());
            plan.error = describe_current_exception();
        }
    }
    mpi::broadcast(boosted(comm_), plan, 0);
    if (plan.error_code != 0) throw_error(static_cast<ExitCode>(plan.error_code), plan.error);
    apply_decisions(plan, target);
    Vote const vote = run_stages(plan, target, end, range);
    if (checkpoints_) checkpoints_->after_action(lineage_);
    return vote;
}

Vote Session::run_stages(Plan const& plan, Transformation& target, StageEnd& end, TaskRange range) {
    for (std::size_t i = 0; i + 1 < plan.stages.size(); ++i) {
        StagePlan const& stage = plan.stages[i];
        // A commit forgets steps that operators of the same stage still refer to.
        auto const used = needed_before(target);
        Transformation& step = find_transformation(target, stage.transformation);
        auto& wide = dynamic_cast<WideStep&>(step);
        if (checkpoints_)
            checkpoints_->before_stage(*step.parents()[stage.input], HeldInput{&step, stage.input});
        run_stage(stage, *wide.open_end(stage.input, setting_for(stage)), {});
        commit_stage(stage);
    }
    auto const used = needed_before(target);
    end.prepare(setting_for(plan.stages.back()));
    if (checkpoints_) checkpoints_->before_stage(target, std::nullopt);
    Vote const vote = run_stage(plan.stages.back(), end, range);
    commit_stage(plan.stages.back());
    return vote;
}

void Session::commit_stage(StagePlan const& stage) {
    if (!checkpoints_) return;
    Checkpoints::Totals const before = checkpoints_->totals();
    checkpoints_->after_stage(stage, lineage_, [this] { save_states(); });
    Checkpoints::Totals const& after = checkpoints_->totals();
    if (options_.events.empty() || after.committed == before.committed) return;
    append_events({checkpoint_event(stage, after.commit_seconds - before.commit_seconds,
                                    after.file_bytes - before.file_bytes, job_id_)});
}

Vote Session::run_stage(StagePlan const& stage, StageEnd& end, TaskRange range) {
    if (!executor_) executor_ = std::make_unique<Executor>(gear(), progress_);
    stage_count_ = stage.number;
    if (stage.ends_in_exchange) gear_->routes.prepare();
    Executor::Outcome const outcome = run_or_leave(stage, end, range);
    reports_.push_back({stage, outcome.all});
    if (!options_.events.empty()) write_event(stage, outcome);
    return outcome.all;
}

/// A job that is told to leave commits what it has first.
Executor::Outcome Session::run_or_leave(StagePlan const& stage, StageEnd& end, TaskRange range) {
    try {
        return executor_->run(stage, setting_for(stage), end, range);
    } catch (StageError const& error) {
        if (error.exit_code() != ExitCode::preempted || !checkpoints_) throw;
    }
    save_states();
    checkpoints_->commit_all(stage, lineage_);
    throw Error(
        ExitCode::preempted,
        fmt::format("the job was told to leave (SIGUSR1) in stage {}; what it has is in {}: "
                    "run it again with the same --checkpoint, and it goes on from there",
                    stage.number, options_.checkpoint));
}

void Session::write_event(StagePlan const& stage, Executor::Outcome const& outcome) {
    auto const lines = comm_.gather(stage_event(stage, outcome.own, outcome.route, comm_.rank(),
                                                comm::local_node_name(), job_id_),
                                    0);
    append_events(lines);
}

void Session::append_events(std::vector<std::string> const& lines) {
    on_rank_0([&] {
        std::ofstream file(options_.events, std::ios::app);
        for (std::string const& line : lines) file << line;
        if (!file.flush())
            throw StorageError(fmt::format("cannot write the event log {}; choose another --events",
                                           options_.events));
        return std::string();
    });
}

StageSetting Session::setting_for(StagePlan const& stage) const {
    // A quarter of the memory is left to the user's code.
    return {.rank = comm_.rank(),
            .rank_count = comm_.rank_count(),
            .tasks = stage.tasks,
            .memory_bytes = options_.memory_bytes / 4 * 3,
            .table_slots = options_.table_slots,
            .scratch = options_.scratch};
}

ExchangeGear& Session::gear() {
    if (!gear_) {
        // Up to about 1 MiB in flight for each pair of ranks stays in the caches; more does not.
        constexpr std::uint64_t per_pair = std::uint64_t{1} << 19;
        std::uint64_t const from_ranks = per_pair * static_cast<std::uint64_t>(comm_.rank_count());
        std::uint64_t const from_memory = std::max<std::uint64_t>(options_.memory_bytes / 16, 4096);
        std::uint64_t const bytes =
            options_.round_bytes ? options_.round_bytes : std::min(from_ranks, from_memory);
        gear_ = std::make_unique<ExchangeGear>(
            comm_, *nodes_, std::min<std::uint64_t>(bytes, per_pair << 10),
            RouteChoice{.way = options_.route, .direct_bytes = options_.direct_bytes});
    }
    return *gear_;
}

Session::Gathered Session::gather_results(std::string_view encoded,
                                          std::uint64_t record_count,
                                          std::vector<ResultPiece> const& pieces) {
    constexpr std::uint64_t least_shared_bytes = std::uint64_t{1} << 20;
    std::uint64_t const total_bytes = comm_.all_reduce_sum(encoded.size());
    std::uint64_t const total_records = comm_.all_reduce_sum(record_count);
    if (total_bytes > options_.collect_limit_bytes)
        throw StorageError(
            fmt::format("a result of {} is larger than the {} that every rank may hold; write it "
                        "with write_text, "
                        "or raise SERRY_COLLECT_LIMIT",
                        format_bytes(total_bytes), format_bytes(options_.collect_limit_bytes)),
            ExitCode::does_not_fit);
    if (comm_.all_reduce_sum(pieces.size() > 1) > 0) {
        auto bytes = std::make_shared<std::string const>(gather_pieces(encoded, pieces));
        return {bytes, *bytes, total_records};
    }
    if (total_bytes < least_shared_bytes) {
        auto bytes = std::make_shared<std::string const>(comm_.all_gather(encoded).bytes);
        return {bytes, *bytes, total_records};
    }
    auto shared =
        comm::NodeBytes::gather(comm_, *nodes_, encoded, comm_.all_gather_number(encoded.size()));
    return {shared, shared->view(), total_records};
}

std::string Session::gather_pieces(std::string_view encoded,
                                   std::vector<ResultPiece> const& pieces) {
    std::string_view const own(reinterpret_cast<char const*>(pieces.data()),
                               pieces.size() * sizeof(ResultPiece));
    std::string const gathered = comm_.all_gather(encoded).bytes;
    std::string const table = comm_.all_gather(own).bytes;
    std::vector<ResultPiece> all(table.size() / sizeof(ResultPiece));
    std::memcpy(static_cast<void*>(all.data()), table.data(), table.size());
    std::uint64_t at = 0;
    for (ResultPiece& piece : all) piece.begin = std::exchange(at, at + piece.byte_count);
    std::sort(all.begin(), all.end(), [](ResultPiece const& a, ResultPiece const& b) {
        return a.first_partition < b.first_partition;
    });
    std::string ordered;
    ordered.reserve(gathered.size());
    for (ResultPiece const& piece : all) ordered.append(gathered, piece.begin, piece.byte_count);
    return ordered;
}

std::string Session::on_rank_0(std::function<std::string()> const& f) {
    return serry::on_rank_0(comm_, f);
}

}  // namespace serry
