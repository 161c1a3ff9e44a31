#include "serry/sink/partition_sums.hpp"

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "serry/exec/action_step.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::vector<std::int64_t> sums_of(Dataset<std::int64_t> const& dataset) {
    auto const same = [](std::int64_t n) { return n; };
    ActionStep const action(dataset.session(), dataset.step(), "sums", CallSite::here());
    PartitionSumsEnd<std::int64_t, std::int64_t, decltype(same)> end(*dataset.step(), same);
    dataset.session().run(*dataset.step(), action, end);
    return end.all_sums(dataset.session().comm(), dataset.step()->placement());
}

}  // namespace

TEST_CASE("there is a sum for each partition, in their order, empty ones too") {
    Job job;
    CHECK(sums_of(iota(job.context, 10, 3)) == Numbers{0 + 1 + 2 + 3, 4 + 5 + 6, 7 + 8 + 9});
    auto const large = iota(job.context, 10, 3).filter([](std::int64_t n) { return n > 6; });
    CHECK(sums_of(large) == Numbers{0, 0, 7 + 8 + 9});
}

TEST_CASE("of a union they are in the order of its parts") {
    Job job;
    auto const one = iota(job.context, 10, 3).map([](std::int64_t n) { return n + 100; });
    CHECK(sums_of(one.repartition(3).union_with(iota(job.context, 4, 4).repartition(4)))
          == Numbers{406, 315, 324, 0, 1, 2, 3});
}
