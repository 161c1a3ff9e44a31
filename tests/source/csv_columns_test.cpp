#include "serry/source/csv_columns.hpp"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "source/input_file.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::array<std::string_view, 2> fields{"id", "country"};

std::string padded(std::string_view line) {
    return std::string(line) + std::string(CsvLine::padding, '\0');
}

/// What is said of a header.
std::string message_of_header(std::string const& header, CsvOptions const& options = {}) {
    CsvColumns columns(options, fields);
    columns.begin_text("in.csv");
    std::string const text = padded(header);
    return message_of(
        [&] { columns.take_header(std::string_view(text).substr(0, header.size())); });
}

}  // namespace

TEST_CASE("columns are found by the header's names, in any order, others beside them") {
    CsvOptions const options;
    CsvColumns columns(options, fields);
    columns.begin_text("in.csv");
    CHECK(columns.wants_header());
    std::string const header = R"(x,"country",y,id)";
    columns.take_header(std::string_view(padded(header)).substr(0, header.size()));
    CHECK_FALSE(columns.wants_header());
    CHECK(columns.column_count() == 4);
    CHECK(columns.column(0) == 3);
    CHECK(columns.column(1) == 1);
    CHECK(columns.count_problem(1) == "1 field, expected 4 (x,\"country\",y,id)");
}

TEST_CASE("without a header, columns are the fields") {
    CsvOptions const options{.delimiter = ';', .has_header = false};
    CsvColumns columns(options, fields);
    columns.begin_text("in.csv");
    CHECK_FALSE(columns.wants_header());
    CHECK(columns.column_count() == 2);
    CHECK(columns.column(1) == 1);
    CHECK(columns.count_problem(3) == "3 fields, expected 2 (id;country)");
}

TEST_CASE("a header that does not fit is told") {
    CHECK(message_of_header("id;country")
          == "in.csv: no column \"id\"; the header is \"id;country\"; name the struct's fields as "
             "the file does (serry::field_names), check the delimiter, or set has_header to false");
    CHECK(message_of_header("id,country,id")
          == "in.csv: two columns \"id\", expected one; the header is \"id,country,id\"; rename "
             "one");
    CHECK(message_of_header("id,\"country")
          == "in.csv: the header: a quote is open at the line's end, expected one that closes it; "
             "if fields may hold line ends, set quoted_newlines; it is \"id,\"country\"");
}

TEST_CASE(
    "blank lines and comments are passed over, but a blank line may be a column's only field") {
    CsvOptions const options{.has_header = false, .comment = '#'};
    CsvColumns const two(options, fields);
    CHECK(two.is_passed_over(""));
    CHECK(two.is_passed_over("#1,x"));
    CHECK_FALSE(two.is_passed_over("1,#"));
    CsvColumns const one(options, std::span(fields).first(1));
    CHECK_FALSE(one.is_passed_over(""));
}

TEST_CASE("a split behind the header looks it up, however long it is and whatever stands before") {
    TempDir const dir;
    std::string const path = (dir / "in.csv").string();
    CsvOptions const options{.quoted_newlines = true, .comment = '#'};
    for (std::size_t const byte_count : {std::size_t{1}, std::size_t{5000}, std::size_t{70'000}}) {
        std::string const text = "\xef\xbb\xbf#comment\r\n\r\n\"" + std::string(byte_count, 'x')
                                 + "\n\",country,id\r\n,de,1\n";
        write_file(path, text);
        InputFile const pinned = input_file(path);
        PinnedFile file(pinned);
        CsvColumns columns(options, fields);
        columns.begin_split(file, {0, 0, 4});
        CHECK(columns.wants_header());
        columns.begin_split(file, {0, text.size() - 3, text.size()});
        CHECK_FALSE(columns.wants_header());
        CHECK(columns.column_count() == 3);
        CHECK(columns.column(0) == 2);
    }
}

TEST_CASE("a file without line ends has no header to be found, which is told before all is read") {
    TempDir const dir;
    std::string const path = (dir / "in.csv").string();
    write_file(path, std::string(70'000'000, 'x'));
    InputFile const pinned = input_file(path);
    PinnedFile file(pinned);
    CsvOptions const options;
    CsvColumns columns(options, fields);
    CHECK(message_of([&] { columns.begin_split(file, {0, 69'000'000, 70'000'000}); })
          == path
                 + ": no header with a line end in its first 16.0 MiB, expected the columns' "
                   "names; mend it, or set has_header to false");
}
