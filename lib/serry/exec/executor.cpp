#include "serry/exec/executor.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "serry/base/clock.hpp"
#include "serry/base/pulse.hpp"

namespace serry {
namespace {

/// Polls the exchange, and shows progress meanwhile.
struct StagePoller final : Poller {
    StagePoller(Exchange& exchange_, Progress& progress_)
        : exchange(exchange_), progress(progress_) {}
    void poll() override {
        beat();
        if (pulse().is_told_to_leave.load(std::memory_order_relaxed))
            throw Error(ExitCode::preempted, "was told to leave (SIGUSR1)");
        exchange.poll();
        progress.tick();
    }

    Exchange& exchange;
    Progress& progress;
};

/// Says which stage runs for as long as it lives.
struct StagePulse {
    explicit StagePulse(StagePlan const& plan) {
        pulse().steps = plan.name.c_str();
        pulse().partition_count = plan.task_count();
        pulse().stage = plan.number;
    }
    ~StagePulse() {
        pulse().stage = 0;
        beat();
    }
    StagePulse(StagePulse const&) = delete;
    StagePulse& operator=(StagePulse const&) = delete;
};

void count_exchange(Exchange const& exchange, StageEnd& end, Vote& own) {
    ExchangeCounters const& counters = exchange.counters();
    own.bytes_sent = counters.bytes_sent;
    own.bytes_received = counters.bytes_received;
    own.exchanges = counters.exchanges;
    own.rounds = counters.rounds;
    own.peak_exchange_bytes = counters.peak_bytes;
    own.messages_across = counters.route.messages_across;
    own.bytes_across = counters.route.bytes_across;
    own.control_bytes = counters.route.control_bytes;
    own.exchange_seconds.add(counters.exchange_seconds);
    own.wait_seconds.add(counters.wait_seconds);
    if (Outgoing const* out = end.outgoing()) own.records_sent = out->record_count();
    if (Incoming const* in = end.incoming()) own.records_received = in->record_count();
}

}  // namespace

Executor::Outcome Executor::run(StagePlan const& plan,
                                StageSetting const& setting,
                                StageEnd& end,
                                TaskRange range) {
    double const start = now_seconds();
    std::vector<std::uint64_t> const tasks = own_tasks(plan, range);
    Vote own;
    own.tasks_cut_short = own_tasks(plan, {}).size() - tasks.size();
    std::string route;
    std::optional<Failure> failure;
    StagePulse const stage_pulse(plan);
    is_in_task_ = true;
    failed_runs_.push_back(++run_);  // until it has succeeded
    Pipeline pipeline(setting);
    {
        try {
            end.attach(pipeline);
        } catch (...) {
            failure = task_failure(plan, tasks.empty() ? 0 : tasks.front(), {});
        }
        Exchange exchange(gear_, end);
        if (!failure) failure = run_tasks(plan, end, tasks, exchange, pipeline, own);
        own.task_seconds.add(now_seconds() - start);
        bool const is_complete = exchange.finish(failure.has_value());
        if (exchange.failure() && !failure) {
            try {
                std::rethrow_exception(exchange.failure());
            } catch (CommError const&) {
                throw;
            } catch (...) {
                failure = merge_failure(plan, end.merging_partition());
            }
        }
        own.abandoned = !is_complete;
        count_exchange(exchange, end, own);
        route = exchange.counters().route_name;
        own.spilled_bytes = end.spilled_bytes() + pipeline.spilled_bytes();
    }
    is_in_task_ = false;
    if (failure) {
        own.failed_partition = failure->partition;
        own.failed_rank = static_cast<std::uint64_t>(gear_.comm.rank());
    }
    own.records.add(static_cast<double>(own.records_in + own.records_received));
    own.seconds.add(now_seconds() - start);
    Vote const all = take_vote(gear_.comm, own);
    throw_if_failed(plan, all, failure);
    failed_runs_.pop_back();
    end.commit();
    if (all.tasks_cut_short == 0) pipeline.commit();
    return {own, all, route};
}

bool Executor::has_failed(std::uint64_t run) const {
    return std::find(failed_runs_.begin(), failed_runs_.end(), run) != failed_runs_.end();
}

std::optional<Executor::Failure> Executor::run_tasks(StagePlan const& plan,
                                                     StageEnd& end,
                                                     std::vector<std::uint64_t> const& tasks,
                                                     Exchange& exchange,
                                                     Pipeline& pipeline,
                                                     Vote& own) {
    StagePoller poller(exchange, progress_);
    progress_.start(plan, tasks.size());
    was_abandoned_ = false;
    std::optional<Failure> failure;
    for (std::uint64_t const p : tasks) {
        if (failure || was_abandoned_) break;
        TaskContext task({p, plan.task_count()}, poller);
        running_task_ = {run_, p};
        pulse().partition = p;
        try {
            end.begin_task(task);
            pipeline.run(task);
            end.end_task(task);
        } catch (StageAbandoned const&) {
            was_abandoned_ = true;
        } catch (CommError const&) {
            throw;
        } catch (...) {
            failure = task_failure(plan, p, task.position);
        }
        running_task_.reset();
        pulse().partition = Pulse::no_partition;
        own.tasks_cut_short += task.enough;
        own.records_in += task.records_in;
        own.records_out += task.records_out;
        own.bytes_in += task.bytes_in;
        own.bytes_out += task.bytes_out;
        own.bad_lines += task.bad_lines;
        progress_.task_done();
    }
    if (!failure && !was_abandoned_) try {
            end.end_tasks();
        } catch (...) {
            failure = task_failure(plan, tasks.empty() ? 0 : tasks.back(), {});
        }
    progress_.end();
    return failure;
}

/// In ascending order.
std::vector<std::uint64_t> Executor::own_tasks(StagePlan const& plan, TaskRange range) const {
    std::vector<std::uint64_t> tasks;
    for (PartitionRange const& own :
         plan.tasks.ranges_of(static_cast<std::uint64_t>(gear_.comm.rank()),
                              static_cast<std::uint64_t>(gear_.comm.rank_count())))
        for (std::uint64_t p = std::max(own.begin, range.begin); p < std::min(own.end, range.end);
             ++p)
            tasks.push_back(p);
    return tasks;
}

/// Of the exception being handled, as those below.
Executor::Failure Executor::task_failure(StagePlan const& plan,
                                         std::uint64_t partition,
                                         InputPosition const& position) {
    std::string text =
        text_of_failure(plan, fmt::format("partition {} of {}", partition, plan.task_count()));
    if (position.path)
        text += fmt::format(" (reading {}, bytes {} to {})", *position.path, position.begin,
                            position.end);
    return {partition, code_of_current_exception(), std::move(text)};
}

Executor::Failure Executor::merge_failure(StagePlan const& plan, std::uint64_t partition) {
    return {partition, code_of_current_exception(),
            text_of_failure(plan, fmt::format("merging partition {} of the result", partition))};
}

std::string Executor::text_of_failure(StagePlan const& plan, std::string const& partition) {
    std::string where;
    try {
        throw;
    } catch (TaskFailure const& failure) {
        where = fmt::format(", in {}, record {}", failure.step()->label(), failure.record());
    } catch (...) {
    }
    return fmt::format("stage {} ({}) failed on rank {} ({}), {}{}: {}", plan.number, plan.name,
                       gear_.comm.rank(), comm::local_node_name(), partition, where,
                       describe_current_exception());
}

void Executor::throw_if_failed(StagePlan const& plan,
                               Vote const& all,
                               std::optional<Failure> const& failure) {
    if (all.failed_partition != Vote::nobody) {
        int const code = failure ? static_cast<int>(failure->code) : 0;
        std::string const own = fmt::format("{} {}", code, failure ? failure->text : "");
        std::string const told = gear_.comm.broadcast(own, static_cast<int>(all.failed_rank));
        std::size_t const space = told.find(' ');
        throw StageError(static_cast<ExitCode>(std::stoi(told.substr(0, space))),
                         told.substr(space + 1));
    }
    if (all.records_sent == all.records_received && all.bytes_sent == all.bytes_received) return;
    throw StageError(
        ExitCode::communication,
        fmt::format(
            "stage {} ({}): {} records in {} bytes were sent, {} in {} bytes received, expected "
            "the "
            "same; the result would be wrong and is thrown away: run the job again, and report it",
            plan.number, plan.name, all.records_sent, all.bytes_sent, all.records_received,
            all.bytes_received));
}

}  // namespace serry
