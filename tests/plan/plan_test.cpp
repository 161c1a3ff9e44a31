#include "serry/plan/plan.hpp"

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>
#include <doctest/doctest.h>

#include "plan/steps.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// The plan as another rank gets it.
Plan sent(Plan const& plan) {
    std::stringstream bytes;
    boost::archive::binary_oarchive(bytes) << plan;
    Plan received;
    boost::archive::binary_iarchive(bytes) >> received;
    return received;
}

/// What two ranks record: the same steps, each its own objects.
struct Job {
    Job() {
        source = std::make_shared<SourceStep>(lineage, "read_text", 5);
        mapped = narrow_step(lineage, "map", 2, source);
        reduced = std::make_shared<WideTestStep>(lineage, "reduce_by_key", 3,
                                                 std::vector<Step>{mapped}, 4);
        filtered = narrow_step(lineage, "filter", 4, reduced);
    }
    Lineage lineage;
    std::shared_ptr<SourceStep> source;
    Step mapped;
    std::shared_ptr<WideTestStep> reduced;
    Step filtered;
};

}  // namespace

TEST_CASE("a plan is the same after it was sent") {
    Plan plan;
    plan.decisions.push_back(
        {7, 3, {{{"a file", 1000, -5, 77}}, {{0, 0, 500}, {0, 500, 1000}}, {0, 2}}});
    plan.decisions.push_back({9, 64, {}, {false, true}});
    plan.stages.push_back({3, 9, 1, true, Placement(3), "read_text > reduce_by_key"});
    plan.stages.push_back({4, 10, 0, false, Placement(64), "reduce_by_key > collect"});
    Plan const received = sent(plan);
    CHECK(received.error_code == 0);
    CHECK(received.error.empty());
    REQUIRE(received.decisions.size() == 2);
    CHECK(received.decisions[1].in_place == std::vector<bool>{false, true});
    Decision const& decision = received.decisions[0];
    CHECK(decision.transformation == 7);
    CHECK(decision.partition_count == 3);
    REQUIRE(decision.splits.files.size() == 1);
    CHECK(decision.splits.files[0].path == "a file");
    CHECK(decision.splits.files[0].size_bytes == 1000);
    CHECK(decision.splits.files[0].modified_ns == -5);
    CHECK(decision.splits.files[0].inode == 77);
    CHECK(decision.splits.splits == std::vector<Split>{{0, 0, 500}, {0, 500, 1000}});
    CHECK(decision.splits.split_ends == std::vector<std::uint64_t>{0, 2});
    CHECK(received.decisions[1].transformation == 9);
    CHECK(received.decisions[1].partition_count == 64);
    REQUIRE(received.stages.size() == 2);
    CHECK(received.stages[0].number == 3);
    CHECK(received.stages[0].transformation == 9);
    CHECK(received.stages[0].input == 1);
    CHECK(received.stages[0].ends_in_exchange);
    CHECK(received.stages[0].task_count() == 3);
    CHECK(received.stages[0].name == "read_text > reduce_by_key");
    CHECK_FALSE(received.stages[1].ends_in_exchange);
}

TEST_CASE("a plan that could not be made brings its error") {
    Plan plan;
    plan.error_code = 65;
    plan.error = "a.txt: no such file";
    Plan const received = sent(plan);
    CHECK(received.error_code == 65);
    CHECK(received.error == "a.txt: no such file");
    CHECK(received.stages.empty());
}

TEST_CASE("the plan of one rank decides for the steps of another") {
    Job rank_0, rank_1;
    Plan const plan = sent(make_plan(*rank_0.filtered, "count", 0, 1));
    apply_decisions(plan, *rank_1.filtered);
    CHECK(rank_1.source->requests.empty());
    CHECK(rank_1.source->partition_count() == 5);
    CHECK(rank_1.source->splits().splits == rank_0.source->list_splits({}).splits);
    CHECK(rank_1.mapped->partition_count() == 5);
    CHECK(rank_1.reduced->partition_count() == 4);
    CHECK(rank_1.filtered->partition_count() == 4);
}

TEST_CASE("what was decided once stays when a later plan says nothing about it") {
    Job job;
    apply_decisions(make_plan(*job.filtered, "count", 0, 1), *job.filtered);
    Step const later = narrow_step(job.lineage, "map", 9, job.filtered);
    Plan const plan = make_plan(*later, "collect", 0, 3);
    CHECK(plan.decisions.empty());
    apply_decisions(plan, *later);
    CHECK(later->partition_count() == 4);
    CHECK(job.source->partition_count() == 5);
}

TEST_CASE("steps are found by their number, from the target back to what is held") {
    Job job;
    CHECK(&find_transformation(*job.filtered, 3) == job.filtered.get());
    CHECK(&find_transformation(*job.filtered, 2) == job.reduced.get());
    CHECK(&find_transformation(*job.filtered, 0) == job.source.get());
    CHECK(&find_transformation(*job.mapped, 1) == job.mapped.get());
    CHECK_THROWS_WITH_AS(find_transformation(*job.mapped, 2),
                         "the plan names step 2, which is not here", std::logic_error);
    job.reduced->is_held = true;
    CHECK(&find_transformation(*job.filtered, 2) == job.reduced.get());
    CHECK_THROWS_WITH_AS(find_transformation(*job.filtered, 1),
                         "the plan names step 1, which is not here", std::logic_error);
}
