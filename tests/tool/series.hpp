#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "serry/tool/scale_run.hpp"

namespace serry::test {

/// A run that took so long, in one stage.
inline ScaleRun made_run(Shape shape, int round, double seconds, double task_seconds = 0) {
    ScaleRun run;
    run.round = round;
    run.nodes = shape.nodes;
    run.ranks_a_node = shape.ranks_a_node;
    run.job_seconds = seconds;
    run.wall_seconds = seconds + 1;
    run.program = {"word_count", "<text>"};
    run.launched = {"mpirun", "word_count", "<text>"};
    run.started_at = "2026-11-27T20:15:00Z";
    run.cores = 8;
    run.hosts = {"n1"};
    ScaleStage stage;
    stage.number = 1;
    stage.steps = "read_text > reduce_by_key";
    stage.seconds = seconds;
    stage.task_seconds = stage.longest_task_seconds = task_seconds;
    stage.bytes_sent = 1'000'000;
    run.stages.push_back(stage);
    return run;
}

/// Three runs of 1, 2, 4, ... ranks, `shape_count` of them, that differ by a hundredth and take
/// seconds_at(ranks).
template <typename SecondsAt>
std::vector<ScaleRun> made_series(int shape_count, SecondsAt const& seconds_at) {
    std::vector<ScaleRun> runs;
    for (int round = 1; round <= 3; ++round)
        for (int i = 0; i < shape_count; ++i) {
            Shape const shape{1, 1 << i};
            double const seconds = seconds_at(shape.ranks()) * (1 + 0.01 * (round - 2));
            runs.push_back(made_run(shape, round, seconds));
        }
    return runs;
}

}  // namespace serry::test
