#include "serry/plan/visit.hpp"

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
