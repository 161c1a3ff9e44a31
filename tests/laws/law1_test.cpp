// Law 1: every rank runs the same job function. Ranks that do not get one message that names what
// both are about to do, and exit code 64; they never hang.
#include <string>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"

using namespace serry::test;

namespace {

std::string const advice =
    " Every rank must record the same transformations and run the same actions in the same order: "
    "do "
    "not let the job depend on the rank, the host, the clock or random numbers of your own";

/// The job in which rank `differing` leaves the way of the others must end in this message.
void check_divergence(std::string const& name,
                      int rank_count,
                      int differing,
                      std::string const& message) {
    CAPTURE(name);
    CAPTURE(rank_count);
    JobResult const result =
        run_job(rank_count, {LAWS_LAW1_JOB_PROGRAM, name, std::to_string(differing), "--quiet"});
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 64);
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0] == "the ranks run different programs: " + message + advice);
}

}  // namespace

TEST_CASE("ranks that record different steps are told where their lineages part") {
    check_divergence(
        "lineage", 2, 1,
        "rank 0 is about to run action 1, count (job.cpp:4); "
        "rank 1 is about to run action 1, count (job.cpp:4). "
        "Their lineages part where rank 0 recorded map (job.cpp:2) and rank 1 recorded "
        "filter (job.cpp:3).");
    check_divergence(
        "more steps", 3, 2,
        "rank 0 is about to run action 1, count (job.cpp:4); "
        "rank 2 is about to run action 1, count (job.cpp:4). "
        "Their lineages part where rank 0 recorded count (job.cpp:4) and rank 2 recorded "
        "map (job.cpp:2).");
}

TEST_CASE("ranks that hand different data or counts to the same step are told which") {
    check_divergence("data", 2, 1,
                     "rank 0 is about to run action 1, count (job.cpp:4); "
                     "rank 1 is about to run action 1, count (job.cpp:4). "
                     "Their lineages part at parallelize (job.cpp:2): its arguments differ.");
    check_divergence("partitions", 3, 0,
                     "rank 0 is about to run action 1, count (job.cpp:4); "
                     "rank 1 is about to run action 1, count (job.cpp:4). "
                     "Their lineages part at iota (job.cpp:2): its arguments differ.");
}

TEST_CASE("a rank that skips an action is told of, and so is one that runs one more") {
    check_divergence("skip", 2, 1,
                     "rank 0 is about to run action 2, collect (job.cpp:6); "
                     "rank 1 is about to run action 2, reduce (job.cpp:7).");
    check_divergence("one action more", 2, 1,
                     "rank 0 returned from the job after 3 actions; "
                     "rank 1 is about to run action 4, count (job.cpp:8).");
}

TEST_CASE("a rank that returns early is told of") {
    check_divergence("return", 2, 1,
                     "rank 0 is about to run action 2, collect (job.cpp:6); "
                     "rank 1 returned from the job after 1 action.");
    check_divergence("return", 3, 0,
                     "rank 0 returned from the job after 1 action; "
                     "rank 1 is about to run action 2, collect (job.cpp:6).");
}

TEST_CASE("a rank that throws outside of an action is told of, with what it threw") {
    check_divergence(
        "throw", 2, 1,
        "rank 0 is about to run action 2, collect (job.cpp:6); rank 1 left the job after "
        "1 action by an exception, std::runtime_error: on my own.");
    check_divergence(
        "throw", 3, 0,
        "rank 0 left the job after 1 action by an exception, std::runtime_error: on my "
        "own; rank 1 is about to run action 2, collect (job.cpp:6).");
    check_divergence(
        "other errors", 2, 1,
        "rank 0 left the job after 3 actions by an exception, std::runtime_error: seen by "
        "rank 0; rank 1 left the job after 3 actions by an exception, "
        "std::runtime_error: seen by rank 1.");
}

TEST_CASE("a rank that calls exit() is told of, whatever it calls it with") {
    for (std::string const name : {"exit 0", "exit 3"})
        check_divergence(name, 2, 1,
                         "rank 0 is about to run action 2, collect (job.cpp:6); "
                         "rank 1 called exit() after 1 action.");
    check_divergence("exit 0", 3, 0,
                     "rank 0 called exit() after 1 action; "
                     "rank 1 is about to run action 2, collect (job.cpp:6).");
    check_divergence("exit at the end", 2, 1,
                     "rank 0 returned from the job after 3 actions; "
                     "rank 1 called exit() after 3 actions.");
}

TEST_CASE("ranks that call exit() together are told of, too") {
    JobResult const result = run_job(2, {LAWS_LAW1_JOB_PROGRAM, "all exit", "0", "--quiet"});
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 64);
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0]
          == "every rank called exit() in the job; return from it instead, or throw an exception");
}

TEST_CASE("a job that catches the message and goes on does not wait for ranks that have left") {
    check_divergence("swallow", 2, 1,
                     "rank 0 is about to run action 1, count (job.cpp:2); "
                     "rank 1 returned from the job after 0 actions.");
}

TEST_CASE("ranks on one way are not told of anything") {
    JobResult const result = run_job(3, {LAWS_LAW1_JOB_PROGRAM, "none", "9", "--quiet"});
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
}
