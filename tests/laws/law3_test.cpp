// Law 3: a stage ends in agreement. All ranks throw the same StageError, which says where it came
// from, and a stage that lost a record is an error.
#include <algorithm>
#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry::test;

namespace {

/// What the stage of a case threw, which must be the same on all ranks, and be what the user reads.
std::string error_of(std::string const& name, int rank_count, std::string const& input = "-") {
    CAPTURE(name);
    CAPTURE(rank_count);
    TempDir const dir;
    JobResult const result =
        run_job(rank_count, {LAWS_LAW3_JOB_PROGRAM, name, dir.path(), input, "--quiet"});
    CHECK_FALSE(result.timed_out);
    std::string const error = without_host(read_file(dir / "0"));
    for (int rank = 1; rank < rank_count; ++rank)
        CHECK(without_host(read_file(dir / std::to_string(rank))) == error);
    REQUIRE(result.errors.size() == 1);
    CHECK(std::to_string(result.exit_code) + ' ' + result.errors[0] == error);
    return error;
}

}  // namespace

TEST_CASE("the error names stage, rank, host, partition, operator, call site and record") {
    std::string const rank_of_7[] = {"", "0", "1", "2"};
    for (int rank_count : {1, 2, 3})
        CHECK(error_of("one", rank_count)
              == "66 stage 1 (iota > map > count) failed on rank " + rank_of_7[rank_count]
                     + " (HOST), partition 7 of 8, in map (job.cpp:2), record 3: std::out_of_range: "
                       "number 73");
}

TEST_CASE("of many failures the one in the lowest partition is told") {
    for (int rank_count : {2, 3})
        CHECK(error_of("all", rank_count)
              == "66 stage 1 (iota > map > count) failed on rank 0 (HOST), partition 0 of 8, in map "
                 "(job.cpp:2), record 0: std::out_of_range: number 0");
}

TEST_CASE("the error names the file and the bytes of the batch") {
    TempDir const dir;
    std::string const path = dir / "input";
    // 4 partitions of 30 bytes; the bad line is the second of the third.
    write_file(path,
               "aaaa\nbbbb\ncccc\ndddd\neeee\nffff\n"
               "aaaa\nbbbb\ncccc\ndddd\neeee\nffff\n"
               "aaaa\nbad\nccccc\ndddd\neeee\nffff\n"
               "aaaa\nbbbb\ncccc\ndddd\neeee\nffff\n");
    for (int rank_count : {2, 4})
        CHECK(error_of("input", rank_count, path)
              == "66 stage 1 (read_text > map > count) failed on rank " + std::to_string(rank_count / 2)
                     + " (HOST), partition 2 of 4, in map (job.cpp:2), record 1: std::runtime_error: a "
                       "bad line (reading "
                     + path + ", bytes 60 to 90)");
}

TEST_CASE("a combiner that throws where partitions are merged is told as such") {
    for (int rank_count : {2, 3}) {
        std::string const error = error_of("merge", rank_count);
        std::regex const expected(
            "66 stage 1 \\(iota > map > filter > reduce_by_key\\) failed on rank \\d \\(HOST\\), "
            "merging partition [0-4] of the result, in reduce_by_key \\(job.cpp:4\\), record \\d+: "
            "std::overflow_error: 8 is too much");
        CHECK_MESSAGE(std::regex_match(error, expected), error);
    }
}

TEST_CASE("a stage in which a record was lost fails") {
    CHECK(error_of("conservation", 2)
          == "76 stage 1 (iota > lie): 2 records in 0 bytes were sent, 0 in 0 bytes received, expected "
             "the same; the result would be wrong and is thrown away: run the job again, and report it");
}
