#include "serry/shuffle/send_order.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

using namespace serry;

namespace {

using Entries = SendEntries;

bool comes_before(SendEntry const& a, SendEntry const& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.reference < b.reference;
}

bool are_equal(Entries const& a, Entries const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](SendEntry const& one, SendEntry const& other) {
                          return one.hash == other.hash && one.reference == other.reference;
                      });
}

/// Used again and again, whatever was left in it.
Entries scratch;

/// Entries in the order of their references, as records wait, with hashes from `next_hash`.
template <typename NextHash>
Entries make_entries(std::size_t count, NextHash next_hash) {
    Entries entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back({std::uint64_t{next_hash(i)}, i});
    return entries;
}

void check_sorting(Entries entries) {
    CAPTURE(entries.size());
    Entries expected = entries;
    std::stable_sort(expected.begin(), expected.end(),
                     [](SendEntry const& a, SendEntry const& b) { return a.hash < b.hash; });
    Entries shuffled = entries;
    sort_by_hash(entries, scratch);
    CHECK(are_equal(entries, expected));
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(3));
    sort_by_hash(shuffled, scratch);
    CHECK(are_equal(shuffled, expected));
}

}  // namespace

TEST_CASE(
    "entries are sorted by hash, and stay in the order in which they came where it is equal") {
    std::mt19937_64 random(1);
    for (std::size_t const count :
         {0, 1, 2, 3, 10, 100, 1000, 2047, 2048, 2049, 4096, 10000, 100000}) {
        check_sorting(make_entries(count, [&](std::size_t) { return random(); }));
        check_sorting(make_entries(count, [&](std::size_t) { return random() % 5 << 61; }));
        check_sorting(make_entries(count, [&](std::size_t) { return random() % 300; }));
        check_sorting(make_entries(count, [&](std::size_t) { return random() % 100000 << 20; }));
        check_sorting(make_entries(count, [](std::size_t i) { return i; }));
        check_sorting(make_entries(count, [&](std::size_t i) { return count - i; }));
        check_sorting(make_entries(count, [](std::size_t i) { return ~std::uint64_t{i}; }));
        check_sorting(make_entries(count, [](std::size_t) { return 42UL; }));
    }
}

// Were any of these sorted in quadratic time, the test would not end within its time limit.
TEST_CASE("hashes that agree in all their top bits are no harder to sort") {
    constexpr std::size_t count = 2000000;
    std::mt19937_64 random(2);
    std::uint64_t const top = std::uint64_t{0xabcdef} << 40;
    for (unsigned const shift : {0, 1, 20, 30, 39}) {
        Entries entries =
            make_entries(count, [&](std::size_t) { return top | (random() >> (24 + shift)); });
        sort_by_hash(entries, scratch);
        CHECK(std::is_sorted(entries.begin(), entries.end(), comes_before));
    }
    Entries descending = make_entries(count, [&](std::size_t i) { return top + count - i; });
    sort_by_hash(descending, scratch);
    CHECK(std::is_sorted(descending.begin(), descending.end(), comes_before));
    // One record in each bucket but for the last, which has all others.
    Entries skewed = make_entries(count, [&](std::size_t i) {
        return i < 2048 ? std::uint64_t{i} << 53 : ~std::uint64_t{0} - random() % 1000000;
    });
    sort_by_hash(skewed, scratch);
    CHECK(std::is_sorted(skewed.begin(), skewed.end(), comes_before));
}

TEST_CASE("every rank is cut the hashes of its partitions, also where these begin and end") {
    for (std::uint64_t const ranks : {1, 2, 3, 4, 7, 16})
        for (std::uint64_t const partitions : {1, 2, 3, 5, 7, 64, 1000}) {
            CAPTURE(ranks);
            CAPTURE(partitions);
            Entries sorted = {{0, 0}, {std::numeric_limits<std::uint64_t>::max(), 0}};
            for (std::uint64_t p = 0; p < partitions; ++p) {
                std::uint64_t const first = first_hash_of(p, partitions);
                for (std::uint64_t hash : {first - 1, first, first, first + 1})
                    sorted.push_back({hash, p});
            }
            sort_by_hash(sorted, scratch);
            auto const cuts = cut_by_rank(sorted, partitions, ranks);
            REQUIRE(cuts.size() == ranks + 1);
            CHECK(cuts.front() == 0);
            CHECK(cuts.back() == sorted.size());
            std::uint64_t right = 0;
            for (std::uint64_t rank = 0; rank < ranks; ++rank) {
                REQUIRE(cuts[rank] <= cuts[rank + 1]);
                for (std::uint64_t i = cuts[rank]; i < cuts[rank + 1]; ++i) {
                    std::uint64_t const partition = partition_of_hash(sorted[i].hash, partitions);
                    right += rank_of_partition(partition, partitions, ranks) == rank;
                }
            }
            CHECK(right == sorted.size());
        }
}

TEST_CASE("ranks are cut nothing where nothing waits") {
    CHECK(cut_by_rank({}, 5, 3) == std::vector<std::uint64_t>{0, 0, 0, 0});
    CHECK(cut_by_rank({{7, 0}}, 1, 3) == std::vector<std::uint64_t>{0, 1, 1, 1});
}
