#include "serry/source/csv_parser.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "source/csv_text.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Parsed {
    std::vector<OwnRow> rows;
    std::vector<std::string> problems;
};

/// Parse lines that lie in no file.
Parsed parse(std::vector<std::string> const& lines, CsvOptions const& options = {}) {
    CsvParser<Row> parser(options);
    parser.begin_text("in.csv");
    Parsed parsed;
    Row row;
    for (std::string const& line : lines) {
        Arena arena;
        std::string const padded = line + std::string(CsvLine::padding, '\0');
        switch (parser.parse(std::string_view(padded).substr(0, line.size()), row, arena)) {
            case ParsedLine::record:
                parsed.rows.emplace_back(row);
                break;
            case ParsedLine::bad:
                parsed.problems.push_back(parser.problem());
                break;
            case ParsedLine::no_record:
                break;
        }
    }
    return parsed;
}

struct WithChar {
    char c;
};
struct Unnamed {
    int id;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<WithChar> = serry::names("c");

TEST_CASE("structs with names and fields that a table has are rows") {
    CHECK(CsvRow<Row>);
    CHECK_FALSE(CsvRow<WithChar>);
    CHECK_FALSE(CsvRow<Unnamed>);
    CHECK_FALSE(CsvRow<int>);
}

TEST_CASE("an optional field is nothing if it is empty or the null text, but not in quotes") {
    CsvOptions const options{.has_header = false, .null_text = "NA"};
    CHECK(parse({"1,NA,NA,0,NA", "1,,,0,", "1,,2,0,\"\"", "1,,2,0,\"NA\""}, options).rows
          == std::vector<OwnRow>{
              {1, "NA"}, {1, ""}, {1, "", 2.0, false, ""}, {1, "", 2.0, false, "NA"}});
}

TEST_CASE("a field that is not optional cannot be empty, but text can") {
    Parsed const parsed = parse({",a,,0,", "1,a,,,"}, {.has_header = false});
    CHECK(parsed.rows.empty());
    CHECK(parsed.problems
          == std::vector<std::string>{
              "column \"id\" is \"\", expected a whole number from -9223372036854775808 to "
              "9223372036854775807",
              "column \"new\" is \"\", expected true or false"});
}

TEST_CASE("other delimiters, quotes and comments") {
    CsvOptions const options{.delimiter = '\t', .quote = '\'', .comment = '#'};
    CHECK(parse({"# made by hand", "", "note\tid\tname\tscore\tnew", "#", "'x\ty'\t1\t\"\t\t1"},
                options)
              .rows
          == std::vector<OwnRow>{{1, "\"", std::nullopt, true, "x\ty"}});
}

TEST_CASE("a row does not remember the one before") {
    CHECK(parse({"1,a,1,1,long text that takes memory of its own", "2,,,0,", "3,c,3,0,d"},
                {.has_header = false})
              .rows
          == std::vector<OwnRow>{{1, "a", 1.0, true, "long text that takes memory of its own"},
                                 {2, ""},
                                 {3, "c", 3.0, false, "d"}});
}

TEST_CASE("a thousand broken tables give rows or problems, and nothing worse") {
    std::mt19937 random(1000);
    std::string const alphabet("\"\",,,\n\r\0 01x#;\t\xff-.e\\'u", 22);
    std::uint64_t problems = 0;
    std::uint64_t rows = 0;
    for (int i = 0; i < 1000; ++i) {
        std::vector<std::string> lines{"id,name,score,new,note"};
        for (unsigned k = random() % 20; k > 0; --k) {
            std::string line = "17,\"a name\",2.5,true,\"no \"\"te\"";
            for (unsigned change = random() % 4; change > 0; --change) {
                std::size_t const at = random() % (line.size() + 1);
                char const c = alphabet[random() % alphabet.size()];
                if (random() % 2)
                    line.insert(at, 1 + random() % 70, c);
                else if (at < line.size())
                    line[at] = c;
                else
                    line.resize(random() % (line.size() + 1));
            }
            lines.push_back(line);
        }
        CsvOptions options;
        options.has_header = random() % 10 != 0;
        options.quote = random() % 4 ? '"' : 0;
        if (random() % 8 == 0) lines[0][random() % lines[0].size()] = 'i';
        try {
            Parsed const parsed = parse(lines, options);
            problems += parsed.problems.size();
            rows += parsed.rows.size();
            for (std::string const& problem : parsed.problems)
                CHECK(problem.find("expected ") != std::string::npos);
        } catch (InputError const& error) {
            ++problems;
            CHECK(std::string_view(error.what()).starts_with("in.csv: "));
        }
    }
    CHECK(problems > 1000);
    CHECK(rows > 1000);
}
