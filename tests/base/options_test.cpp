#include "serry/base/options.hpp"

#include <string>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "support/environment.hpp"

using namespace serry;
using namespace serry::test;

namespace {

template <typename Call>
std::string usage_error(Call call) {
    try {
        call();
    } catch (UsageError const& error) {
        CHECK(error.exit_code() == ExitCode::usage);
        return error.what();
    }
    return "nothing thrown";
}

}  // namespace

TEST_CASE("nothing in the environment leaves the defaults") {
    Options const options = options_from_environment();
    CHECK(options.memory_bytes == 0);
    CHECK(options.scratch == "/tmp");
    CHECK(options.partition_count == 0);
    CHECK_FALSE(options.overwrite);
    CHECK(options.collect_limit_bytes == std::uint64_t{1} << 30);
    CHECK(options.table_slots == 0);
    CHECK(options.round_bytes == 0);
    CHECK(options.route == "auto");
    CHECK(options.direct_bytes == 0);
    CHECK(options.ranks_per_node == 0);
    CHECK(options.progress == "auto");
    CHECK_FALSE(options.quiet);
    CHECK(options.events.empty());
}

TEST_CASE("every option is read from its variable") {
    Environment const environment{{"SERRY_MEMORY", "2GiB"},       {"SERRY_SCRATCH", "/local"},
                                  {"SERRY_PARTITIONS", "48"},     {"SERRY_OVERWRITE", "1"},
                                  {"SERRY_COLLECT_LIMIT", "64k"}, {"SERRY_TABLE_SLOTS", "4096"},
                                  {"SERRY_ROUND_BYTES", "17"},    {"SERRY_PROGRESS", "lines"},
                                  {"SERRY_QUIET", "yes"},         {"SERRY_EVENTS", "log.jsonl"},
                                  {"SERRY_ROUTE", "sparse"},      {"SERRY_DIRECT_BYTES", "9"},
                                  {"SERRY_RANKS_PER_NODE", "3"}};
    Options const options = options_from_environment();
    CHECK(options.memory_bytes == std::uint64_t{2} << 30);
    CHECK(options.scratch == "/local");
    CHECK(options.partition_count == 48);
    CHECK(options.overwrite);
    CHECK(options.collect_limit_bytes == 65536);
    CHECK(options.table_slots == 4096);
    CHECK(options.round_bytes == 17);
    CHECK(options.route == "sparse");
    CHECK(options.direct_bytes == 9);
    CHECK(options.ranks_per_node == 3);
    CHECK(options.progress == "lines");
    CHECK(options.quiet);
    CHECK(options.events == "log.jsonl");
}

TEST_CASE("a variable that cannot be read is named") {
    auto const error_of = [](char const* name, char const* text) {
        Environment const environment{{name, text}};
        return usage_error([] { options_from_environment(); });
    };
    CHECK(error_of("SERRY_MEMORY", "much")
          == "SERRY_MEMORY: \"much\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(error_of("SERRY_PARTITIONS", "-1")
          == "SERRY_PARTITIONS: \"-1\" is no count; expected a whole number from 0 on");
    CHECK(error_of("SERRY_OVERWRITE", "maybe")
          == "SERRY_OVERWRITE: \"maybe\" is neither yes nor no; expected 1 or 0");
    CHECK(error_of("SERRY_SCRATCH", "") == "SERRY_SCRATCH: nothing given; expected a path");
    CHECK(error_of("SERRY_PROGRESS", "loud")
          == "SERRY_PROGRESS: \"loud\" is unknown; expected auto, bar, lines or off");
}

TEST_CASE("counts are whole numbers of up to 64 bits") {
    CHECK(count_option("--top", "0") == 0);
    CHECK(count_option("--top", "007") == 7);
    CHECK(count_option("--top", "18446744073709551615") == ~std::uint64_t{0});
    for (char const* text :
         {"", " 1", "1 ", "1k", "1.5", "+1", "-1", "0x10", "18446744073709551616"})
        CHECK(usage_error([&] { count_option("--top", text); })
              == std::string("--top: \"") + text
                     + "\" is no count; expected a whole number from 0 on");
}

TEST_CASE("there is a largest number of partitions") {
    CHECK(partition_count_option("--partitions", "16777216") == most_partitions);
    CHECK(usage_error([] { partition_count_option("--partitions", "16777217"); })
          == "--partitions: 16777217 is too many; expected at most 16,777,216");
    CHECK(usage_error([] { partition_count_option("--partitions", "all"); })
          == "--partitions: \"all\" is no count; expected a whole number from 0 on");
    Environment const environment{{"SERRY_PARTITIONS", "999999999"}};
    CHECK(usage_error([] { options_from_environment(); })
          == "SERRY_PARTITIONS: 999999999 is too many; expected at most 16,777,216");
}

TEST_CASE("times have units") {
    CHECK(seconds_option("--mtbf", "90") == 90);
    CHECK(seconds_option("--mtbf", "0.5s") == 0.5);
    CHECK(seconds_option("--mtbf", "15m") == 900);
    CHECK(seconds_option("--mtbf", "24h") == 86400);
    for (char const* text : {"", "0", "-1", "s", "5d", "1 s", "nan", "inf"})
        CHECK(usage_error([&] { seconds_option("--mtbf", text); })
              == std::string("--mtbf: \"") + text
                     + "\" is no time; expected one above 0 like 90s, 15m or 24h");
    CHECK(hang_seconds_option("--hang-timeout", "off") == 0);
    CHECK(hang_seconds_option("--hang-timeout", "1m") == 60);
    Environment const environment{{"SERRY_CHECKPOINT_COMPRESSION", "gzip"}};
    CHECK(usage_error([] { options_from_environment(); })
          == "SERRY_CHECKPOINT_COMPRESSION: \"gzip\" is unknown; expected none, lz4 or zstd");
}

TEST_CASE("flags are said in four ways; nothing is no") {
    for (char const* yes : {"1", "yes", "true", "on"}) CHECK(flag_option("--quiet", yes));
    for (char const* no : {"0", "no", "false", "off", ""}) CHECK_FALSE(flag_option("--quiet", no));
    for (char const* neither : {"2", "YES", "y", " 1"})
        CHECK(usage_error([&] { flag_option("--quiet", neither); })
              == std::string("--quiet: \"") + neither
                     + "\" is neither yes nor no; expected 1 or 0");
}

TEST_CASE("bytes and paths are taken as they are given") {
    CHECK(bytes_option("--memory", "1.5k") == 1536);
    CHECK(usage_error([] { bytes_option("--memory", ""); })
          == "--memory: \"\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(path_option("--output", " a folder") == " a folder");
}
