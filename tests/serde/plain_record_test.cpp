#include "serry/serde/plain_record.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

enum class Colour : std::uint8_t { red };

struct Packed {
    double weight;
    std::array<char, 4> code;
    std::uint32_t count;
};
struct Nested {
    Packed packed;
    std::array<std::int64_t, 2> ends;
};
struct Padded {
    double weight;
    char code;
};
struct WithBool {
    bool flag;
};
struct WithView {
    std::string_view text;
};
struct WithConstructor {
    explicit WithConstructor(int n) : number(n) {}
    int number;
};
struct Marked {
    explicit Marked(int n) : number(n) {}
    int number;
};

}  // namespace

template <>
inline constexpr bool serry::is_plain<Marked> = true;

TEST_CASE("records of numbers without padding are their bytes") {
    CHECK(PlainRecord<std::int64_t>);
    CHECK(PlainRecord<float>);
    CHECK(PlainRecord<char>);
    CHECK(PlainRecord<Colour>);
    CHECK(PlainRecord<std::array<char, 100>>);
    CHECK(PlainRecord<std::array<std::array<double, 2>, 3>>);
    CHECK(PlainRecord<Packed>);
    CHECK(PlainRecord<Nested>);
    CHECK(PlainRecord<Marked>);
}

TEST_CASE("padding, bytes without a value, views and memory elsewhere make no plain record") {
    CHECK_FALSE(PlainRecord<Padded>);
    CHECK_FALSE(PlainRecord<std::array<Padded, 2>>);
    CHECK_FALSE(PlainRecord<bool>);
    CHECK_FALSE(PlainRecord<WithBool>);
    CHECK_FALSE(PlainRecord<long double>);
    CHECK_FALSE(PlainRecord<WithView>);
    CHECK_FALSE(PlainRecord<std::string>);
    CHECK_FALSE(PlainRecord<std::vector<int>>);
    CHECK_FALSE(PlainRecord<std::array<int, 0>>);
    CHECK_FALSE(PlainRecord<int*>);
    CHECK_FALSE(PlainRecord<WithConstructor>);
}
