#include "serry/sink/row_format.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/json.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Place {
    std::string street;
};
struct Row {
    std::int8_t id = 0;
    std::string_view name;
    std::optional<double> score;
    bool is_new = false;
    std::optional<std::string> note;
};
struct Nested {
    std::vector<Place> places;
    float x = 0;
    std::vector<bool> flags;
};
struct Only {
    std::string_view text;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<Place> = serry::names("street");
template <>
inline constexpr auto serry::field_names<Row> = serry::names("id", "name", "score", "new", "a,b");
template <>
inline constexpr auto serry::field_names<Nested> = serry::names("places", "x", "flags");
template <>
inline constexpr auto serry::field_names<Only> = serry::names("text");

namespace {

template <typename T>
std::string csv_of(T const& record, CsvWriteOptions options = {}) {
    ByteWriter line;
    CsvFormat<T>(options).append(record, line);
    return std::string(line.view());
}
template <typename T>
std::string json_of(T const& record) {
    ByteWriter line;
    JsonFormat<T>().append(record, line);
    CHECK(is_json(line.view()));
    return std::string(line.view());
}

}  // namespace

TEST_CASE("rows of CSV have quotes where needed, and nothing is told from empty text") {
    CHECK(csv_of(Row{1, "plain", 0.1, true, "x y"}) == "1,plain,0.1,true,x y");
    CHECK(csv_of(Row{-1, "a,\"b\"", {}, false, ""}) == "-1,\"a,\"\"b\"\"\",,false,\"\"");
    CHECK(csv_of(Row{0, "a\nb", 1e300, false, "\r"}) == "0,\"a\nb\",1e+300,false,\"\r\"");
    CHECK(csv_of(Row{0, "\xef\xbb\xbf", 2, false, {}}) == "0,\"\xef\xbb\xbf\",2,false,");
    CHECK(csv_of(Row{0, "a,b\tc", 2, false, {}}, {.delimiter = '\t'})
          == "0\t\"a,b\tc\"\t2\tfalse\t");
}

TEST_CASE("an only column is never a blank line") {
    CHECK(csv_of(Only{""}) == "\"\"");
    CHECK(csv_of(Only{"x"}) == "x");
}

TEST_CASE("a part of CSV begins with the columns' names, if wanted") {
    ByteWriter text;
    CsvFormat<Row>({}).begin_part(text);
    CHECK(text.view() == "id,name,score,new,\"a,b\"\n");
    text.clear();
    CsvFormat<Row>({.has_header = false}).begin_part(text);
    CHECK(text.empty());
}

TEST_CASE("rows of JSON hold structs, vectors, null and what JSON has no numbers for") {
    CHECK(json_of(Row{1, "a\"\\\n\t\x01\u00e4", {}, true, "x"})
          == R"({"id":1,"name":"a\"\\\n\t\u0001)"
             "\u00e4"
             R"(","score":null,"new":true,"a,b":"x"})");
    CHECK(json_of(Nested{{{"x"}, {"y"}}, 0.1F, {true, false}})
          == R"({"places":[{"street":"x"},{"street":"y"}],"x":0.1,"flags":[true,false]})");
    CHECK(json_of(Nested{{}, HUGE_VALF, {}}) == R"({"places":[],"x":"Infinity","flags":[]})");
    CHECK(json_of(Nested{{}, -HUGE_VALF, {}}) == R"({"places":[],"x":"-Infinity","flags":[]})");
    CHECK(json_of(Row{1, "", std::nan(""), true, {}})
          == R"({"id":1,"name":"","score":"NaN","new":true,"a,b":null})");
    CHECK(json_of(Only{std::string_view("\0", 1)}) == R"({"text":"\u0000"})");
}

TEST_CASE("text that is not UTF-8 is no JSON, which is told") {
    ByteWriter line;
    CHECK(thrown([&] { rows::append_json_text("a\xff", line); })
          == "InputError 65: text that is not UTF-8 cannot be written as JSON; turn it into UTF-8 "
             "first, or write it with write_csv, which takes all bytes");
}
