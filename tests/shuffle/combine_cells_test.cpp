#include "serry/shuffle/combine_cells.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

Leaves const one_leaf(LeafRange{0, 1, 1});

}  // namespace

TEST_CASE("a cell of an exact combiner holds one value, small and large") {
    std::plus<> const sum;
    CombineCells<std::int64_t, std::plus<>, false> cells(sum, one_leaf);
    decltype(cells)::Cell cell{};
    static_assert(sizeof cell == 4);
    CHECK(cells.fill(cell, 5, 0));
    CHECK(cells.combine(cell, 7, 0));
    CHECK(cells.combine(cell, std::numeric_limits<std::int64_t>::max() / 2, 0));
    std::int64_t found = 0;
    cells.take(cell, [&](std::int64_t value, std::uint32_t) { found = value; });
    CHECK(found == std::numeric_limits<std::int64_t>::max() / 2 + 12);
}

TEST_CASE("a cell of an ordered combiner folds a leaf's values, then the leaves along the tree") {
    auto const shown = [](std::string const& a, std::string const& b) { return '(' + a + b + ')'; };
    // This rank has the leaves 0 to 3 of 4: it may fold them all.
    CombineCells<std::string, decltype(shown), true> cells(shown, Leaves(LeafRange{0, 4, 4}));
    decltype(cells)::Cell cell{};
    CHECK(cells.fill(cell, "a", 0));
    CHECK(cells.combine(cell, "b", 0));
    CHECK(cells.combine(cell, "c", 1));
    CHECK(cells.combine(cell, "d", 3));
    std::vector<std::string> found;
    cells.take(cell, [&](std::string const& value, std::uint32_t) { found.push_back(value); });
    CHECK(found == std::vector<std::string>{"(((ab)c)d)"});
}

TEST_CASE("views are kept as long as the cells") {
    auto const longer = [](std::string_view a, std::string_view b) {
        return a.size() < b.size() ? b : a;
    };
    CombineCells<std::string_view, decltype(longer), true> cells(longer, one_leaf);
    decltype(cells)::Cell cell{};
    {
        std::string const first = "text", second = "longer text";
        CHECK(cells.fill(cell, first, 0));
        CHECK(cells.combine(cell, second, 0));
    }
    cells.take(cell, [](std::string_view value, std::uint32_t) { CHECK(value == "longer text"); });
    CHECK(cells.memory_bytes() > 0);
}
