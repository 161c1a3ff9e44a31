#include "serry/result_groups.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

template <typename K, typename V>
ResultGroups<K, V> groups_of(std::vector<KeyValue<K, V>> const& records) {
    return ResultGroups<K, V>(results_of(records));
}

template <typename K, typename V>
std::vector<V> values_of(ResultGroups<K, V> const& groups, K const& key) {
    std::vector<V> values;
    bool const has_any = groups.for_each(key, [&](V const& value) { values.push_back(value); });
    CHECK(has_any == !values.empty());
    return values;
}

}  // namespace

TEST_CASE("the values of a key come in their order, and others do not") {
    auto const groups =
        groups_of<std::string, int>({{"a", 1}, {"bb", 2}, {"a", 0}, {"", 3}, {"a", 1}});
    CHECK(groups.size() == 5);
    CHECK(values_of<std::string, int>(groups, "a") == std::vector{1, 0, 1});
    CHECK(values_of<std::string, int>(groups, "bb") == std::vector{2});
    CHECK(values_of<std::string, int>(groups, "") == std::vector{3});
    CHECK(values_of<std::string, int>(groups, "b").empty());
    CHECK(values_of(ResultGroups<int, int>(), 0).empty());
    CHECK(values_of(groups_of<int, int>({}), 0).empty());
}

TEST_CASE("many keys are found, at both ends of the hashes and between") {
    std::vector<KeyValue<std::uint64_t, std::uint64_t>> records;
    std::map<std::uint64_t, std::vector<std::uint64_t>> expected;
    for (std::uint64_t n = 0; n < 5000; ++n) {
        std::uint64_t const key = n * n % 1009;
        records.emplace_back(key, n);
        expected[key].push_back(n);
    }
    auto const groups = groups_of(records);
    for (std::uint64_t key = 0; key < 1200; ++key) CHECK(values_of(groups, key) == expected[key]);
}

TEST_CASE("keys are equal as in reduce_by_key") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    auto const groups = groups_of<double, int>({{0.0, 1}, {nan, 2}, {-0.0, 3}, {-nan, 4}});
    CHECK(values_of(groups, -0.0) == std::vector{1, 3});
    CHECK(values_of(groups, nan) == std::vector{2, 4});
}

TEST_CASE("views point into the results, which the groups keep") {
    ResultGroups<std::string_view, std::string_view> groups;
    {
        std::string const key = "key", value = "value";
        groups = groups_of<std::string_view, std::string_view>({{key, value}});
    }
    CHECK(values_of<std::string_view, std::string_view>(groups, "key")
          == std::vector<std::string_view>{"value"});
}
