#include "serry/source/json_parser.hpp"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Place {
    std::string street;
    std::optional<int> number;
};
struct Person {
    std::uint8_t age = 0;
    std::string_view name;
    std::optional<Place> home;
    std::vector<double> scores;
    bool is_new = false;
};

struct NoValue {
    char c;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<Place> = serry::names("street", "number");
template <>
inline constexpr auto serry::field_names<Person> =
    serry::names("age", "name", "home", "scores", "new");
template <>
inline constexpr auto serry::field_names<NoValue> = serry::names("c");

namespace {

struct Parsed {
    ParsedLine what = ParsedLine::bad;
    Person person;
    std::string problem;
    Arena arena;
};

Parsed parse(std::string const& line) {
    JsonParser<Person> parser{JsonOptions()};
    Parsed parsed;
    std::string const padded = line + std::string(JsonReader::padding, '"');
    parsed.what =
        parser.parse(std::string_view(padded).substr(0, line.size()), parsed.person, parsed.arena);
    parsed.problem = parsed.what == ParsedLine::bad ? parser.problem() : "";
    return parsed;
}

}  // namespace

TEST_CASE("structs with names and fields that JSON has are rows") {
    CHECK(JsonRow<Person>);
    CHECK_FALSE(JsonRow<NoValue>);
    CHECK_FALSE(JsonRow<int>);
}

TEST_CASE("members are found by name, in any order, with structs and vectors in them") {
    Parsed const parsed =
        parse(R"({"more": [{"age": 1}], "name": "a\u00e4", "scores": [1, 2.5, "NaN", "-Infinity"],)"
              R"( "home": {"number": 7, "street": "x", "y": {}}, "new": true, "age": 255})");
    REQUIRE(parsed.what == ParsedLine::record);
    CHECK(parsed.person.age == 255);
    CHECK(parsed.person.name == "a\u00e4");
    REQUIRE(parsed.person.home);
    CHECK(parsed.person.home->street == "x");
    CHECK(parsed.person.home->number == 7);
    REQUIRE(parsed.person.scores.size() == 4);
    CHECK(parsed.person.scores[1] == 2.5);
    CHECK(std::isnan(parsed.person.scores[2]));
    CHECK(parsed.person.scores[3] == -HUGE_VAL);
    CHECK(parsed.person.is_new);
}

TEST_CASE("optional members may be null or missing") {
    Parsed const parsed =
        parse(R"({"age":1,"name":"","scores":[],"new":false,"home":{"street":"","number":null}})");
    REQUIRE(parsed.what == ParsedLine::record);
    CHECK_FALSE(parsed.person.home->number);
    CHECK_FALSE(parse(R"({"age":1,"name":"","scores":[],"new":false})").person.home);
    CHECK_FALSE(parse(R"({"age":1,"name":"","scores":[],"new":false,"home":null})").person.home);
}

TEST_CASE("blank lines are no records") {
    CHECK(parse("").what == ParsedLine::no_record);
    CHECK(parse(" \t").what == ParsedLine::no_record);
}

TEST_CASE("what does not fit is told by its path, with what was seen and expected") {
    auto const problem = [](std::string const& members) {
        return parse("{\"age\":1,\"name\":\"\",\"scores\":[],\"new\":true" + members + "}").problem;
    };
    CHECK(problem(",\"age\":256")
          == "column \"age\" is 256, expected a whole number from 0 to 255");
    CHECK(problem(",\"age\":1.5")
          == "column \"age\" is 1.5, expected a whole number from 0 to 255");
    CHECK(problem(",\"age\":-1") == "column \"age\" is -1, expected a whole number from 0 to 255");
    CHECK(problem(",\"name\":null") == "column \"name\" is null, expected text");
    CHECK(problem(",\"new\":\"true\"")
          == "column \"new\" is the text \"true\", expected true or false");
    CHECK(problem(",\"home\":[]") == "column \"home\" is an array, expected an object");
    CHECK(problem(",\"home\":{\"street\":1}") == "column \"home.street\" is 1, expected text");
    CHECK(problem(",\"home\":{}")
          == "column \"home.street\" is missing; make the field std::optional if it may be");
    CHECK(problem(",\"scores\":[1,{}]") == "column \"scores.1\" is an object, expected a number");
    CHECK(problem(",\"scores\":{}") == "column \"scores\" is an object, expected an array");
    CHECK(parse("{}").problem
          == "column \"age\" is missing; make the field std::optional if it may be");
    CHECK(parse("[1]").problem == "the line is an array, expected an object");
    CHECK(parse("{\"age\":").problem.starts_with("no JSON: "));
}

TEST_CASE("a thousand broken lines are records or problems, and nothing worse") {
    std::mt19937 random(1001);
    std::string const alphabet("{}[]\",:\\ 0e-.\0\xffntu\n", 20);
    int problems = 0;
    for (int i = 0; i < 1000; ++i) {
        std::string line =
            R"({"age":1,"name":"x\n","home":{"street":"y","number":1},"scores":[1e3],"new":true})";
        for (unsigned change = random() % 4; change > 0; --change) {
            std::size_t const at = random() % line.size();
            if (random() % 4 == 0)
                line.resize(at + 1);
            else if (random() % 2)
                line[at] = alphabet[random() % alphabet.size()];
            else
                line.insert(at, random() % 70, alphabet[random() % alphabet.size()]);
        }
        Parsed const parsed = parse(line);
        if (parsed.what == ParsedLine::record) continue;
        ++problems;
        CHECK_FALSE(parsed.problem.empty());
    }
    CHECK(problems > 300);
}
