#include "serry/exec/checkpoints.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "serry/base/clock.hpp"
#include "serry/base/crash_point.hpp"
#include "serry/base/error.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/checkpoint/journal.hpp"
#include "serry/exec/packed_store.hpp"
#include "serry/exec/rank_0.hpp"
#include "serry/plan/visit.hpp"

namespace serry {
namespace {

PackCompression compression_from(std::string const& word) {
    for (PackCompression const one : {PackCompression::lz4, PackCompression::zstd})
        if (word == compression_name(one)) return one;
    return PackCompression::none;
}

/// How f() ended on this rank: nothing, or why it failed.
std::string failure_of(std::function<void()> const& f) {
    try {
        f();
        return "";
    } catch (CommError const&) {
        throw;
    } catch (...) {
        return describe_current_exception();
    }
}

}  // namespace

Checkpoints::Checkpoints(comm::Communicator const& comm,
                         Options const& options,
                         JobIdentity const& identity,
                         std::string const& fresh_job_id,
                         bool is_node_leader)
    : comm_(comm),
      folder_(options.checkpoint),
      resume_(options.is_restarted && options.resume == "fresh" ? "auto" : options.resume),
      is_quiet_(options.quiet),
      compression_(compression_from(options.checkpoint_compression)),
      policy_(options.checkpoint_every, options.mtbf_seconds, now_seconds()) {
    std::string const started = on_rank_0(comm_, [&] {
        lock_ = folder_.open();
        start(identity, fresh_job_id);
        load_found();
        return fmt::format("{} {} {} {} {}", job_id_, attempt_, next_number_,
                           catalogue_.found_count(), fmt::join(replay_->result_numbers(), " "));
    });
    std::size_t const space = started.find(' ');
    job_id_ = started.substr(0, space);
    auto const numbers = numbers_in(std::string_view(started).substr(space + 1));
    attempt_ = numbers.at(0);
    next_number_ = numbers.at(1);
    found_count_ = numbers.at(2);
    result_numbers_.insert(numbers.begin() + 3, numbers.end());
    check_same_folder(is_node_leader);
}

/// Decide whose the folder is from here on.
void Checkpoints::start(JobIdentity const& identity, std::string const& fresh_job_id) {
    std::optional<JobFile> earlier = folder_.job();
    if (earlier && resume_ == "fresh") earlier.reset();
    if (earlier && earlier->identity != identity) {
        std::uint64_t end = 0;
        bool const has_results =
            read_journal(read_whole(folder_.journal_path()).value_or(""), end).size() > 1;
        if (has_results || !folder_.checkpoints().empty())
            throw UsageError(
                fmt::format(
                    "{}: holds checkpoints of another job: {}; choose another --checkpoint, "
                    "or give them up by --resume fresh",
                    folder_.path(), differences(earlier->identity, identity)),
                ExitCode::divergence);
        earlier.reset();
    }
    if (!earlier && resume_ == "require")
        throw UsageError(
            fmt::format(
                "{}: holds nothing to go on from, as --resume require expects; look for the "
                "right --checkpoint, or leave --resume out",
                folder_.path()),
            ExitCode::divergence);
    if (!earlier) folder_.clear();
    job_id_ = earlier ? earlier->id : fresh_job_id;
    attempt_ = earlier ? earlier->attempt + 1 : 1;
    folder_.write_job({job_id_, attempt_, identity});
    folder_.sweep();
}

void Checkpoints::load_found() {
    replay_ = std::make_unique<Replay>(folder_.path(), folder_.journal_path(), job_id_);
    for (CheckpointFolder::Found& found : folder_.checkpoints()) {
        next_number_ = std::max(next_number_, found.number + 1);
        if (found.manifest && found.manifest->job == job_id_)
            catalogue_.add_found(std::move(*found.manifest));
        else
            set_aside(found.number, found.manifest ? "is another job's" : "is damaged");
    }
}

/// Only rank 0 wrote to it; what another node sees must be that. Collective.
void Checkpoints::check_same_folder(bool is_node_leader) const {
    constexpr double patience_seconds = 10;
    bool const is_same = !is_node_leader || is_true_within(patience_seconds, [this] {
        std::optional<JobFile> seen;
        failure_of([&] { seen = folder_.job(); });
        return seen && seen->id == job_id_ && seen->attempt == attempt_;
    });
    auto const nobody = static_cast<std::uint64_t>(comm_.rank_count());
    std::uint64_t const other =
        comm_.all_reduce_min(is_same ? nobody : static_cast<std::uint64_t>(comm_.rank()));
    if (other == nobody) return;
    std::string const where = comm_.broadcast(comm::local_node_name(), static_cast<int>(other));
    throw UsageError(
        fmt::format("{}: rank {} ({}) does not see what rank 0 wrote there; --checkpoint must be a "
                    "folder on a file system that all nodes share",
                    folder_.path(), other, where));
}

std::string Checkpoints::resumption() const {
    if (attempt_ == 1) return "";
    return fmt::format("attempt {}, going on with {} results and {} checkpoints of {}", attempt_,
                       result_numbers_.size(), found_count_, folder_.path());
}

std::optional<std::string> Checkpoints::result(std::uint64_t number,
                                               std::uint64_t fingerprint,
                                               std::string const& label) {
    if (!result_numbers_.contains(number)) return std::nullopt;
    std::string bytes =
        on_rank_0(comm_, [&] { return replay_->take_result(number, fingerprint, label); });
    ++totals_.replayed_results;
    return bytes;
}

void Checkpoints::record_result(std::uint64_t number,
                                std::uint64_t fingerprint,
                                std::string const& label,
                                std::string_view bytes) {
    on_rank_0(comm_, [&] {
        replay_->record_result(number, fingerprint, label, bytes);
        return std::string();
    });
}

std::vector<std::string> Checkpoints::found_accumulators() const {
    return replay_ ? replay_->accumulators() : std::vector<std::string>();
}

void Checkpoints::record_accumulators(std::string_view bytes) {
    on_rank_0(comm_, [&] {
        replay_->record_accumulators(bytes);
        return std::string();
    });
}

void Checkpoints::restore(Transformation& target, StageSetting const& setting) {
    while (found_count_ > 0) {
        std::string const text = on_rank_0(comm_, [&] {
            Manifest const* const next = catalogue_.next_to_restore(target);
            return next ? to_text(*next) : std::string();
        });
        if (text.empty()) return;
        Manifest const manifest = manifest_from_text(text).value();
        auto const id = static_cast<std::uint32_t>(manifest.step_id);
        restore_one(manifest, {&find_transformation(target, id), manifest.input}, setting);
        --found_count_;
    }
}

void Checkpoints::restore_one(Manifest const& manifest, HeldInput at, StageSetting const& setting) {
    double const start = now_seconds();
    crash_point("restore");
    Placement const placement_before = at.step->placement();
    std::vector<bool> const in_place_before = at.step->in_place();
    at.step->set_placement(Placement(manifest.placement));
    at.step->set_in_place({manifest.in_place.begin(), manifest.in_place.end()});
    std::unique_ptr<PartitionStore> store;
    std::string const failure = failure_of([&] {
        store = at.holder().make_store(setting);
        read_packs(folder_, manifest, *store);
    });
    auto const nobody = static_cast<std::uint64_t>(comm_.rank_count());
    std::uint64_t const failed =
        comm_.all_reduce_min(failure.empty() ? nobody : static_cast<std::uint64_t>(comm_.rank()));
    if (failed != nobody) {
        at.step->set_placement(placement_before);
        at.step->set_in_place(in_place_before);
        std::string const reason = comm_.broadcast(failure, static_cast<int>(failed));
        on_rank_0(comm_, [&] {
            set_aside(manifest.number, reason);
            return std::string();
        });
        return;
    }
    at.holder().hold(at.input, std::move(store));
    if (comm_.rank() == 0) {
        if (!is_quiet_)
            std::fprintf(stderr,
                         "serry: restored checkpoint %llu, of stage %llu of attempt %llu: %s\n",
                         static_cast<unsigned long long>(manifest.number),
                         static_cast<unsigned long long>(manifest.stage),
                         static_cast<unsigned long long>(manifest.attempt), manifest.step.c_str());
        catalogue_.add_restored(manifest);
    }
    crash_point("restored");
    ++totals_.restored;
    totals_.restore_seconds += now_seconds() - start;
}

/// On rank 0.
void Checkpoints::set_aside(std::uint64_t number, std::string const& reason) {
    std::fprintf(stderr, "serry: warning: checkpoint %s cannot be used, and is set aside: %s\n",
                 folder_.manifest_path(number).c_str(), reason.c_str());
    folder_.set_aside(number);
    catalogue_.drop_damaged(number);
}

void Checkpoints::before_stage(Transformation& last, std::optional<HeldInput> exchanged) {
    unheld_.clear();
    if (exchanged) unheld_.push_back(*exchanged);
    visit_needed(last, [&](Transformation& step) {
        if (!dynamic_cast<StoreHolder*>(&step)) return;
        for (std::size_t input = 0; input < step.parents().size(); ++input)
            if (!step.holds_input(input)) unheld_.push_back({&step, input});
    });
    if (comm_.rank() == 0) stage_bases_ = catalogue_.bases_of(last);
}

void Checkpoints::after_stage(StagePlan const& stage,
                              Lineage const& lineage,
                              std::function<void()> const& before_commit) {
    for (HeldInput const& at : unheld_) {
        if (!at.is_held()) continue;
        uncommitted_[at.place()] = at;
        if (comm_.rank() == 0) catalogue_.add_held(at.place(), stage_bases_);
    }
    unheld_.clear();
    drop_gone(lineage);
    std::vector<HeldInput> const due = due_now();
    if (due.empty()) return;
    before_commit();
    for (HeldInput const& at : due) commit(stage, at);
    must_retire_ = true;
}

/// Of what waits to be committed, what nobody has any more.
void Checkpoints::drop_gone(Lineage const& lineage) {
    std::erase_if(uncommitted_, [&](auto const& entry) {
        auto const& [place, at] = entry;
        return !is_live(place, lineage) || !at.holder().store_of(at.input);
    });
}

/// What should be committed now: all that waits for it, or what the program asks for.
std::vector<HeldInput> Checkpoints::due_now() const {
    if (uncommitted_.empty()) return {};
    std::uint64_t own = 0;
    for (auto const& [place, at] : uncommitted_) own += at.store().byte_count();
    std::uint64_t const largest = largest_byte_count(own);
    bool const is_due =
        on_rank_0(comm_, [&] { return policy_.is_due(largest, now_seconds()) ? "yes" : "no"; })
        == "yes";
    std::vector<HeldInput> due;
    for (auto const& [place, at] : uncommitted_)
        if (is_due || at.holder().is_checkpoint()) due.push_back(at);
    return due;
}

/// Of all ranks.
std::uint64_t Checkpoints::largest_byte_count(std::uint64_t own) const {
    comm_.all_reduce_max({&own, 1});
    return own;
}

void Checkpoints::after_action(Lineage const& lineage) {
    if (!std::exchange(must_retire_, false)) return;
    on_rank_0(comm_, [&] {
        for (Manifest const& one : catalogue_.take_obsolete(lineage)) folder_.remove(one);
        return std::string();
    });
}

void Checkpoints::commit_all(StagePlan const& stage, Lineage const& lineage) {
    drop_gone(lineage);
    while (!uncommitted_.empty()) commit(stage, uncommitted_.begin()->second);
}

void Checkpoints::commit(StagePlan const& stage, HeldInput at) {
    double const start = now_seconds();
    std::uint64_t const largest = largest_byte_count(at.store().byte_count());
    PackId const id{job_id_, next_number_++, attempt_, static_cast<std::uint64_t>(comm_.rank())};
    on_rank_0(comm_, [&] {
        replay_->sync();
        folder_.begin(id.checkpoint, id.attempt);
        return std::string();
    });
    std::string const own = write_own_pack(id, at);
    crash_point("gather");
    std::vector<std::string> const packs = comm_.gather(own, 0);
    crash_point("gathered");
    std::string const bytes = on_rank_0(
        comm_, [&] { return std::to_string(write_manifest(stage, at, id.checkpoint, packs)); });
    crash_point("committed");
    double const now = now_seconds();
    policy_.committed(largest, now - start, now);
    uncommitted_.erase(at.place());
    ++totals_.committed;
    totals_.file_bytes += std::stoull(bytes);
    totals_.commit_seconds += now - start;
}

/// "+" and the summary, or "-", an exit code, a space and what went wrong. Local.
std::string Checkpoints::write_own_pack(PackId const& id, HeldInput at) const {
    try {
        return '+' + to_bytes(write_pack(folder_, id, compression_, at.store()));
    } catch (...) {
        return fmt::format("-{} {}", static_cast<int>(code_of_current_exception()),
                           describe_current_exception());
    }
}

/// On rank 0. Returns the bytes of all packs.
std::uint64_t Checkpoints::write_manifest(StagePlan const& stage,
                                          HeldInput at,
                                          std::uint64_t number,
                                          std::vector<std::string> const& packs) {
    Manifest manifest{.number = number,
                      .job = job_id_,
                      .attempt = attempt_,
                      .stage = stage.number,
                      .step_id = at.step->id(),
                      .step = at.step->label(),
                      .fingerprint = at.step->fingerprint(),
                      .input = at.input,
                      .in_place = {at.step->in_place().begin(), at.step->in_place().end()},
                      .placement = at.step->placement().blocks(),
                      .packs = {},
                      .partitions = {}};
    manifest.partitions.resize(at.step->partition_count());
    for (std::size_t rank = 0; rank < packs.size(); ++rank) {
        if (packs[rank][0] == '-') {
            std::size_t const space = packs[rank].find(' ');
            folder_.remove(manifest);
            throw StorageError(
                fmt::format("a checkpoint of {} could not be written on rank {}: {}; those made "
                            "before are still there, and the job can go on from them",
                            manifest.step, rank, packs[rank].substr(space + 1)),
                static_cast<ExitCode>(std::stoi(packs[rank].substr(1))));
        }
        PackSummary const summary = pack_summary_from(std::string_view(packs[rank]).substr(1));
        for (std::size_t i = 0; i < summary.partitions.size(); ++i) {
            PackedPartition const& packed = summary.partitions[i];
            manifest.partitions.at(packed.partition) = {rank, i, packed.record_count,
                                                        packed.plain_bytes};
        }
        manifest.packs.push_back({rank, summary.file_bytes, summary.checksum});
    }
    folder_.commit(manifest);
    std::uint64_t const bytes = manifest.file_bytes();
    catalogue_.add_committed(std::move(manifest));
    return bytes;
}

void Checkpoints::finish() {
    on_rank_0(comm_, [&] {
        crash_point("finish");
        replay_.reset();
        // The job has done what it was to do, whatever cannot be deleted.
        std::string const failure = failure_of([&] { folder_.finish(job_id_); });
        if (!failure.empty())
            std::fprintf(stderr, "serry: warning: what the job needed no more is left: %s\n",
                         failure.c_str());
        crash_point("finished");
        return std::string();
    });
}

}  // namespace serry
