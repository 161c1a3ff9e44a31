#include "serry/exec/action_step.hpp"

#include <doctest/doctest.h>

#include "serry/source/memory_source.hpp"

using namespace serry;

TEST_CASE("an action is agreed on as it is made, and is a step of the lineage") {
    Session session(MPI_COMM_WORLD, {});
    auto const numbers =
        std::make_shared<IotaSource>(session.lineage(), CallSite{"job.cpp", 1}, 100, 7);
    ActionStep const action(session, numbers, "count", {"job.cpp", 2});
    CHECK(action.label() == "count (job.cpp:2)");
    CHECK(action.parents().at(0) == numbers);
    CHECK(session.action_count() == 1);
    CHECK(session.lineage().unagreed.empty());
}
