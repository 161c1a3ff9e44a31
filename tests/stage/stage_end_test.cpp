#include "serry/stage/stage_end.hpp"

#include <memory>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// The least that an end must do.
struct LeastEnd final : StageEnd {
    LeastEnd(TypedTransformation<int>& parent_, Kept<int>& kept_) : parent(parent_), kept(kept_) {}
    void attach(Pipeline& pipeline) override { parent.attach(pipeline, kept); }

    TypedTransformation<int>& parent;
    Kept<int>& kept;
};

}  // namespace

TEST_CASE("an end without an exchange needs to do nothing but be attached") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {{1, 2, 3}});
    Kept<int> kept;
    LeastEnd least(*numbers.last, kept);
    StageEnd& end = least;
    Pipeline pipeline;
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    end.prepare({});
    end.attach(pipeline);
    end.begin_task(task);
    pipeline.run(task);
    end.end_task(task);
    end.end_tasks();
    CHECK(end.outgoing() == nullptr);
    CHECK(end.incoming() == nullptr);
    CHECK(end.merging_partition() == 0);
    CHECK(end.spilled_bytes() == 0);
    end.commit();
    CHECK(kept.records == std::vector<int>{1, 2, 3});
    CHECK(kept.finish_count == 1);
}

TEST_CASE("a setting is that of one rank alone until it is told otherwise") {
    StageSetting const setting;
    CHECK(setting.rank == 0);
    CHECK(setting.rank_count == 1);
    CHECK(setting.task_count() == 0);
    CHECK(setting.memory_bytes == 0);
    CHECK(setting.table_slots == 0);
    CHECK(setting.scratch.empty());
}

TEST_CASE("nothing filled is not the end of a stream") {
    Outgoing::Filled const filled;
    CHECK(filled.byte_count == 0);
    CHECK_FALSE(filled.is_last);
}
