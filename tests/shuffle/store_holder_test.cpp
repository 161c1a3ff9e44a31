#include "serry/shuffle/store_holder.hpp"

#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"

using namespace serry;
using namespace serry::test;

namespace {

StoreHolder& holder(Transformation& step) { return dynamic_cast<StoreHolder&>(step); }

/// What was held, in a store of its own.
std::unique_ptr<PartitionStore> copied(PartitionStore& from, std::unique_ptr<PartitionStore> to) {
    for (PartitionRange const& range : from.ranges())
        for (std::uint64_t p = range.begin; p < range.end; ++p) {
            Run::Reader blocks(from.partition(p));
            std::uint64_t left = from.partition(p).record_count();
            for (auto block = blocks.next_block(); !block.empty(); block = blocks.next_block())
                to->partition(p).append_block(block, std::exchange(left, 0));
        }
    return to;
}

/// The dataset that make(job) records gives the same when another job is given what it held, and
/// runs nothing but the rest.
template <typename Make>
void check_brings_back(Make const& make) {
    Job first, second;
    auto const one = make(first), other = make(second);
    auto const expected = one.collect().to_vector();
    Transformation &from = *one.step(), &to = *other.step();
    StageSetting const setting{.rank = first.session.comm().rank(),
                               .rank_count = first.session.comm().rank_count(),
                               .memory_bytes = 1 << 20,
                               .scratch = "/tmp"};
    to.set_placement(from.placement());
    for (std::size_t input = 0; input < from.parents().size(); ++input) {
        REQUIRE(from.holds_input(input));
        CHECK(holder(to).store_of(input) == nullptr);
        holder(to).hold(input,
                        copied(*holder(from).store_of(input), holder(to).make_store(setting)));
        CHECK(to.holds_input(input));
        CHECK(to.parents()[input] == nullptr);
    }
    CHECK(other.collect().to_vector() == expected);
}

auto by_remainder(Job& job) {
    return job.numbers(500).key_by([](std::int64_t n) { return n % 37; });
}

}  // namespace

TEST_CASE("every step that holds stores gives the same from a copy of them") {
    check_brings_back([](Job& job) { return by_remainder(job).reduce_by_key(std::plus{}); });
    check_brings_back([](Job& job) {
        return job.numbers(300).sort_by([](std::int64_t n) { return n * 7919 % 300; });
    });
    check_brings_back([](Job& job) { return job.numbers(300).map(squared).persist(); });
    check_brings_back(
        [](Job& job) { return job.numbers(50).union_with(job.numbers(9, 2)).checkpoint("both"); });
    check_brings_back([](Job& job) { return by_remainder(job).reduce_to_index(40, std::plus{}); });
    check_brings_back([](Job& job) { return by_remainder(job).semi_join(by_remainder(job)); });
}

TEST_CASE("a checkpoint is what the program asked for") {
    Job job;
    CHECK_FALSE(holder(*job.numbers().persist().step()).is_checkpoint());
    auto const checkpoint = job.numbers().checkpoint("name");
    CHECK(holder(*checkpoint.step()).is_checkpoint());
    CHECK(checkpoint.step()->name() == "checkpoint \"name\"");
}
