#include "serry/base/combiners.hpp"

#include <cstdint>
#include <functional>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Reading {
    int degrees = 0;
    int station = 0;

    friend bool operator<(Reading const& a, Reading const& b) { return a.degrees < b.degrees; }
    friend bool operator==(Reading const&, Reading const&) = default;
};

struct Box {
    int content = 0;
    int plus(Box const& other) const { return content + other.content; }
};

constexpr auto concatenate = [](std::string const& a, std::string const& b) { return a + b; };

}  // namespace

TEST_CASE("minimum and maximum keep the smaller and the larger, of equal ones the first") {
    CHECK(minimum(3, 2) == 2);
    CHECK(minimum(2, 3) == 2);
    CHECK(maximum(3, 2) == 3);
    CHECK(maximum(-3, -2) == -2);
    CHECK(maximum(std::string("b"), std::string("a")) == "b");
    CHECK(minimum(Reading{5, 1}, Reading{5, 2}) == Reading{5, 1});
    CHECK(maximum(Reading{5, 1}, Reading{5, 2}) == Reading{5, 1});
}

TEST_CASE("sums, bits and bounds of integers are exact") {
    CHECK(is_exact<std::plus<>, int>);
    CHECK(is_exact<std::plus<std::uint8_t>, std::uint8_t>);
    CHECK(is_exact<std::bit_and<>, std::uint64_t>);
    CHECK(is_exact<std::bit_or<>, std::int16_t>);
    CHECK(is_exact<std::bit_xor<>, std::uint64_t>);
    CHECK(is_exact<std::logical_and<>, bool>);
    CHECK(is_exact<std::logical_or<>, bool>);
    CHECK(is_exact<Minimum, std::int64_t>);
    CHECK(is_exact<Maximum, char>);
}

TEST_CASE("what rounds, and what nobody knows, is not exact") {
    CHECK_FALSE(is_exact<std::plus<>, double>);
    CHECK_FALSE(is_exact<std::plus<float>, float>);
    CHECK_FALSE(is_exact<std::plus<int>, std::int64_t>);
    CHECK_FALSE(is_exact<std::plus<>, std::string>);
    CHECK_FALSE(is_exact<std::minus<>, int>);
    CHECK_FALSE(is_exact<Minimum, double>);
    CHECK_FALSE(is_exact<Maximum, Reading>);
    CHECK_FALSE(is_exact<decltype(concatenate), std::string>);
    CHECK_FALSE(is_exact<int (*)(int, int), int>);
}

TEST_CASE("a function that is marked as exact is, and does what it did") {
    auto const marked = exact(concatenate);
    CHECK(is_exact<decltype(exact(concatenate)), std::string>);
    CHECK(marked(std::string("a"), std::string("b")) == "ab");
    CHECK(exact(&Box::plus)(Box{1}, Box{2}) == 3);
    CHECK(is_exact<decltype(exact(std::plus<>{})), double>);
}
