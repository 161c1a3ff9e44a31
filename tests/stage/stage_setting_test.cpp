#include "serry/stage/stage_setting.hpp"

#include <vector>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("a stage's tasks are its placement's partitions, and a rank's those that are its own") {
    Placement tasks(4);
    tasks.append(Placement(2));
    StageSetting const setting{.rank = 1, .rank_count = 2, .tasks = tasks};
    CHECK(setting.task_count() == 6);
    CHECK(setting.own_tasks() == std::vector<PartitionRange>{{2, 4}, {5, 6}});
    CHECK(StageSetting{}.task_count() == 0);
    CHECK(StageSetting{}.own_tasks().empty());
}
