#include "serry/source/csv_value.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
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
