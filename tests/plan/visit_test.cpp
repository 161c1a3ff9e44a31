#include "serry/plan/visit.hpp"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "plan/steps.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::vector<std::string> visited(Transformation& target) {
    std::vector<std::string> names;
    visit_needed(target, [&](Transformation const& step) { names.push_back(step.name()); });
    return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("parents are visited first, each once") {
    Lineage lineage;
    Step const source = source_step(lineage, "source", 3);
    Step const left = narrow_step(lineage, "left", 2, source);
    Step const right = narrow_step(lineage, "right", 3, source);
    Wide const join = wide_step(lineage, "join", 4, {left, right, left});
    CHECK(visited(*join) == Names{"source", "left", "right", "join"});
}

TEST_CASE("what lies before a held input is not visited") {
    Lineage lineage;
    Wide const held = wide_step(lineage, "held", 4, {source_step(lineage, "source", 3)});
    Step const target = narrow_step(lineage, "target", 2, held);
    held->is_held = true;
    held->forget_parent(0);
    CHECK(visited(*target) == Names{"held", "target"});
}

TEST_CASE("what is needed before a step stays while it is held, also when the step forgets it") {
    Lineage lineage;
    Wide const target = wide_step(
        lineage, "target", 4, {narrow_step(lineage, "map", 2, source_step(lineage, "source", 3))});
    std::weak_ptr<Transformation> const parent = target->parents()[0];
    std::weak_ptr<Transformation> const source = parent.lock()->parents()[0];
    auto used = needed_before(*target);
    CHECK(used.size() == 2);
    target->is_held = true;
    target->forget_parent(0);
    CHECK_FALSE(parent.expired());
    CHECK_FALSE(source.expired());
    used.clear();
    CHECK(parent.expired());
    CHECK(source.expired());
    CHECK(needed_before(*target).empty());
}
