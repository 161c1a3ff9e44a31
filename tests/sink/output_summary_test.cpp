#include "serry/sink/output_summary.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

OutputSummary const summary{"2024-05-17-7f3a", 2, "word_count.cpp:12", 64, 1000000, 15728640};
std::string const text =
    "serry_output 1\n"
    "job 2024-05-17-7f3a\n"
    "action 2\n"
    "call_site word_count.cpp:12\n"
    "partitions 64\n"
    "records 1000000\n"
    "bytes 15728640\n";

}  // namespace

TEST_CASE("a summary's text is the documented one") { CHECK(to_text(summary) == text); }

TEST_CASE("a summary reads back as it was") {
    CHECK(output_summary_from_text(text) == summary);
    OutputSummary const odd{"", ~0UL, "a file with spaces.cpp:1", 0, ~0UL, 0};
    CHECK(output_summary_from_text(to_text(odd)) == odd);
}

TEST_CASE("a summary that is cut short anywhere is none") {
    for (std::size_t length = 0; length < text.size(); ++length)
        CHECK_FALSE(output_summary_from_text(text.substr(0, length)));
}

TEST_CASE("texts of other programs are no summaries") {
    CHECK_FALSE(output_summary_from_text(""));  // Hadoop's _SUCCESS is empty
    CHECK_FALSE(output_summary_from_text("{\"name\": \"org.apache.hadoop\"}"));
    CHECK_FALSE(output_summary_from_text("serry_output 2" + text.substr(14)));
    CHECK_FALSE(output_summary_from_text(text + "more\n"));
    std::string damaged = text;
    damaged[text.find("64")] = 'x';
    CHECK_FALSE(output_summary_from_text(damaged));
    damaged = text;
    damaged[text.find("records")] = 'R';
    CHECK_FALSE(output_summary_from_text(damaged));
}
