#include "serry/shuffle/splitters.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/serde/order_key.hpp"

using namespace serry;

namespace {

WireRecord record_of(std::string_view key, std::string_view value = "") {
    WireRecord record;
    record.hash = order_prefix(key);
    record.key = key;
    record.value = value;
    return record;
}

/// Of one run of each of two ranks, which have a partition each.
SampledRecord sampled(std::string const& key, std::uint64_t partition, std::uint64_t index) {
    return {.key = key, .value = {}, .partition = partition, .ordinal = index, .index = index};
}

}  // namespace

TEST_CASE("partitions begin at equidistant records of the sample, by key") {
    Splitters const splitters({sampled("d", 0, 2), sampled("a", 0, 0), sampled("e", 1, 1),
                               sampled("b", 0, 1), sampled("f", 1, 2), sampled("c", 1, 0)},
                              {}, 3, 2, 2);
    CHECK_FALSE(splitters.bound(1)->is_after(record_of("c"), {1, 0, 0}));
    CHECK(splitters.bound(1)->is_after(record_of("b\xff"), {1, 0, 9}));
    CHECK(splitters.bound(1)->prefix() == order_prefix("c"));
    CHECK_FALSE(splitters.bound(2)->is_after(record_of("e"), {1, 0, 1}));
    CHECK(splitters.bound(2)->is_after(record_of("d"), {0, 0, 2}));
}

TEST_CASE("among equal records a partition begins at one of them, by rank, run and index") {
    Splitters const splitters(
        {sampled("k", 0, 0), sampled("k", 0, 7), sampled("k", 1, 0), sampled("k", 1, 7)}, {}, 2, 2,
        2);
    auto const bound = splitters.bound(1);
    REQUIRE(bound);
    CHECK(bound->is_after(record_of("k"), {0, 5, 100}));
    CHECK_FALSE(bound->is_after(record_of("k"), {1, 0, 0}));
    CHECK_FALSE(bound->is_after(record_of("k"), {1, 1, 0}));
    CHECK(bound->is_after(record_of("j"), {9, 0, 0}));
}

TEST_CASE("where there are fewer records than partitions the last ones are empty") {
    Splitters const one({sampled("k", 0, 0)}, {}, 3, 1, 1);
    CHECK_FALSE(one.bound(1));
    CHECK_FALSE(one.bound(2));
    CHECK_FALSE(Splitters({}, {}, 2, 1, 1).bound(1));
}

TEST_CASE("an order of values tells splitters, too") {
    struct ByLength final : ValueOrder {
        bool comes_before(std::string_view a, std::string_view b) override {
            return a.size() < b.size();
        }
    };
    ByLength order;
    Splitters const splitters(
        {{.key = "", .value = "long", .partition = 0}, {.key = "", .value = "b", .partition = 1}},
        {&order}, 2, 2, 2);
    CHECK(splitters.bound(1)->is_after(record_of("", "two"), {1, 0, 0}));
    CHECK_FALSE(splitters.bound(1)->is_after(record_of("", "longer"), {0, 0, 0}));
}

TEST_CASE("keys may begin with the number of their partition") {
    Splitters const splitters;
    std::string const of_300(
        "\0\0\1\x2c"
        "rest",
        8);
    CHECK_FALSE(splitters.bound(300)->is_after(record_of(of_300), {}));
    CHECK(splitters.bound(301)->is_after(record_of(of_300), {}));
}
