#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "serry/exec/progress.hpp"
#include "serry/exec/vote.hpp"
#include "serry/plan/plan.hpp"
#include "serry/shuffle/exchange.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry {

/// Which partitions of a stage to run: all, but for take(), which looks at a few first.
struct TaskRange {
    std::uint64_t begin = 0;
    std::uint64_t end = std::numeric_limits<std::uint64_t>::max();
};

/// A partition that is being worked on, and in which of the stages that were run, from 1.
struct RunningTask {
    std::uint64_t run = 0;
    std::uint64_t partition = 0;
};

/// Runs a stage's tasks on this rank, takes part in its exchange, and votes.
class Executor {
public:
    Executor(ExchangeGear& gear, Progress& progress) : gear_(gear), progress_(progress) {}

    /// This rank's and everyone's vote on a stage.
    struct Outcome {
        Vote own;
        Vote all;
        std::string route;  ///< of the last exchange; empty without one
    };

    /// Collective. Throws the same StageError on every rank when a task failed anywhere, or when
    /// not everything that was sent was received. `end` is committed if the stage succeeded.
    Outcome run(StagePlan const& plan, StageSetting const& setting, StageEnd& end, TaskRange range);

    /// Whether a function of the user's may be running while other ranks wait for this one: what
    /// exit() means then differs.
    bool is_in_task() const { return is_in_task_; }

    /// The task of this rank, if one is running.
    std::optional<RunningTask> const& running_task() const { return running_task_; }
    /// Whether that run of a stage failed: what its tasks did does not count.
    bool has_failed(std::uint64_t run) const;

private:
    struct Failure {
        std::uint64_t partition = 0;
        ExitCode code = ExitCode::user_function;
        std::string text;
    };

    std::optional<Failure> run_tasks(StagePlan const& plan,
                                     StageEnd& end,
                                     std::vector<std::uint64_t> const& tasks,
                                     Exchange& exchange,
                                     Pipeline& pipeline,
                                     Vote& own);
    std::vector<std::uint64_t> own_tasks(StagePlan const& plan, TaskRange range) const;
    Failure task_failure(StagePlan const& plan,
                         std::uint64_t partition,
                         InputPosition const& position);
    Failure merge_failure(StagePlan const& plan, std::uint64_t partition);
    std::string text_of_failure(StagePlan const& plan, std::string const& partition);
    void throw_if_failed(StagePlan const& plan,
                         Vote const& all,
                         std::optional<Failure> const& failure);

    ExchangeGear& gear_;
    Progress& progress_;
    bool is_in_task_ = false;
    std::optional<RunningTask> running_task_;
    std::uint64_t run_ = 0;
    std::vector<std::uint64_t> failed_runs_;
    bool was_abandoned_ = false;
};

}  // namespace serry
