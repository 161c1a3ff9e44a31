#include "serry/plan/lineage.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "plan/steps.hpp"

using namespace serry;
using namespace serry::test;

namespace {

Transformation::Recorded recorded() {
    return {
        .name = "map", .at = {"/src/job.cpp", 3}, .dependency = Dependency::narrow, .parents = {}};
}

std::uint64_t fingerprint_of(Transformation::Recorded const& what) {
    Lineage lineage;
    return Transformation(lineage, what).fingerprint();
}

/// Counts itself while it lives.
class Counted : public Transformation {
public:
    Counted(Lineage& lineage, int& count, std::vector<Step> parents)
        : Transformation(
            lineage,
            {.name = "counted", .at = {}, .dependency = {}, .parents = std::move(parents)}),
          count_(count) {
        ++count_;
    }
    ~Counted() override { --count_; }

private:
    int& count_;
};

/// Notes the order in which steps go.
class Noted : public Transformation {
public:
    Noted(Lineage& lineage,
          std::string name,
          std::vector<std::string>& gone,
          std::vector<Step> parents)
        : Transformation(
            lineage,
            {.name = std::move(name), .at = {}, .dependency = {}, .parents = std::move(parents)}),
          gone_(gone) {}
    ~Noted() override { gone_.push_back(name()); }

private:
    std::vector<std::string>& gone_;
};

constexpr std::size_t long_chain = 200000;

}  // namespace

TEST_CASE("steps are numbered in the order in which they are recorded") {
    Lineage lineage;
    CHECK(Transformation(lineage, recorded()).id() == 0);
    CHECK(Transformation(lineage, recorded()).id() == 1);
    CHECK(Transformation(lineage, recorded()).id() == 2);
    CHECK(lineage.next_id == 3);
    Lineage other;
    CHECK(Transformation(other, recorded()).id() == 0);
}

TEST_CASE("a step tells what was recorded") {
    Lineage lineage;
    auto const source = std::make_shared<SourceStep>(lineage, "read_text", 3, 12);
    CHECK(source->dependency() == Dependency::none);
    CHECK(source->asked_partition_count() == 12);
    CHECK(source->parents().empty());
    auto const step = narrow_step(lineage, "map", 42, source);
    CHECK(step->name() == "map");
    CHECK(step->label() == "map (job.cpp:42)");
    CHECK(step->at().line == 42);
    CHECK(step->dependency() == Dependency::narrow);
    CHECK(step->parents() == std::vector<Step>{source});
    CHECK(step->asked_partition_count() == 0);
    CHECK_FALSE(step->is_available());
}

TEST_CASE("the plan's decisions are kept by the step") {
    Lineage lineage;
    SourceStep source(lineage, "read_text", 3);
    CHECK(source.partition_count() == 0);
    source.set_splits(source.list_splits({}));
    CHECK(source.partition_count() == 3);
    CHECK(source.splits().splits.size() == 3);
    CHECK(source.splits().files.size() == 1);
    Transformation step(lineage, recorded());
    CHECK(step.partition_count() == 0);
    step.set_partition_count(7);
    CHECK(step.partition_count() == 7);
}

TEST_CASE("only sources have splits") {
    Lineage lineage;
    Transformation const step(lineage, recorded());
    CHECK_THROWS_WITH_AS(step.list_splits({}), "map (job.cpp:3) is no source and has no splits",
                         std::logic_error);
}

TEST_CASE("the same program has the same fingerprint, wherever it was built") {
    auto elsewhere = recorded();
    elsewhere.at.file = "/home/ada/job.cpp";
    CHECK(fingerprint_of(recorded()) == fingerprint_of(recorded()));
    CHECK(fingerprint_of(recorded()) == fingerprint_of(elsewhere));
}

TEST_CASE("the fingerprint tells names, places, arguments and counts apart") {
    auto const differs = [](std::function<void(Transformation::Recorded&)> const& change) {
        auto changed = recorded();
        change(changed);
        return fingerprint_of(changed) != fingerprint_of(recorded());
    };
    CHECK(differs([](auto& step) { step.name = "filter"; }));
    CHECK(differs([](auto& step) { step.name = ""; }));
    CHECK(differs([](auto& step) { step.at.line = 4; }));
    CHECK(differs([](auto& step) { step.at.file = "/src/other.cpp"; }));
    CHECK(differs([](auto& step) { step.argument_fingerprint = 1; }));
    CHECK(differs([](auto& step) { step.partition_count = 1; }));
}

TEST_CASE("the fingerprint covers the steps before, and which is whose parent") {
    auto const of_chain = [](char const* first, char const* second) {
        Lineage lineage;
        auto const source = std::make_shared<SourceStep>(lineage, "iota", 1);
        return narrow_step(lineage, second, 3, narrow_step(lineage, first, 2, source))
            ->fingerprint();
    };
    CHECK(of_chain("map", "filter") == of_chain("map", "filter"));
    CHECK(of_chain("map", "filter") != of_chain("filter", "filter"));
    CHECK(of_chain("map", "filter") != of_chain("filter", "map"));

    Lineage lineage;
    auto const a = std::make_shared<SourceStep>(lineage, "a", 1);
    auto const b = std::make_shared<SourceStep>(lineage, "b", 1);
    Lineage left_right, right_left, left;
    CHECK(WideTestStep(left_right, "join", 5, {a, b}).fingerprint()
          != WideTestStep(right_left, "join", 5, {b, a}).fingerprint());
    CHECK(WideTestStep(left, "join", 5, {a}).fingerprint()
          != WideTestStep(left_right, "join", 5, {a, b}).fingerprint());
}

TEST_CASE("a lineage's fingerprint follows from all steps in their order") {
    auto const of_steps = [](std::vector<std::string> const& names) {
        Lineage lineage;
        for (std::string const& name : names) SourceStep(lineage, name, 1);
        return lineage.fingerprint;
    };
    CHECK(of_steps({"a", "b"}) == of_steps({"a", "b"}));
    CHECK(of_steps({"a", "b"}) != of_steps({"b", "a"}));
    CHECK(of_steps({"a", "b"}) != of_steps({"a"}));
    CHECK(of_steps({}) == 0);
}

TEST_CASE("a step keeps the steps before it, and nobody else does") {
    Lineage lineage;
    int count = 0;
    Step step = std::make_shared<Counted>(lineage, count, std::vector<Step>{});
    for (int i = 0; i < 10; ++i)
        step = std::make_shared<Counted>(lineage, count, std::vector<Step>{step});
    CHECK(count == 11);
    Step const in_the_middle = step->parents()[0]->parents()[0];
    step.reset();
    CHECK(count == 9);
    CHECK(in_the_middle->parents().size() == 1);
}

TEST_CASE("a step goes before the steps that it was made from") {
    Lineage lineage;
    std::vector<std::string> gone;
    auto const noted = [&](char const* name, std::vector<Step> parents) -> Step {
        return std::make_shared<Noted>(lineage, name, gone, std::move(parents));
    };
    Step last;
    {
        Step const a = noted("a", {});
        last = noted("e", {noted("d", {noted("b", {a}), noted("c", {a}), a})});
    }
    CHECK(gone.empty());
    last.reset();
    REQUIRE(gone.size() == 5);
    CHECK(gone[0] == "e");
    CHECK(gone[1] == "d");
    CHECK(gone[4] == "a");
}

TEST_CASE("a chain of 200,000 steps goes without the stack growing with it") {
    Lineage lineage;
    int count = 0;
    Step step = std::make_shared<Counted>(lineage, count, std::vector<Step>{});
    for (std::size_t i = 0; i < long_chain; ++i)
        step = std::make_shared<Counted>(lineage, count, std::vector<Step>{step});
    CHECK(count == static_cast<int>(long_chain) + 1);
    step.reset();
    CHECK(count == 0);
}

TEST_CASE("a ladder of 100,000 diamonds goes as well") {
    Lineage lineage;
    int count = 0;
    Step step = std::make_shared<Counted>(lineage, count, std::vector<Step>{});
    for (std::size_t i = 0; i < long_chain / 2; ++i) {
        Step const other = std::make_shared<Counted>(lineage, count, std::vector<Step>{step});
        step = std::make_shared<Counted>(lineage, count, std::vector<Step>{step, other, step});
    }
    step.reset();
    CHECK(count == 0);
}

TEST_CASE("a step that forgets its parents lets go of a long chain in the same way") {
    Lineage lineage;
    int count = 0;
    Step step = std::make_shared<Counted>(lineage, count, std::vector<Step>{});
    for (std::size_t i = 0; i < long_chain; ++i)
        step = std::make_shared<Counted>(lineage, count, std::vector<Step>{step});
    WideTestStep wide(lineage, "reduce_by_key", 9, {step});
    step.reset();
    CHECK(count == static_cast<int>(long_chain) + 1);
    wide.forget_parent(0);
    CHECK(count == 0);
    CHECK(wide.parents() == std::vector<Step>{nullptr});
}
