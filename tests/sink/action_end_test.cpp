#include "serry/sink/action_end.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/stage_on_ranks.hpp"
#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Notes the ordinal of the first record of every batch.
struct Ordinals final : ActionEnd<int> {
    using ActionEnd<int>::ActionEnd;
    void use(std::span<int const>) override { ordinals.push_back(record_); }
    std::vector<std::uint64_t> ordinals;
};

TaskContext run_task(StageEnd& end,
                     Pipeline& pipeline,
                     std::uint64_t partition,
                     TestPoller& poller) {
    TaskContext task({partition, 3}, poller);
    end.begin_task(task);
    pipeline.run(task);
    end.end_task(task);
    return task;
}

}  // namespace

TEST_CASE("an action's end counts what reaches it, partition by partition") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(1300), {}, numbers_up_to(7)});
    auto const even = numbers.filter([](int number) { return number % 2 == 0; });
    CountEnd<int> end(*even.last);
    Pipeline pipeline;
    end.attach(pipeline);
    TestPoller poller;
    CHECK(run_task(end, pipeline, 0, poller).records_out == 650);
    CHECK(run_task(end, pipeline, 1, poller).records_out == 0);
    TaskContext const last = run_task(end, pipeline, 2, poller);
    CHECK(last.records_out == 4);
    CHECK(last.records_in == 7);
}

TEST_CASE("records are numbered from the beginning of their partition") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(1300), numbers_up_to(600), {}});
    Ordinals end(*numbers.last);
    Pipeline pipeline;
    end.attach(pipeline);
    TestPoller poller;
    for (std::uint64_t p = 0; p < 3; ++p) run_task(end, pipeline, p, poller);
    CHECK(end.ordinals == std::vector<std::uint64_t>{0, 512, 1024, 0, 512});
}

TEST_CASE("foreach calls the function for every record, in order") {
    Lineage lineage;
    Transformation const action(lineage, action_named("foreach"));
    auto const numbers = given<int>(lineage, {numbers_up_to(1300), {}, numbers_up_to(7)});
    std::vector<int> seen;
    auto const see = [&seen](int number) { seen.push_back(number); };
    ForeachEnd<int, decltype(see)> end(*numbers.last, action, see);
    run_rank(end, 0, 1, 3);
    std::vector<int> expected = numbers_up_to(1300);
    for (int number : numbers_up_to(7)) expected.push_back(number);
    CHECK(seen == expected);
}

TEST_CASE("what a foreach's function throws is located at the action and the record") {
    Lineage lineage;
    Transformation const action(lineage, action_named("foreach"));
    auto const numbers = given<int>(lineage, {numbers_up_to(9), numbers_up_to(1300)});
    for (int at : {0, 511, 512, 1299}) {
        int calls = 0;
        auto const call = [at, &calls](int number) {
            if (++calls > 9 && number == at) throw std::runtime_error("enough");
        };
        ForeachEnd<int, decltype(call)> end(*numbers.last, action, call);
        try {
            run_rank(end, 0, 1, 2);
            FAIL("nothing thrown");
        } catch (TaskFailure const& failure) {
            CHECK(failure.what() == std::string("std::runtime_error: enough"));
            CHECK(failure.step()->label() == "foreach (job.cpp:8)");
            CHECK(failure.record() == static_cast<std::uint64_t>(at));
        }
    }
}

TEST_CASE("one record is enough to know that there are some") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {{}, numbers_up_to(2000), {}});
    AnyEnd<int> end(*numbers.last);
    Pipeline pipeline;
    end.attach(pipeline);
    TestPoller poller;
    CHECK(run_task(end, pipeline, 0, poller).records_out == 0);
    CHECK(run_task(end, pipeline, 1, poller).records_in == batch_records);
}

namespace {

/// Notes what a partition's handler is called with.
struct Noting {
    std::vector<std::string>* notes;
    std::uint64_t partition;

    void operator()(std::span<int const> batch) const {
        for (int const number : batch) {
            if (number == 1000) throw std::out_of_range("too far");
            notes->back() += ' ' + std::to_string(number);
        }
    }
    void finish() const { notes->back() += " end"; }
};

}  // namespace

TEST_CASE("foreach_partition makes a handler for every partition, empty ones too") {
    Lineage lineage;
    Transformation const action(lineage, action_named("foreach_partition"));
    std::vector<std::string> notes;
    auto const noting = [&notes](Partition partition) {
        if (partition.index == 3) throw std::runtime_error("no handler");
        notes.push_back(std::to_string(partition.index) + " of " + std::to_string(partition.count));
        return Noting{&notes, partition.index};
    };
    auto const numbers = given<int>(lineage, {{1, 2}, {}, {3}, {}, numbers_up_to(1200)});
    ForeachPartitionEnd<int, decltype(noting)> end(*numbers.last, action, noting);
    Pipeline pipeline;
    end.attach(pipeline);
    TestPoller poller;
    for (std::uint64_t p = 0; p < 3; ++p) run_task(end, pipeline, p, poller);
    CHECK(notes == std::vector<std::string>{"0 of 3 1 2 end", "1 of 3 end", "2 of 3 3 end"});
    CHECK_THROWS_WITH_AS(run_task(end, pipeline, 3, poller), "std::runtime_error: no handler",
                         TaskFailure);
    try {
        run_task(end, pipeline, 4, poller);
        CHECK(false);
    } catch (TaskFailure const& failure) {
        CHECK(std::string(failure.what()) == "std::out_of_range: too far");
        CHECK(failure.record() == 512);
        CHECK(failure.step() == &action);
    }
}
