#include "serry/base/natural_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
struct Unordered {};
}  // namespace

TEST_CASE("NaN comes after all numbers and is equal to NaN") {
    NaturalOrder const before;
    CHECK(before(infinity, not_a_number));
    CHECK_FALSE(before(not_a_number, infinity));
    CHECK_FALSE(before(not_a_number, not_a_number));
    CHECK_FALSE(before(not_a_number, -not_a_number));
    CHECK(before(-infinity, 0.0));
    CHECK_FALSE(before(-0.0, 0.0));
    CHECK_FALSE(before(0.0, -0.0));
    std::vector<double> numbers{not_a_number, 3, -infinity, not_a_number, infinity, -1};
    std::sort(numbers.begin(), numbers.end(), before);
    CHECK(std::vector(numbers.begin(), numbers.begin() + 4)
          == std::vector{-infinity, -1.0, 3.0, infinity});
    CHECK((std::isnan(numbers[4]) && std::isnan(numbers[5])));
}

TEST_CASE("other types have the order of <") {
    CHECK(NaturalOrder{}(1, 2));
    CHECK(NaturalOrder{}(std::string_view("a"), std::string_view("b")));
    CHECK_FALSE(Ordered<Unordered>);
}

TEST_CASE("the least and the greatest, of equal ones the first") {
    CHECK(LeastOf{}(not_a_number, 1.0) == 1.0);
    CHECK(LeastOf{}(1.0, not_a_number) == 1.0);
    CHECK(std::isnan(GreatestOf{}(1.0, not_a_number)));
    CHECK(std::isnan(GreatestOf{}(not_a_number, 1.0)));
    CHECK(std::signbit(LeastOf{}(-0.0, 0.0)));
    CHECK_FALSE(std::signbit(LeastOf{}(0.0, -0.0)));
    CHECK(std::signbit(GreatestOf{}(-0.0, 0.0)));
    CHECK(GreatestOf{}(2, 3) == 3);
}
