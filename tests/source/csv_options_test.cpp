#include "serry/source/csv_options.hpp"

#include <doctest/doctest.h>

#include "source/input_file.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("the defaults fit together, and so do files without quotes or comments") {
    check_options({}, "read_csv");
    check_options({.delimiter = '\t', .quote = 0, .comment = '#'}, "read_csv");
}

TEST_CASE("characters that mean two things are told") {
    auto const message = [](CsvOptions const& options) {
        return message_of([&] { check_options(options, "read_csv (job.cpp:7)"); });
    };
    CHECK(message({.delimiter = 0})
          == "read_csv (job.cpp:7): the delimiter is the byte 0, expected another one; choose "
             "characters that differ");
    CHECK(message({.quote = ','})
          == "read_csv (job.cpp:7): the quote is the byte 44, which is the delimiter, too, "
             "expected another one; choose characters that differ");
    CHECK(message({.comment = '"'})
          == "read_csv (job.cpp:7): the comment character is the byte 34, which is the quote, too, "
             "expected another one; choose characters that differ");
    CHECK(message({.delimiter = '\n'})
          == "read_csv (job.cpp:7): the delimiter is the byte 10, which is the line end, too, "
             "expected another one; choose characters that differ");
    CHECK(exit_code_of([] { check_options({.delimiter = '\r'}, ""); }) == ExitCode::usage);
}
