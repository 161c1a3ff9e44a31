#include "serry/shuffle/sort_buffer.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;
using namespace std::string_literals;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool add(SortBuffer& buffer,
         std::string const& key,
         std::string const& value,
         bool is_marked = false,
         std::uint64_t extra_bytes = 0) {
    ByteWriter body;
    put_key(key, false, 0, body);
    body.put(value);
    return buffer.add(key, body.view(), is_marked, extra_bytes);
}

Pairs pairs_of(SortBuffer const& buffer) {
    Pairs pairs;
    for (SortEntry const& entry : buffer.entries()) {
        WireRecord const record = buffer.record(entry);
        CHECK(buffer.framed(entry) == record.framed);
        pairs.emplace_back(record.key, record.value);
    }
    return pairs;
}

Pairs make_pairs(std::mt19937_64& random, std::size_t count, std::uint64_t key_count) {
    Pairs pairs;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t const key = random() % key_count;
        pairs.emplace_back("shared beginning"s.substr(0, key % 17) + std::to_string(key),
                           std::to_string(i) + std::string(random() % 300, 'v'));
    }
    return pairs;
}

}  // namespace

TEST_CASE("records are sorted by key, equal ones in the order in which they were added") {
    std::mt19937_64 random(1);
    SortBuffer buffer(10 << 20);
    for (std::uint64_t const key_count : {1, 5, 100000}) {
        Pairs pairs = make_pairs(random, 5000, key_count);
        for (auto const& [key, value] : pairs) REQUIRE(add(buffer, key, value));
        CHECK(buffer.record_count() == 5000);
        buffer.sort(nullptr);
        std::stable_sort(pairs.begin(), pairs.end(),
                         [](auto const& a, auto const& b) { return a.first < b.first; });
        CHECK((pairs_of(buffer) == pairs));
        buffer.clear();
        CHECK(buffer.record_count() == 0);
    }
}

TEST_CASE("a buffer holds what fits, and always one record") {
    for (std::uint64_t const limit : {0, 100, 5000, 3'000'000}) {
        SortBuffer buffer(limit);
        std::uint64_t bytes = 0;
        while (add(buffer, "key", std::string(50, 'v'))) bytes += 55 + 32;
        CHECK(bytes <= std::max<std::uint64_t>(limit, 87));
        CHECK(bytes + 87 > limit);
        CHECK(buffer.record_count() > 0);
        buffer.clear();
        CHECK(add(buffer, "key", std::string(4'000'000, 'v')));
        CHECK_FALSE(add(buffer, "key", std::string(4'000'000, 'v')));
        buffer.release();
        CHECK(add(buffer, "key", "value"));
        CHECK((pairs_of(buffer) == Pairs{{"key", "value"}}));
    }
}

TEST_CASE("what records cost beside their bytes counts") {
    SortBuffer buffer(10'000);
    int count = 0;
    while (add(buffer, "", "", false, 1000)) ++count;
    CHECK(count == 9);
}

TEST_CASE("marks stay with their records") {
    SortBuffer buffer(10'000);
    for (std::string const key : {"d", "b", "a", "c"}) add(buffer, key, "", key == "b");
    buffer.sort(nullptr);
    std::string marked;
    for (SortEntry const& entry : buffer.entries())
        if (SortBuffer::is_marked(entry)) marked += buffer.record(entry).key;
    CHECK(marked == "b");
}

TEST_CASE("an order of values is asked instead of the keys") {
    struct ByLength final : BufferOrder {
        bool comes_before(std::string_view a, std::string_view b) override {
            return a.size() < b.size();
        }
        void sort(SortBuffer& buffer) override {
            merge_sort(buffer.entries(), buffer.scratch(),
                       [&](SortEntry const& a, SortEntry const& b) {
                           return comes_before(buffer.record(a).value, buffer.record(b).value);
                       });
        }
    };
    SortBuffer buffer(10'000);
    for (std::string const value : {"long", "a", "longer", "b"}) add(buffer, "", value);
    ByLength order;
    buffer.sort(&order);
    CHECK((pairs_of(buffer) == Pairs{{"", "a"}, {"", "b"}, {"", "long"}, {"", "longer"}}));
}
