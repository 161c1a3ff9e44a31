#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "serry/plan/split.hpp"
#include "serry/stage/stage_end.hpp"
#include "stage/pipelines.hpp"

namespace serry::test {

/// One rank of a stage: runs its partitions into `end`, as the executor does.
inline void run_rank(StageEnd& end, int rank, int rank_count, std::uint64_t task_count) {
    auto const r = static_cast<std::uint64_t>(rank), ranks = static_cast<std::uint64_t>(rank_count);
    end.prepare({.rank = rank,
                 .rank_count = rank_count,
                 .tasks = Placement(task_count),
                 .memory_bytes = 0,
                 .table_slots = 0,
                 .scratch = {}});
    Pipeline pipeline;
    end.attach(pipeline);
    TestPoller poller;
    for (std::uint64_t p = first_partition_of(r, ranks, task_count);
         p < first_partition_of(r + 1, ranks, task_count); ++p) {
        TaskContext task({p, task_count}, poller);
        end.begin_task(task);
        pipeline.run(task);
        end.end_task(task);
    }
    end.end_tasks();
}

/// How an action is recorded: "reduce (job.cpp:8)" in messages.
inline Transformation::Recorded action_named(char const* name) {
    return {
        .name = name, .at = {"/src/job.cpp", 8}, .dependency = Dependency::narrow, .parents = {}};
}

}  // namespace serry::test
