// Jobs of which nothing comes any more are ended, and who is at fault is named.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault.hpp"

using namespace serry::test;

namespace {

std::string const ending =
    "; the job is ended, and goes on from its checkpoints, if it has any, when it is run again; "
    "--hang-timeout sets how long it may take";

/// Three ranks, of which one goes wrong; the only error, without how long it took.
std::string the_hang(std::string const& name) {
    CAPTURE(name);
    TempDir const dir;
    JobResult const result =
        run_job(3, {FAULTS_HANG_JOB_PROGRAM, name, dir.path(), "--quiet", "--hang-timeout", "1s"});
    std::string const error = the_error(result, 86);
    CHECK(result.seconds < 10);
    CHECK(error.ends_with(ending));
    return error.substr(0, error.size() - std::min(error.size(), ending.size()));
}

}  // namespace

TEST_CASE("a loop in a function of the user's is shown, with where it is") {
    TempDir const dir;
    JobResult const result = run_job(
        3, {FAULTS_HANG_JOB_PROGRAM, "loop", dir.path(), "--quiet", "--hang-timeout", "1s"});
    check_matches(
        the_error(result, 86),
        "rank [0-2] \\(HOST\\) has done nothing for 1\\..* s, and waits for nobody: it is in "
        "stage 3, partition [0-7] \\(reduce_by_key > map > sum\\)"
            + ending);
    CHECK(result.err.find("serry: it is at (addr2line -Cfe PROGRAM ADDRESS tells more):")
          != std::string::npos);
    CHECK(result.err.find("faults_hang_job(") != std::string::npos);
}

TEST_CASE("a read that does not come back is a hang") {
    check_matches(
        the_hang("read"),
        "rank [0-2] \\(HOST\\) has done nothing for 1\\..* s, and waits for nobody: it is in "
        "stage 3, partition [0-7] \\(reduce_by_key > map > sum\\)");
}

TEST_CASE("ranks that wait for each other are a hang") {
    CHECK(the_hang("leave out a call").find("all ranks have waited for each other for 1.") == 0);
}

TEST_CASE("a rank that takes its time, and says so, is none; nor are those that wait for it") {
    TempDir const dir;
    JobResult const result = run_job(
        3, {FAULTS_HANG_JOB_PROGRAM, "slow", dir.path(), "--quiet", "--hang-timeout", "600ms"});
    CHECK(result.exit_code == 2);  // no such unit
    JobResult const slow = run_job(
        3, {FAULTS_HANG_JOB_PROGRAM, "slow", dir.path(), "--quiet", "--hang-timeout", "0.6"});
    CHECK_MESSAGE(slow.exit_code == 0, slow.err);
    CHECK(slow.out == "4\n");
    CHECK(slow.seconds > 2);
}

TEST_CASE("a crash is told, with what the rank was doing, and ends as it does otherwise") {
    TempDir const dir;
    JobResult const result =
        run_job(2, {FAULTS_HANG_JOB_PROGRAM, "crash once", dir.path(), "--quiet"});
    CHECK(result.exit_code == 139);
    auto const told = lines_after(without_host(result.err), "serry: crash: ");
    REQUIRE(told.size() == 1);
    check_matches(told[0],
                  "rank [01] \\(HOST\\) was ended by signal 11 in stage 3 \\(reduce_by_key > map > "
                  "sum\\), partition [0-7] of 8");
}
