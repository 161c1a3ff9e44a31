#include "serry/source/csv_value.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

template <typename T>
std::optional<T> parsed(std::string_view text) {
    T value{};
    if (csv::parse_number(text, value)) return value;
    return std::nullopt;
}

}  // namespace

TEST_CASE("whole numbers, with blanks and a sign, within the type's bounds") {
    CHECK(parsed<int>("42") == 42);
    CHECK(parsed<int>(" -42\t") == -42);
    CHECK(parsed<int>("+42") == 42);
    CHECK(parsed<std::uint8_t>("255") == 255);
    CHECK(parsed<std::int8_t>("-128") == -128);
    CHECK(parsed<std::uint64_t>("18446744073709551615") == ~std::uint64_t{0});
    for (char const* text :
         {"", " ", "+", "-", "+-1", "1 2", "1.0", "1e3", "0x10", "a", "2147483648"})
        CHECK_MESSAGE(!parsed<int>(text), text);
    CHECK(!parsed<std::uint8_t>("256"));
    CHECK(!parsed<unsigned>("-1"));
}

TEST_CASE("floating-point numbers of all kinds, and none that the type does not hold") {
    CHECK(parsed<double>("0.1") == 0.1);
    CHECK(parsed<double>(" +1e-7 ") == 1e-7);
    CHECK(parsed<float>("3") == 3.0F);
    CHECK(parsed<double>("-inf") == -HUGE_VAL);
    CHECK(std::isnan(*parsed<double>("nan")));
    CHECK(parsed<double>("5e-324") == 5e-324);
    for (char const* text : {"", "1,5", "1.5x", "1e400", "."})
        CHECK_MESSAGE(!parsed<double>(text), text);
    CHECK(!parsed<float>("1e39"));
}

TEST_CASE("bool has the words that C++, Python and Spark write") {
    for (char const* text : {"true", "True", "TRUE", "1", " true "})
        CHECK(parsed<bool>(text) == true);
    for (char const* text : {"false", "False", "FALSE", "0"}) CHECK(parsed<bool>(text) == false);
    for (char const* text : {"", "yes", "2", "tRUE"}) CHECK(!parsed<bool>(text));
}

TEST_CASE("what is expected is told with its bounds") {
    CHECK(csv::expectation<std::int8_t>() == "a whole number from -128 to 127");
    CHECK(csv::expectation<bool>() == "true or false");
    CHECK(csv::expectation<double>() == "a number");
}

TEST_CASE("fields are numbers, text and optionals of these, and not characters") {
    CHECK(csv::Value<int>);
    CHECK(csv::Value<std::optional<std::string_view>>);
    CHECK(!csv::Value<char>);
    CHECK(!csv::Value<char*>);
    CHECK(!csv::Value<std::optional<std::optional<int>>>);
}

TEST_CASE("short decimals are the same bits as from_chars makes of them") {
    std::mt19937_64 random(7);
    std::size_t short_count = 0;
    for (int i = 0; i < 200000; ++i) {
        std::string text = std::to_string(random() >> random() % 64);
        text.insert(random() % (text.size() + 1), random() % 4 ? "." : "");
        if (random() % 2) text.insert(0, "-");
        CAPTURE(text);
        double expected = 0, found = 0;
        auto const parsed = std::from_chars(text.data(), text.data() + text.size(), expected);
        REQUIRE(parsed.ec == std::errc());
        if (!csv::parse_short_decimal(text, found)) continue;
        ++short_count;
        REQUIRE(std::memcmp(&found, &expected, sizeof found) == 0);
    }
    CHECK(short_count > 100000);
}

TEST_CASE("what is no short decimal is left to others") {
    double value = 42;
    for (char const* text : {"", "-", ".", "-.", "1e5", "1.2.3", "+1", " 1", "1 ", "nan", "inf",
                             "--1", "0x10", "1,5", "9007199254740993", "1234567890123456789"})
        CHECK_FALSE(csv::parse_short_decimal(text, value));
    CHECK(value == 42);
    CHECK(csv::parse_short_decimal("-0", value));
    CHECK(std::signbit(value));
    CHECK(csv::parse_short_decimal("9007199254740992", value));
    CHECK(value == 9007199254740992.0);
}
