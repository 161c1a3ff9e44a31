#include "serry/sink/text_format.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <list>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using serry::ByteWriter;
using serry::KeyValue;
using serry::Printable;

namespace {

struct Point {
    int x = 0;
    int y = 0;
};
struct Unprintable {};
enum class Colour { red };

struct Celsius {
    double degrees = 0;
};

template <typename T>
std::string text_of(T const& value) {
    ByteWriter line;
    serry::append_text(value, line);
    return std::string(line.view());
}

}  // namespace

template <>
struct serry::TextFormat<Point> {
    static void append(Point const& point, ByteWriter& line) {
        append_text(point.x, line);
        line.put(std::string_view("/"));
        append_text(point.y, line);
    }
};

template <>
struct serry::TextFormat<std::vector<Celsius>> {
    static void append(std::vector<Celsius> const& all, ByteWriter& line) {
        for (Celsius const& one : all) {
            append_text(one.degrees, line);
            line.put(std::string_view("C;"));
        }
    }
};

TEST_CASE("text is written as it is") {
    CHECK(text_of(std::string("two words")) == "two words");
    CHECK(text_of(std::string_view("view")) == "view");
    CHECK(text_of(std::string()) == "");
    CHECK(text_of(std::string_view()) == "");
    CHECK(text_of(std::string("a\0b\xff", 4)) == std::string("a\0b\xff", 4));
}

TEST_CASE("integers are decimal, those of one byte too") {
    CHECK(text_of(0) == "0");
    CHECK(text_of(-1) == "-1");
    CHECK(text_of(std::int8_t{-128}) == "-128");
    CHECK(text_of(std::uint8_t{255}) == "255");
    CHECK(text_of(std::int16_t{-32768}) == "-32768");
    CHECK(text_of(std::numeric_limits<std::int32_t>::min()) == "-2147483648");
    CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(text_of(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("bool is a word, and char is the character") {
    CHECK(text_of(true) == "true");
    CHECK(text_of(false) == "false");
    CHECK(text_of('x') == "x");
}

TEST_CASE("floating point is as short as reading it back allows") {
    CHECK(text_of(0.1) == "0.1");
    CHECK(text_of(0.1F) == "0.1");
    CHECK(text_of(1.0) == "1");
    CHECK(text_of(-0.0) == "-0");
    CHECK(text_of(1e300) == "1e+300");
    CHECK(text_of(0.1 + 0.2) == "0.30000000000000004");
    CHECK(text_of(std::numeric_limits<double>::denorm_min()) == "5e-324");
    CHECK(text_of(-std::numeric_limits<double>::max()) == "-1.7976931348623157e+308");
    CHECK(text_of(std::numeric_limits<double>::infinity()) == "inf");
    CHECK(text_of(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("the sign of what is not a number does not show") {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(text_of(nan) == "nan");
    CHECK(text_of(std::copysign(nan, -1.0)) == "nan");
    CHECK(text_of(std::numeric_limits<float>::quiet_NaN()) == "nan");
}

TEST_CASE("every double reads back as itself, whatever its bits") {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20000; ++i) {
        std::uint64_t const bits = random();
        double value = 0;
        std::memcpy(&value, &bits, sizeof value);
        if (std::isnan(value)) continue;
        std::string const text = text_of(value);
        CHECK_MESSAGE(std::strtod(text.c_str(), nullptr) == value, text);
    }
}

TEST_CASE("the longest long doubles fit") {
    for (long double const value :
         {std::numeric_limits<long double>::max(), std::numeric_limits<long double>::lowest(),
          std::numeric_limits<long double>::min(),
          -std::numeric_limits<long double>::denorm_min()}) {
        CHECK(std::strtold(text_of(value).c_str(), nullptr) == value);
    }
}

TEST_CASE("a key and its value stand in two columns, nested or not") {
    CHECK(text_of(KeyValue<std::string, long>("word", 3)) == "word\t3");
    CHECK(text_of(KeyValue<int, KeyValue<char, double>>(1, {'c', 2.5})) == "1\tc\t2.5");
}

TEST_CASE("pairs and tuples are columns") {
    CHECK(text_of(std::pair(1, std::string("b"))) == "1\tb");
    CHECK(text_of(std::tuple(1, 'c', false)) == "1\tc\tfalse");
    CHECK(text_of(std::tuple(7)) == "7");
    CHECK(text_of(std::tuple<>()) == "");
}

TEST_CASE("the elements of vectors and arrays have a space between them") {
    CHECK(text_of(std::vector{1, 2, 3}) == "1 2 3");
    CHECK(text_of(std::vector<int>()) == "");
    CHECK(text_of(std::vector{true, false}) == "true false");
    CHECK(text_of(std::vector<std::string>{"a", "b"}) == "a b");
    CHECK(text_of(std::array{1.5, 2.5}) == "1.5 2.5");
    CHECK(text_of(std::vector{std::vector{1, 2}, std::vector{3}}) == "1 2 3");
}

TEST_CASE("vectors and arrays of char are text") {
    CHECK(text_of(std::array{'k', 'e', 'y'}) == "key");
    CHECK(text_of(std::vector{'a', 'b'}) == "ab");
    CHECK(text_of(std::array<char, 0>()) == "");
    CHECK(text_of(std::vector<char>()) == "");
}

TEST_CASE("an optional is its value or nothing") {
    CHECK(text_of(std::optional(5)) == "5");
    CHECK(text_of(std::optional<int>()) == "");
    CHECK(text_of(KeyValue<std::string, std::optional<int>>("k", std::nullopt)) == "k\t");
}

TEST_CASE("a type of the user's is written by its TextFormat, at any depth") {
    CHECK(text_of(Point{1, -2}) == "1/-2");
    CHECK(text_of(KeyValue<Point, std::vector<Point>>({1, 2}, {{3, 4}, {5, 6}})) == "1/2\t3/4 5/6");
}

TEST_CASE("a TextFormat wins over serry's own rules") {
    CHECK(text_of(std::vector<Celsius>{{1.5}, {-3}}) == "1.5C;-3C;");
}

TEST_CASE("text is appended to what is there") {
    ByteWriter line;
    line.put(std::string_view("before "));
    for (int i = 0; i < 100; ++i) serry::append_text(KeyValue(i, 0.5), line);
    CHECK(line.view().starts_with("before 0\t0.51\t0.52\t0.5"));
}

TEST_CASE("what has no text is not Printable, nor is what holds it") {
    CHECK(Printable<std::vector<std::optional<std::pair<Point, std::string_view>>>>);
    CHECK(Printable<std::vector<Celsius>>);
    CHECK_FALSE(Printable<Celsius>);
    CHECK_FALSE(Printable<Unprintable>);
    CHECK_FALSE(Printable<KeyValue<int, Unprintable>>);
    CHECK_FALSE(Printable<std::tuple<int, std::vector<Unprintable>>>);
    CHECK_FALSE(Printable<std::optional<Unprintable>>);
    CHECK_FALSE(Printable<int*>);
    CHECK_FALSE(Printable<char const*>);
    CHECK_FALSE(Printable<std::list<int>>);
}

TEST_CASE("neither enums nor characters of other encodings are written as numbers unasked") {
    CHECK_FALSE(Printable<Colour>);
    CHECK_FALSE(Printable<wchar_t>);
    CHECK_FALSE(Printable<char8_t>);
    CHECK_FALSE(Printable<char16_t>);
    CHECK_FALSE(Printable<char32_t>);
    CHECK_FALSE(Printable<std::byte>);
}
