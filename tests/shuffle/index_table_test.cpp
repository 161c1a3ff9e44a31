#include "serry/shuffle/index_table.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

Leaves const one_leaf(LeafRange{0, 1, 1});
constexpr std::uint64_t plenty = std::uint64_t{1} << 30;

template <typename Table, typename K, typename V>
void add(Table& table, std::vector<K> const& keys, std::vector<V> const& values) {
    std::size_t position = 0;
    table.add_group(
        keys.size(), [&](std::size_t i) { return keys[i]; },
        [&](std::size_t i) -> V const& { return values[i]; }, 0, position);
}

template <typename Call>
std::string error_of(Call const& call) {
    try {
        call();
    } catch (Error const& error) {
        return error.what();
    }
    return "nothing thrown";
}

}  // namespace

TEST_CASE("values are combined by index, and visited in its order") {
    std::plus<> const sum;
    IndexTable<long, std::plus<>, false> table(sum, 1000, plenty, one_leaf);
    std::mt19937_64 random(1);
    std::map<std::uint64_t, long> expected;
    for (int round = 0; round < 20; ++round) {
        std::vector<std::int32_t> keys;
        std::vector<long> values;
        for (int i = 0; i < 100; ++i) {
            keys.push_back(static_cast<std::int32_t>(random() % 1000));
            values.push_back(static_cast<long>(random() % 100) - 50);
            expected[static_cast<std::uint64_t>(keys.back())] += values.back();
        }
        add(table, keys, values);
    }
    CHECK(table.size() == expected.size());
    std::map<std::uint64_t, long> found;
    std::uint64_t last_place = 0;
    table.for_each_used([&](std::uint64_t place, std::size_t at) {
        CHECK((found.empty() || place > last_place));
        last_place = place;
        CHECK(place == place_of_index(at, 1000));
        ByteReader key(table.key_at(at));
        CHECK(key.take_varint() == at);
        table.take_values(at, [&](long value, std::uint32_t) { found[at] = value; });
    });
    CHECK(found == expected);
    table.release();
    CHECK(table.size() == 0);
}

TEST_CASE("a key that is no index, and an array that is too large, are told") {
    std::plus<> const sum;
    IndexTable<double, std::plus<>, true> table(sum, 10, plenty, one_leaf);
    std::vector<double> const one{1};
    add(table, std::vector<int>{9}, one);
    CHECK(error_of([&] { add(table, std::vector<int>{10}, one); })
          == "the key 10 is no index, expected 0 to 9");
    CHECK(error_of([&] { add(table, std::vector<int>{-1}, one); })
          == "the key -1 is no index, expected 0 to 9");
    IndexTable<double, std::plus<>, true> large(sum, 1000000, 1000000, one_leaf);
    CHECK(error_of([&] { add(large, std::vector<int>{0}, one); })
          == "an array of 1000000 values takes 23.0 MiB, more than the 977 KiB that a rank has for "
             "it; set a larger --memory, or use reduce_by_key");
}

TEST_CASE("indices have places that ascend, and partitions that are ranges of them") {
    for (std::uint64_t const indices : {1, 2, 7, 1000, 4097})
        for (std::uint64_t const partitions : {1, 2, 5, 64, 1000}) {
            std::uint64_t index = 0;
            for (std::uint64_t p = 0; p < partitions; ++p) {
                CHECK(first_index_of(p, partitions, indices) == index);
                while (index < indices
                       && partition_of_hash(place_of_index(index, indices), partitions) == p)
                    ++index;
            }
            CHECK(index == indices);
            CHECK(first_index_of(partitions, partitions, indices) == indices);
        }
    std::uint64_t const most = ~std::uint64_t{0};
    CHECK(place_of_index(most - 1, most) > place_of_index(most - 2, most));
}
