#include "serry/source/csv_line.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

using Texts = std::vector<std::string>;

/// The fields of a line, unescaped; nothing but the problem if it is bad.
Texts fields_of(std::string const& text, char delimiter = ',', char quote = '"') {
    std::string const padded = text + std::string(CsvLine::padding, '"');
    CsvLine line(delimiter, quote);
    if (!line.split(std::string_view(padded).substr(0, text.size()))) return {line.problem()};
    Arena arena;
    Texts fields;
    for (std::size_t i = 0; i < line.field_count(); ++i)
        fields.emplace_back(unescaped(line.field(i), quote, arena));
    return fields;
}

/// The same, one byte after the other; nothing if the line is bad.
Texts fields_one_by_one(std::string const& text) {
    Texts fields{""};
    enum { begin, plain, quoted, closed } state = begin;
    for (char const c : text) {
        if (state == quoted) {
            if (c == '"')
                state = closed;
            else
                fields.back() += c;
        } else if (c == ',') {
            fields.emplace_back();
            state = begin;
        } else if (c == '"') {
            if (state == plain) return {};
            if (state == closed) fields.back() += '"';
            state = quoted;
        } else {
            if (state == closed) return {};
            fields.back() += c;
            state = plain;
        }
    }
    return state == quoted ? Texts() : fields;
}

}  // namespace

TEST_CASE("a line is cut at its delimiters") {
    CHECK(fields_of("") == Texts{""});
    CHECK(fields_of("a") == Texts{"a"});
    CHECK(fields_of(",") == Texts{"", ""});
    CHECK(fields_of("a,b;c,,d") == Texts{"a", "b;c", "", "d"});
    CHECK(fields_of("a\tb,c", '\t') == Texts{"a", "b,c"});
    CHECK(fields_of("a\xff\xff", '\xff') == Texts{"a", "", ""});
}

TEST_CASE("delimiters in quotes are text, and two quotes in quotes are one") {
    CHECK(fields_of(R"("a,b",c)") == Texts{"a,b", "c"});
    CHECK(fields_of(R"("","""",", "",")") == Texts{"", "\"", ", \","});
    CHECK(fields_of("'a,''b','',c\"d", ',', '\'') == Texts{"a,'b", "", "c\"d"});
    CHECK(fields_of("\"a\nb\",c") == Texts{"a\nb", "c"});
}

TEST_CASE("without a quote character quotes are text") {
    CHECK(fields_of(R"("a,b",c"d)", ',', 0) == Texts{"\"a", "b\"", "c\"d"});
}

TEST_CASE("fields know whether they were quoted") {
    std::string const text = "\"a\",b,\"\",,\"c\"\"\"" + std::string(CsvLine::padding, ' ');
    CsvLine line(',', '"');
    REQUIRE(line.split(std::string_view(text).substr(0, text.size() - CsvLine::padding)));
    REQUIRE(line.field_count() == 5);
    CHECK(line.field(0).is_quoted);
    CHECK_FALSE(line.field(1).is_quoted);
    CHECK(line.field(2).is_quoted);
    CHECK(line.field(2).text.empty());
    CHECK_FALSE(line.field(3).is_quoted);
    CHECK(line.field(4).has_escapes);
    CHECK(line.field(4).text == "c\"\"");
}

TEST_CASE("quotes that are wrong are told") {
    std::string const open =
        "a quote is open at the line's end, expected one that closes it; if "
        "fields may hold line ends, set quoted_newlines";
    CHECK(fields_of("a,\"b") == Texts{open});
    CHECK(fields_of("\"") == Texts{open});
    CHECK(fields_of("\"a\"\"") == Texts{open});
    CHECK(fields_of("x,5\" pipe,2\" pipe")
          == Texts{"a quote is inside of field 2, \"5\" pipe,2\" pipe\", expected quotes around a "
                   "field, and twice within; if quotes are characters as others here, set quote "
                   "to 0"});
    CHECK(fields_of("\"a\"b\"c\"")[0].starts_with("a quote is inside of field 1, "));
    CHECK(fields_of("a\"\"")[0].starts_with("a quote is inside of field 1, "));
    CHECK(fields_of("\"a\" ")[0].starts_with("a quote is inside of field 1, "));
}

TEST_CASE("random lines of all lengths are cut as a byte-wise reader cuts them") {
    std::mt19937 random(2);
    int good = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text(random() % (i % 10 ? 12 : 3000), 'x');
        unsigned const quote_share = 1 + random() % 20;
        for (char& c : text)
            c = random() % 4 ? (random() % quote_share ? 'a' : '"') : (random() % 2 ? ',' : '"');
        Texts const expected = fields_one_by_one(text);
        Texts const seen = fields_of(text);
        if (expected.empty()) {
            CHECK(seen.size() == 1);
            CHECK(seen[0].starts_with("a quote is "));
        } else {
            ++good;
            CHECK((seen == expected));
        }
    }
    CHECK(good > 1000);
}
