#include "serry/shuffle/narrow_values.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

template <typename V>
std::vector<V> numbers_near_limits() {
    std::vector<V> numbers;
    for (std::uint64_t const middle :
         {std::uint64_t{0}, std::uint64_t{1} << 30, std::uint64_t{1} << 31, std::uint64_t{1} << 32,
          std::uint64_t{1} << 63})
        for (std::uint64_t off = 0; off < 3; ++off)
            for (std::uint64_t const number : {middle + off, middle - off, 0 - middle + off})
                numbers.push_back(static_cast<V>(number));
    return numbers;
}

template <typename V>
void check_all_are_kept() {
    std::vector<V> const numbers = numbers_near_limits<V>();
    NarrowValues<V> values;
    std::vector<typename NarrowValues<V>::Cell> cells(numbers.size() * numbers.size());
    auto cell = cells.begin();
    for (V const first : numbers)
        for (V const second : numbers) {
            CHECK(values.get(*cell) == 0);
            REQUIRE(values.set(*cell, first));
            CHECK(values.get(*cell) == first);
            REQUIRE(values.set(*cell++, second));
        }
    cell = cells.begin();
    for (std::size_t i = 0; i < numbers.size(); ++i)
        for (V const second : numbers) CHECK(values.get(*cell++) == second);
}

}  // namespace

TEST_CASE("numbers of 64 bits are kept, whatever their size, and may change") {
    check_all_are_kept<std::int64_t>();
    check_all_are_kept<std::uint64_t>();
}

TEST_CASE("what fits into 32 bits takes no more") {
    NarrowValues<std::int64_t> values;
    NarrowValues<std::int64_t>::Cell cells[1000];
    std::int64_t number = -500000;
    for (auto& cell : cells) CHECK(values.set(cell, number += 1000));
    CHECK(sizeof cells == 4000);
    CHECK(values.memory_bytes() == 0);
    CHECK(values.set(cells[0], std::numeric_limits<std::int64_t>::max()));
    CHECK(values.memory_bytes() >= 8);
}

TEST_CASE("a large number too many is refused, and its cell stays as it was") {
    NarrowValues<std::int64_t, 2> values;
    NarrowValues<std::int64_t, 2>::Cell cells[3];
    std::int64_t const large = std::int64_t{1} << 40;
    for (auto& cell : cells) CHECK(values.set(cell, 7));
    CHECK(values.set(cells[0], large));
    CHECK(values.set(cells[1], large + 1));
    CHECK_FALSE(values.set(cells[2], large + 2));
    CHECK(values.set(cells[0], large + 3));
    CHECK(values.set(cells[2], 8));
    CHECK(values.get(cells[0]) == large + 3);
    CHECK(values.get(cells[1]) == large + 1);
    CHECK(values.get(cells[2]) == 8);
}
