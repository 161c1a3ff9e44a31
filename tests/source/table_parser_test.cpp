#include "serry/source/table_parser.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "source/compress.hpp"
#include "source/csv_text.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Rows = std::vector<OwnRow>;

/// What may go wrong between a file and its rows.
std::string const nasty_text =
    "\xef\xbb\xbf"
    "#comment\r\n"
    "\n"
    "note,id,\"new\",name,score,more\r\n"
    ",1,true,one,1.5,\r\n"
    "\r\n"
    "\"a,\"\"b\"\"\", 2 ,false,\"\",,x\n"
    "\"line\none\r\n\"\"three\"\"\n\",3,1,\"\n\",-inf,\"\"\n"
    "\n"
    "\"\",-4,0,\xc3\xa4\n"  // too few fields, as is written below
    "\"\",-5,0,\xc3\xa4,1e3,\"\n\n\"\n"
    "last,6,True,\"q\"\"\",,";
Rows const nasty_rows{{1, "one", 1.5, true, std::nullopt},
                      {2, "", std::nullopt, false, "a,\"b\""},
                      {3, "\n", -HUGE_VAL, true, "line\none\r\n\"three\"\n"},
                      {-5, "\u00e4", 1000.0, false, ""},
                      {6, "q\"", std::nullopt, true, "last"}};
CsvOptions nasty_options() {
    CsvOptions options;
    options.quoted_newlines = true;
    options.comment = '#';
    options.bad_lines = BadLines::drop;
    return options;
}

struct Fixture {
    TempDir dir;

    std::string at(std::string const& name) const { return (dir / name).string(); }

    /// The rows of a text that is cut at these offsets.
    CsvStage& read(std::string_view text,
                   std::vector<std::uint64_t> cuts,
                   CsvOptions const& options = {}) {
        write_file(dir / "in.csv", text);
        stage = std::make_unique<CsvStage>(std::vector{at("in.csv")}, options);
        SplitList list{.files = {input_file(at("in.csv"))}};
        cuts.insert(cuts.begin(), 0);
        cuts.push_back(text.size());
        std::vector<bool> is_quoted;
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
            list.splits.push_back({0, cuts[i], cuts[i + 1]});
            is_quoted.push_back(is_quoted_at(text, cuts[i], options.quote));
        }
        stage->text().set_splits(list);
        if (options.quoted_newlines) stage->text().set_quote(options.quote, is_quoted);
        stage->run_all();
        return *stage;
    }

    std::unique_ptr<CsvStage> stage;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "wherever a text is cut, its rows are the same, each once") {
    for (std::uint64_t first = 0; first <= nasty_text.size(); ++first) {
        CsvStage& cut = read(nasty_text, {first}, nasty_options());
        CHECK(cut.rows == nasty_rows);
        CHECK(cut.bad_lines == 1);
        for (std::uint64_t second = first; second <= nasty_text.size(); second += 3) {
            CsvStage& cut_twice = read(nasty_text, {first, second}, nasty_options());
            CHECK(cut_twice.rows == nasty_rows);
            CHECK(cut_twice.bad_lines == 1);
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "without quoted line ends, cutting anywhere gives the same rows, too") {
    std::string text =
        "\xef\xbb\xbf"
        "id,name,score,new,note\n";
    Rows expected;
    for (int i = 0; i < 12; ++i) {
        text += std::to_string(i) + ",\"n,\"\"" + std::to_string(i * i) + "\",,0,\r\n";
        expected.emplace_back(i, "n,\"" + std::to_string(i * i));
    }
    for (std::uint64_t cut = 0; cut <= text.size(); ++cut) {
        CHECK(read(text, {cut}).rows == expected);
        CHECK(read(text, {cut, std::min(cut + 9, text.size())}).rows == expected);
    }
}

TEST_CASE_FIXTURE(Fixture,
                  "compressed files and small files in one partition have headers of their own") {
    std::string const other = "name,id,note,score,new\nx,7,,,0\n";
    write_file(dir / "in/1.csv.gz", gzip(nasty_text));
    write_file(dir / "in/2.csv", other);
    write_file(dir / "in/3.csv.zst", zstd(nasty_text));
    write_file(dir / "in/4.csv", other);
    CsvOptions options = nasty_options();
    options.partition_count = 1;
    CsvStage table({at("in")}, options);
    table.plan();
    table.text().set_quote('"', {});
    table.run_all();
    Rows expected = nasty_rows;
    expected.emplace_back(7, "x");
    expected.insert(expected.end(), nasty_rows.begin(), nasty_rows.end());
    expected.emplace_back(7, "x");
    CHECK(table.rows == expected);
    CHECK(table.records.finish_count == 1);
}

TEST_CASE_FIXTURE(Fixture, "more rows than a batch holds") {
    std::string text = "id,name,score,new,note\n";
    for (int i = 0; i < 5000; ++i) text += std::to_string(i) + ",\"a\"\"b\",,0,c\n";
    CsvStage const& table = read(text, {1000, 20'000, 20'001});
    REQUIRE(table.rows.size() == 5000);
    for (int i = 0; i < 5000; ++i)
        CHECK((table.rows[static_cast<std::size_t>(i)] == OwnRow(i, "a\"b", {}, false, "c")));
}

TEST_CASE_FIXTURE(Fixture,
                  "a bad line is told with file, line, byte, column, what was seen and expected") {
    std::string const header = "id,name,score,new,note\n";
    auto const message = [&](std::string const& line, CsvOptions const& options = {}) {
        return message_of([&] { read(header + "1,a,,0,\n" + line + "\n2,b,,0,\n", {}, options); });
    };
    auto const expected = [&](std::string const& line, std::string const& problem) {
        return at("in.csv") + ":3 (byte 31): " + problem + "; the line is \"" + line
               + "\"; mend it, or set bad_lines to BadLines::drop or BadLines::keep";
    };
    CHECK(message("x,a,,0,")
          == expected("x,a,,0,",
                      "column \"id\" is \"x\", expected a whole number from -9223372036854775808 "
                      "to 9223372036854775807"));
    CHECK(message("1,a,1.5.5,0,")
          == expected("1,a,1.5.5,0,", "column \"score\" is \"1.5.5\", expected a number"));
    CHECK(message("1,a,,no,")
          == expected("1,a,,no,", "column \"new\" is \"no\", expected true or false"));
    CHECK(message("1,a,0") == expected("1,a,0", "3 fields, expected 5 (id,name,score,new,note)"));
    CHECK(message("1,\"a,,0,")
          == expected("1,\"a,,0,",
                      "a quote is open at the line's end, expected one that closes it; if fields "
                      "may hold line ends, set quoted_newlines"));
    CHECK(exit_code_of([&] { message("x"), stage->run(0); }) == ExitCode::input);
}

TEST_CASE_FIXTURE(Fixture, "a thrown problem names the step and the record") {
    write_file(dir / "in.csv", "id,name,score,new,note\n1,a,,0,\nx\n");
    CsvStage table({at("in.csv")}, {});
    table.plan();
    try {
        table.run(0);
        FAIL("nothing thrown");
    } catch (TaskFailure const& failure) {
        CHECK(failure.step()->label() == "parse (job.cpp:7)");
        CHECK(failure.record() == 2);
        CHECK(failure.exit_code() == ExitCode::input);
    }
}

TEST_CASE("a problem with a column names it, what was seen and what was expected") {
    CHECK(column_problem("age", "x\n", "a number")
          == "column \"age\" is \"x\\n\", expected a number");
}
