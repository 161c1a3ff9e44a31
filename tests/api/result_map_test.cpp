#include "serry/result_map.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

template <typename K, typename V>
ResultMap<K, V> map_of(std::vector<KeyValue<K, V>> const& records) {
    return ResultMap<K, V>(results_of(records));
}

}  // namespace

TEST_CASE("values are found by their keys, and others are not") {
    auto const map = map_of<std::string, int>({{"a", 1}, {"bb", 2}, {"", 3}});
    REQUIRE(map.find("bb") != nullptr);
    CHECK(*map.find("bb") == 2);
    CHECK(map.value_or("", 9) == 3);
    CHECK(map.value_or("c", 9) == 9);
    CHECK(map.contains("a"));
    CHECK_FALSE(map.contains("b"));
    CHECK(map.size() == 3);
    CHECK_FALSE(map.empty());
    CHECK(ResultMap<int, int>().empty());
    CHECK(ResultMap<int, int>().find(0) == nullptr);
}

TEST_CASE("of records with one key the last counts, at the place of the first") {
    auto const map = map_of<int, int>({{5, 1}, {7, 2}, {5, 3}, {6, 4}, {5, 8}});
    std::vector<KeyValue<int, int>> const records(map.begin(), map.end());
    CHECK(records == std::vector<KeyValue<int, int>>{{5, 8}, {7, 2}, {6, 4}});
}

TEST_CASE("keys are equal as those of exchanges are") {
    auto const map = map_of<double, int>({{0.0, 1}, {std::nan("1"), 2}, {-0.0, 3}});
    CHECK(map.size() == 2);
    CHECK(map.value_or(0.0, 0) == 3);
    CHECK(map.value_or(-0.0, 0) == 3);
    CHECK(map.value_or(-std::nan("7"), 0) == 2);
    using Pair = std::pair<int, std::string>;
    auto const pairs = map_of<Pair, int>({{{1, "x"}, 1}, {{1, "y"}, 2}});
    CHECK(pairs.value_or({1, "y"}, 0) == 2);
}

TEST_CASE("views stay valid in copies of a map") {
    ResultMap<std::string_view, std::string_view> copy;
    {
        std::string key = "a key of some length", value = "its value";
        copy = map_of<std::string_view, std::string_view>({{key, value}});
        key.assign(key.size(), '#');
        value.assign(value.size(), '#');
    }
    CHECK(copy.value_or("a key of some length", "") == "its value");
    CHECK(copy.begin()->key == "a key of some length");
}
