#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "plan/steps.hpp"
#include "serry/base/options.hpp"
#include "serry/plan/explain.hpp"
#include "serry/plan/plan.hpp"
#include "serry/plan/visit.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// "1: read_text > map > count, 5 tasks" for every stage; wide ones end in " ->".
std::vector<std::string> stages_of(Plan const& plan) {
    std::vector<std::string> stages;
    for (StagePlan const& stage : plan.stages)
        stages.push_back(std::to_string(stage.number) + ": " + stage.name + ", "
                         + std::to_string(stage.task_count()) + " tasks"
                         + (stage.ends_in_exchange ? " ->" : ""));
    return stages;
}

std::vector<std::string> planned(Step const& target, std::uint64_t default_partitions = 0) {
    return stages_of(make_plan(*target, "count", default_partitions, 1));
}

using Stages = std::vector<std::string>;

constexpr std::size_t long_chain = 200000;

}  // namespace

TEST_CASE("a source alone is one stage") {
    Lineage lineage;
    Source const source = source_step(lineage, "iota", 3);
    Plan const plan = make_plan(*source, "collect", 0, 1);
    CHECK(stages_of(plan) == Stages{"1: iota > collect, 3 tasks"});
    CHECK(plan.stages[0].transformation == source->id());
    REQUIRE(plan.decisions.size() == 1);
    CHECK(plan.decisions[0].transformation == source->id());
    CHECK(plan.decisions[0].partition_count == 3);
    CHECK(plan.decisions[0].splits.splits == source->list_splits({}).splits);
}

TEST_CASE("narrow steps belong to the stage of the step before them") {
    Lineage lineage;
    Step const target = narrow_step(
        lineage, "filter", 3, narrow_step(lineage, "map", 2, source_step(lineage, "iota", 4)));
    CHECK(planned(target) == Stages{"1: iota > map > filter > count, 4 tasks"});
}

TEST_CASE("every wide step ends a stage, and the action has the last") {
    Lineage lineage;
    Step const mapped = narrow_step(lineage, "map", 2, source_step(lineage, "read_text", 5));
    Wide const first = wide_step(lineage, "reduce_by_key", 3, {mapped}, 7);
    Wide const second =
        wide_step(lineage, "sort_by", 5, {narrow_step(lineage, "key_by", 4, first)}, 2);
    Plan const plan = make_plan(*second, "count", 0, 10);
    CHECK(stages_of(plan)
          == Stages{"10: read_text > map > reduce_by_key, 5 tasks ->",
                    "11: reduce_by_key > key_by > sort_by, 7 tasks ->",
                    "12: sort_by > count, 2 tasks"});
    CHECK(plan.stages[0].transformation == first->id());
    CHECK(plan.stages[1].transformation == second->id());
    CHECK(plan.stages[2].transformation == second->id());
}

TEST_CASE("a step that two others need is planned once") {
    Lineage lineage;
    Source const source = source_step(lineage, "read_text", 5);
    Wide const shared = wide_step(lineage, "reduce_by_key", 2, {source}, 3);
    Step const left = narrow_step(lineage, "left", 3, shared);
    Step const right = narrow_step(lineage, "right", 4, shared);
    Wide const joined = wide_step(lineage, "join", 5, {left, right});
    CHECK(planned(joined)
          == Stages{"1: read_text > reduce_by_key, 5 tasks ->",
                    "2: reduce_by_key > left > join, 3 tasks ->",
                    "3: reduce_by_key > right > join, 3 tasks ->", "4: join > count, 3 tasks"});
    CHECK(source->requests.size() == 1);
}

TEST_CASE("a source below two branches is listed once") {
    Lineage lineage;
    Source const source = source_step(lineage, "read_text", 5);
    Wide const left = wide_step(lineage, "left", 2, {source});
    Wide const right = wide_step(lineage, "right", 3, {narrow_step(lineage, "map", 3, source)});
    Wide const joined = wide_step(lineage, "join", 4, {left, right, left});
    Plan const plan = make_plan(*joined, "count", 0, 1);
    CHECK(stages_of(plan)
          == Stages{"1: read_text > left, 5 tasks ->", "2: read_text > map > right, 5 tasks ->",
                    "3: left > join, 5 tasks ->", "4: right > join, 5 tasks ->",
                    "5: left > join, 5 tasks ->", "6: join > count, 5 tasks"});
    CHECK(source->requests.size() == 1);
    CHECK(plan.decisions.size() == 4);
}

TEST_CASE("what is held is not made again, nor what only it needed") {
    Lineage lineage;
    Source const source = source_step(lineage, "read_text", 5);
    Wide const first = wide_step(lineage, "reduce_by_key", 2, {source}, 3);
    Wide const second = wide_step(lineage, "sort_by", 3, {first}, 4);
    Step const target = narrow_step(lineage, "map", 4, second);
    apply_decisions(make_plan(*target, "count", 0, 1), *target);
    source->requests.clear();

    first->is_held = true;
    CHECK(planned(target)
          == Stages{"1: reduce_by_key > sort_by, 3 tasks ->", "2: sort_by > map > count, 4 tasks"});
    second->is_held = true;
    CHECK(planned(target) == Stages{"1: sort_by > map > count, 4 tasks"});
    CHECK(planned(second) == Stages{"1: sort_by > count, 4 tasks"});
    CHECK(make_plan(*target, "count", 0, 1).decisions.empty());
    CHECK(source->requests.empty());
    // Lost again, it is made again, in the partitions it had.
    second->is_held = false;
    first->is_held = false;
    CHECK(planned(target, 99)
          == Stages{"1: read_text > reduce_by_key, 5 tasks ->",
                    "2: reduce_by_key > sort_by, 3 tasks ->", "3: sort_by > map > count, 4 tasks"});
}

TEST_CASE("partitions: what the step asks for, else the default, else as many as before") {
    auto const counts = [](std::uint64_t source_asks, std::uint64_t wide_asks,
                           std::uint64_t otherwise) {
        Lineage lineage;
        Source const source = source_step(lineage, "read_text", 5, source_asks);
        Wide const wide =
            wide_step(lineage, "sort_by", 2, {narrow_step(lineage, "map", 2, source)}, wide_asks);
        Plan const plan = make_plan(*wide, "count", otherwise, 1);
        CHECK(source->requests
              == std::vector<std::uint64_t>{source_asks ? source_asks : otherwise});
        return std::pair(plan.stages[0].task_count(), plan.stages[1].task_count());
    };
    CHECK(counts(0, 0, 0) == std::pair(5UL, 5UL));
    CHECK(counts(3, 0, 0) == std::pair(3UL, 3UL));
    CHECK(counts(0, 4, 0) == std::pair(5UL, 4UL));
    CHECK(counts(3, 4, 0) == std::pair(3UL, 4UL));
    CHECK(counts(0, 0, 8) == std::pair(8UL, 8UL));
    CHECK(counts(3, 0, 8) == std::pair(3UL, 8UL));
    CHECK(counts(0, 4, 8) == std::pair(8UL, 4UL));
    CHECK(counts(3, 4, 8) == std::pair(3UL, 4UL));
}

TEST_CASE("more partitions than make sense are refused, at a source and at a wide step") {
    Lineage lineage;
    Source const source = source_step(lineage, "read_text", 5, most_partitions + 1);
    Wide const many =
        wide_step(lineage, "sort_by", 2, {source_step(lineage, "iota", 5)}, most_partitions + 1);
    for (Step const& step : std::vector<Step>{source, many})
        CHECK_THROWS_WITH_AS(
            make_plan(*step, "count", 0, 1),
            (step->label()
             + ": 16777217 partitions were asked for, expected at most 16,777,216; ask for "
               "fewer, or leave their number to serry")
                .c_str(),
            UsageError);
    CHECK(source->requests.empty());
    Wide const most =
        wide_step(lineage, "sort_by", 3, {source_step(lineage, "iota", 5)}, most_partitions);
    CHECK(make_plan(*most, "count", 0, 1).stages[1].task_count() == most_partitions);
}

TEST_CASE("a source that has its splits is not listed again, whatever the default is now") {
    Lineage lineage;
    Source const source = source_step(lineage, "read_text", 5);
    apply_decisions(make_plan(*source, "count", 0, 1), *source);
    CHECK(planned(source, 8) == Stages{"1: read_text > count, 5 tasks"});
    CHECK(source->requests.size() == 1);
}

TEST_CASE("an error of a source reaches who plans") {
    struct Missing final : SourceStep {
        using SourceStep::SourceStep;
        SplitList list_splits(SplitRequest const&) const override {
            throw InputError("a.txt: no such file");
        }
    };
    Lineage lineage;
    Missing source(lineage, "read_text", 1);
    CHECK_THROWS_WITH_AS(make_plan(source, "count", 0, 1), "a.txt: no such file", InputError);
}

TEST_CASE("up to eight steps are named, of more the first four and the last four") {
    auto const name_of = [](std::size_t narrow_count) {
        Lineage lineage;
        Step step = source_step(lineage, "iota", 1);
        for (std::size_t i = 1; i <= narrow_count; ++i)
            step = narrow_step(lineage, "s" + std::to_string(i), 1, step);
        return make_plan(*step, "count", 0, 1).stages[0].name;
    };
    CHECK(name_of(0) == "iota > count");
    CHECK(name_of(6) == "iota > s1 > s2 > s3 > s4 > s5 > s6 > count");
    CHECK(name_of(7) == "iota > s1 > s2 > s3 > s4 > s5 > s6 > s7 > count");
    CHECK(name_of(8) == "iota > s1 > s2 > s3 > ... 1 more > s5 > s6 > s7 > s8 > count");
    CHECK(name_of(9) == "iota > s1 > s2 > s3 > ... 2 more > s6 > s7 > s8 > s9 > count");
    CHECK(name_of(100) == "iota > s1 > s2 > s3 > ... 93 more > s97 > s98 > s99 > s100 > count");
}

TEST_CASE("a chain of 200,000 steps is planned, decided and let go of quickly") {
    auto const start = std::chrono::steady_clock::now();
    Lineage lineage;
    Source const source = source_step(lineage, "iota", 5);
    Step target = source;
    for (std::size_t i = 0; i < long_chain; i += most_narrow_steps)
        target =
            wide_step(lineage, "sort_by", 7, {narrow_chain(lineage, target, most_narrow_steps)});
    target = narrow_chain(lineage, target, most_narrow_steps);
    Plan const plan = make_plan(*target, "count", 0, 1);
    CHECK(plan.stages.size() == 50);
    std::string const chain = " > map > map > map > ... 4089 more > map > map > map > map > ";
    CHECK(stages_of(plan).front() == "1: iota" + chain + "sort_by, 5 tasks ->");
    CHECK(stages_of(plan).back() == "50: sort_by" + chain + "count, 5 tasks");
    apply_decisions(plan, *target);
    CHECK(target->partition_count() == 5);
    CHECK(&find_transformation(*target, source->id()) == source.get());
    target.reset();
    // Orders of magnitude above what it takes, and below what a quadratic way would.
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("a stage of more narrow steps than its operators have stack for is refused") {
    Lineage lineage;
    Step const source = source_step(lineage, "iota", 5);
    auto const error_of = [](Step const& target) {
        try {
            make_plan(*target, "count", 0, 1);
        } catch (UsageError const& error) {
            return std::string(error.what());
        }
        return std::string("nothing thrown");
    };
    auto const text = [](std::string const& count, std::string const& last) {
        return count + " narrow steps in a row, from map (job.cpp:2) to map (job.cpp:" + last
               + "), are too many for a stage; expected at most 4,096: do the work of several in one "
                 "function, or cut the chain by a reduce_by_key, or by collect() and parallelize()";
    };
    CHECK(error_of(narrow_chain(lineage, source, 4096)) == "nothing thrown");
    Step const too_long = narrow_chain(lineage, source, 4097);
    CHECK(error_of(too_long) == text("4,097", "4098"));
    CHECK(error_of(wide_step(lineage, "sort_by", 7, {too_long})) == text("4,097", "4098"));
    CHECK(error_of(narrow_chain(lineage, source, 200'000)) == text("200,000", "200001"));
}

TEST_CASE("a chain of 1,000 exchanges is planned quickly") {
    auto const start = std::chrono::steady_clock::now();
    Lineage lineage;
    Step step = source_step(lineage, "iota", 5);
    for (std::uint32_t i = 0; i < 1000; ++i) step = wide_step(lineage, "sort_by", i, {step});
    CHECK(make_plan(*step, "count", 0, 1).stages.size() == 1001);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("an input that is partitioned as the result is to be needs no exchange") {
    Lineage lineage;
    Wide const left = wide_step(lineage, "reduce_by_key", 2, {source_step(lineage, "iota", 6)}, 4);
    Source const right = source_step(lineage, "iota", 9);
    Wide const both = wide_step(lineage, "join", 3, {left, right});
    left->is_by_hash = both->is_by_hash = true;
    Plan const plan = make_plan(*both, "count", 0, 1);
    CHECK(stages_of(plan)
          == Stages{"1: iota > reduce_by_key, 6 tasks ->", "2: iota > join, 9 tasks ->",
                    "3: join (no exchange of input 1) > count, 4 tasks"});
    CHECK(plan.stages[1].input == 1);
    apply_decisions(plan, *both);
    CHECK(both->is_in_place(0));
    CHECK_FALSE(both->is_in_place(1));
}

TEST_CASE("an input of another number of partitions than was asked for is exchanged") {
    Lineage lineage;
    Wide const first = wide_step(lineage, "reduce_by_key", 2, {source_step(lineage, "iota", 6)}, 4);
    Wide const second = wide_step(lineage, "reduce_by_key", 3, {first}, 5);
    Wide const third = wide_step(lineage, "reduce_by_key", 4, {second}, 5);
    first->is_by_hash = second->is_by_hash = third->is_by_hash = true;
    CHECK(planned(third)
          == Stages{"1: iota > reduce_by_key, 6 tasks ->",
                    "2: reduce_by_key > reduce_by_key, 4 tasks ->",
                    "3: reduce_by_key > reduce_by_key (no exchange) > count, 5 tasks"});
}

TEST_CASE("a step of several inputs has a stage for each, and as many partitions as the largest") {
    Lineage lineage;
    Wide const both = wide_step(lineage, "cogroup", 3,
                                {source_step(lineage, "iota", 3), source_step(lineage, "iota", 8)});
    CHECK(planned(both)
          == Stages{"1: iota > cogroup, 3 tasks ->", "2: iota > cogroup, 8 tasks ->",
                    "3: cogroup > count, 8 tasks"});
}

TEST_CASE("a union has the partitions of its parts, dealt part by part") {
    Lineage lineage;
    Step const both = std::make_shared<Transformation>(
        lineage, Transformation::Recorded{.name = "union_with",
                                          .at = {"/src/job.cpp", 3},
                                          .dependency = Dependency::narrow,
                                          .parents = {source_step(lineage, "iota", 3),
                                                      source_step(lineage, "iota", 4)}});
    Plan const plan = make_plan(*both, "count", 0, 1);
    CHECK(stages_of(plan) == Stages{"1: union_with > count, 7 tasks"});
    CHECK(plan.stages[0].tasks.ranges_of(1, 2) == std::vector<PartitionRange>{{2, 3}, {5, 7}});
    apply_decisions(plan, *both);
    CHECK(both->placement() == plan.stages[0].tasks);
}

namespace {

/// A wide step of two inputs, of which the test says which are held.
struct HalfHeldStep final : WideTestStep {
    using WideTestStep::WideTestStep;
    bool holds_input(std::size_t input) const override { return held.at(input); }
    std::vector<bool> held{false, false};
};

}  // namespace

TEST_CASE("an input that is held and forgotten is nowhere asked for") {
    Lineage lineage;
    Source const left = source_step(lineage, "left", 6);
    Source const right = source_step(lineage, "right", 9);
    auto const both =
        std::make_shared<HalfHeldStep>(lineage, "join", 3,
                                       std::vector<Step>{narrow_step(lineage, "map", 2, left),
                                                         narrow_step(lineage, "filter", 2, right)});
    Step const target = narrow_step(lineage, "map", 4, both);
    apply_decisions(make_plan(*target, "count", 0, 1), *target);
    both->held[0] = true;
    both->forget_parent(0);

    Plan const plan = make_plan(*target, "count", 0, 1);
    CHECK(stages_of(plan)
          == Stages{"1: right > filter > join, 9 tasks ->", "2: join > map > count, 9 tasks"});
    CHECK(plan.decisions.empty());
    CHECK(plan.stages[0].input == 1);
    apply_decisions(plan, *target);
    CHECK(target->partition_count() == 9);
    CHECK(&find_transformation(*target, right->id()) == right.get());
    CHECK_THROWS_AS(find_transformation(*target, left->id()), std::logic_error);
    CHECK(explain(*target, 0)
          == "stage 1\n"
             "  right (job.cpp:1), 9 partitions\n"
             "  filter (job.cpp:2)\n"
             "  join (job.cpp:3), 9 partitions, input 2\n"
             "stage 2\n"
             "  map (job.cpp:4)\n");

    both->held[1] = true;
    both->forget_parent(1);
    CHECK(planned(target) == Stages{"1: join > map > count, 9 tasks"});
    CHECK(explain(*target, 0)
          == "stage 1\n"
             "  join (job.cpp:3), 9 partitions, held in memory: not run again\n"
             "  map (job.cpp:4)\n");
    CHECK(needed_before(*target).size() == 1);
}

TEST_CASE("inputs in place stay so when the other one is held") {
    Lineage lineage;
    Wide const left = wide_step(lineage, "reduce_by_key", 2, {source_step(lineage, "iota", 6)}, 4);
    left->is_by_hash = true;
    auto const both = std::make_shared<HalfHeldStep>(
        lineage, "join", 3, std::vector<Step>{left, source_step(lineage, "iota", 9)});
    both->is_by_hash = true;
    apply_decisions(make_plan(*both, "count", 0, 1), *both);
    left->is_held = both->held[1] = true;
    left->forget_parent(0);
    both->forget_parent(1);
    // Whatever is the default by now.
    CHECK(planned(both, 64) == Stages{"1: join (no exchange of input 1) > count, 4 tasks"});
}
