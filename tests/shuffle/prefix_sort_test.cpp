#include "serry/shuffle/prefix_sort.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

using Entries = std::vector<SortEntry>;

bool has_smaller_prefix(SortEntry const& a, SortEntry const& b) { return a.prefix < b.prefix; }

/// The same entries, in the same order.
bool are_alike(Entries const& a, Entries const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](SortEntry const& x, SortEntry const& y) {
                          return x.prefix == y.prefix && x.reference == y.reference;
                      });
}

/// So many entries, numbered, with prefixes that make() makes.
template <typename Make>
Entries make_entries(std::size_t count, Make make) {
    Entries entries;
    for (std::size_t i = 0; i < count; ++i) entries.push_back({make(), i});
    return entries;
}

void check_sorted(Entries entries) {
    Entries expected = entries;
    std::stable_sort(expected.begin(), expected.end(), has_smaller_prefix);
    Entries by_merging = entries, scratch(entries.size());
    sort_by_prefix(entries, scratch);
    CHECK(are_alike(entries, expected));
    merge_sort(std::span(by_merging), scratch, has_smaller_prefix);
    CHECK(are_alike(by_merging, expected));
}

constexpr std::size_t counts[] = {0, 1, 2, 3, 48, 49, 255, 256, 257, 5000, 70000};

}  // namespace

TEST_CASE("entries are sorted by prefix, and equal ones stay in order") {
    std::mt19937_64 random(1);
    for (std::size_t const count : counts) {
        CAPTURE(count);
        check_sorted(make_entries(count, [&] { return random(); }));
        check_sorted(make_entries(count, [&] { return std::uint64_t{42}; }));
        check_sorted(make_entries(count, [&] { return random() % 2 ? 0 : ~std::uint64_t{0}; }));
        check_sorted(make_entries(count, [&] { return random() % 1000; }));
        check_sorted(make_entries(count, [&] { return random() % 300 << 50; }));
        // Many with the same high bits, which are told apart by low ones.
        check_sorted(make_entries(
            count, [&] { return (random() % 3) << 60 | (random() % 7) << 21 | random() % 5; }));
        std::uint64_t next = 0;
        check_sorted(make_entries(count, [&] { return ++next; }));
        check_sorted(make_entries(count, [&] { return --next; }));
    }
}

TEST_CASE("merge sort keeps every entry once, whatever an order says that is none") {
    std::mt19937_64 random(2);
    for (std::size_t const count : counts) {
        Entries entries = make_entries(count, [&] { return random() % 10; });
        Entries scratch(count);
        std::uint64_t calls = 0;
        merge_sort(std::span(entries), scratch, [&](SortEntry const&, SortEntry const&) {
            ++calls;
            return random() % 2 == 0;
        });
        std::set<std::uint64_t> found;
        for (SortEntry const& entry : entries) found.insert(entry.reference);
        CHECK(found.size() == count);
        CHECK(calls <= count * 20);
    }
}

TEST_CASE("what an order throws passes") {
    Entries entries = make_entries(1000, [] { return std::uint64_t{0}; });
    Entries scratch(entries.size());
    int left = 700;
    auto const throws = [&](SortEntry const&, SortEntry const&) -> bool {
        if (--left == 0) throw std::runtime_error("no order");
        return false;
    };
    CHECK_THROWS_WITH(merge_sort(std::span(entries), scratch, throws), "no order");
}
