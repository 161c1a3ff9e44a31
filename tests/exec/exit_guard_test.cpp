#include "serry/exec/exit_guard.hpp"

#include <string>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"

using namespace serry::test;

// What exit() does in a job's tasks is told by faults/user_code_test, in the job by laws/law1_test.

namespace {

JobResult run(std::string const& how) {
    JobResult const result = run_job(2, {EXEC_EXIT_GUARD_JOB_PROGRAM, how});
    CHECK_FALSE(result.timed_out);
    return result;
}

}  // namespace

TEST_CASE("exit() on all ranks is one message and exit code 64") {
    JobResult const result = run("all");
    CHECK(result.exit_code == 64);
    CHECK(
        result.errors
        == std::vector<std::string>{
            "every rank called exit() in the job; return from it instead, or throw an exception"});
}

TEST_CASE("exit() on one rank is told by rank 0, wherever it is") {
    JobResult const result = run("one");
    CHECK(result.exit_code == 64);
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0].find(
              "the ranks run different programs: rank 0 returned from the job after 0 "
              "actions; rank 1 called exit() after 0 actions. Every rank must")
          == 0);
}

TEST_CASE("exit() after the ranks have parted waits for nobody, and tells of the parting") {
    JobResult const result = run("last of them");
    CHECK(result.exit_code == 64);
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0].find(
              "the ranks run different programs: rank 0 returned from the job after 0 "
              "actions; rank 1 left the job after 0 actions by an exception, x. Every")
          == 0);
}

TEST_CASE("exit() after the guard's end is what it always is") {
    JobResult const result = run("after");
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
}

TEST_CASE("a guard that saw no exit() does nothing") {
    JobResult const result = run("none");
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
}
