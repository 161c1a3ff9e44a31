// Law 2: user code runs inside tasks, MPI between them. What a function throws while others are in
// the midst of an exchange never leaves a rank waiting, nor a message that the next stage would
// meet.
#include <doctest/doctest.h>

#include "support/launched_job.hpp"

using namespace serry::test;

/// Tables of a few slots and small rounds: the ranks exchange all the time.
static void check_failures(int rank_count, std::vector<std::string> const& environment) {
    CAPTURE(rank_count);
    JobResult const result = run_job(rank_count, {LAWS_LAW2_JOB_PROGRAM, "--quiet"}, environment);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    CHECK(result.out == "12 stages failed\n");
    CHECK(result.err == "");
}

TEST_CASE("a throw between exchanges ends the stage on all ranks, and the next one goes well") {
    for (int rank_count : {2, 3})
        check_failures(rank_count,
                       {"SERRY_TABLE_SLOTS=16", "SERRY_ROUND_BYTES=2KiB", "SERRY_MEMORY=64KiB"});
}

TEST_CASE("... when there is one exchange, at the end, of many rounds") {
    check_failures(3, {"SERRY_ROUND_BYTES=500"});
}

TEST_CASE("... and with one rank, and with more ranks than cores") {
    check_failures(1, {"SERRY_TABLE_SLOTS=16", "SERRY_MEMORY=64KiB"});
    check_failures(7, {"SERRY_TABLE_SLOTS=16", "SERRY_MEMORY=64KiB"});
}
