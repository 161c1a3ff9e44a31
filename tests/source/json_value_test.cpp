#include "serry/source/json_value.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Text {
    explicit Text(std::string const& text) : padded(text + std::string(JsonReader::padding, 'x')) {
        value = reader.read(std::string_view(padded).substr(0, text.size()));
    }

    JsonReader reader;
    std::string padded;
    JsonValue const* value = nullptr;
};

using Kind = JsonValue::Kind;

}  // namespace

TEST_CASE("values have their kinds, and are described") {
    auto const check = [](char const* text, Kind kind, char const* description) {
        Text const parsed(text);
        REQUIRE(parsed.value);
        CHECK(parsed.value->kind() == kind);
        CHECK(parsed.value->describe() == description);
    };
    check("null", Kind::null, "null");
    check(" true ", Kind::boolean, "true");
    check("false", Kind::boolean, "false");
    check("-12", Kind::number, "-12");
    check("18446744073709551615", Kind::number, "18446744073709551615");
    check("0.1", Kind::number, "0.1");
    check(R"("a\n\u00e4")", Kind::text, "the text \"a\\n\u00e4\"");
    check("[1]", Kind::array, "an array");
    check("{}", Kind::object, "an object");
}

TEST_CASE("numbers are whole ones as they stand, and reals to the last bit") {
    std::int64_t whole = 0;
    std::uint64_t large = 0;
    CHECK(Text("-5").value->to(whole));
    CHECK(whole == -5);
    CHECK_FALSE(Text("-5").value->to(large));
    CHECK(Text("18446744073709551615").value->to(large));
    CHECK(large == ~std::uint64_t{0});
    CHECK_FALSE(Text("18446744073709551615").value->to(whole));
    CHECK_FALSE(Text("1.5").value->to(whole));
    CHECK(Text("3").value->real() == 3);
    CHECK(Text("0.30000000000000004").value->real() == 0.1 + 0.2);
    CHECK(Text("5e-324").value->real() == 5e-324);
    CHECK(Text("1.7976931348623157e308").value->real() == 1.7976931348623157e308);
}

TEST_CASE("arrays and objects are walked in order, names unescaped") {
    Text const parsed(R"({"a": [1, "x"], "b\n": {}, "": null})");
    JsonValue::Cursor cursor = parsed.value->walk();
    std::string_view name;
    JsonValue member;
    REQUIRE(JsonValue::next_member(cursor, name, member));
    CHECK(name == "a");
    JsonValue::Cursor elements = member.walk();
    JsonValue element;
    REQUIRE(JsonValue::next_element(elements, element));
    CHECK(element.describe() == "1");
    REQUIRE(JsonValue::next_element(elements, element));
    CHECK(element.text() == "x");
    CHECK_FALSE(JsonValue::next_element(elements, element));
    REQUIRE(JsonValue::next_member(cursor, name, member));
    CHECK(name == "b\n");
    JsonValue::Cursor nothing = member.walk();
    CHECK_FALSE(JsonValue::next_member(nothing, name, element));
    REQUIRE(JsonValue::next_member(cursor, name, member));
    CHECK(member.kind() == Kind::null);
    CHECK_FALSE(JsonValue::next_member(cursor, name, member));
}

TEST_CASE("what is no JSON is told") {
    for (std::string const text : {"", " ", "{", "{\"a\":}", "[1,]", "tru", "1 2", "{} {}",
                                   "\"\xff\"", "\"a", "01", "nan", "{\"a\":1,}", "'a'"}) {
        Text const parsed(text);
        CHECK_MESSAGE(parsed.value == nullptr, text);
        CHECK(parsed.reader.problem().starts_with("no JSON: "));
    }
    CHECK(Text("tru").reader.problem()
          == "no JSON: Problem while parsing an atom starting with the letter 't'");
}
