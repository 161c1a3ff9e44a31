#include <chrono>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "support/run_command.hpp"

using namespace serry::test;

/// What the test case `name` of mpi_main_sample does on three ranks.
static CommandResult run_sample(std::string const& name) {
    return run_command(on_ranks(3, {SUPPORT_MPI_MAIN_SAMPLE_PROGRAM, "--test-case=" + name}));
}

static bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("a test that passes is one line") {
    CommandResult const result = run_sample("passes");
    CHECK(result.exit_code == 0);
    CHECK(result.out == "1 test cases on 3 ranks: 1 passed, 0 failed\n");
    CHECK(result.err == "");
}

TEST_CASE("a check that fails on one rank fails the run, is told by that rank, keeps the folder") {
    CommandResult const result = run_sample("a check fails");
    CHECK(result.exit_code != 0);
    CHECK(contains(result.out, "1 test cases on 3 ranks: 0 passed, 1 failed\n"));
    CHECK(contains(result.err, "[1/3] "));
    CHECK(contains(result.err, "CHECK( rank() != 1 ) is NOT correct!"));
    CHECK_FALSE(contains(result.err, "[0/3] "));

    auto const at = result.err.find("kept /");
    REQUIRE(at != std::string::npos);
    std::string const path = result.err.substr(at + 5, result.err.find('\n', at) - at - 5);
    CHECK(std::filesystem::remove(path));
}

TEST_CASE("a rank that leaves a test early ends the run, before the others wait for ever") {
    for (auto const& early : {std::pair{"a requirement fails", "REQUIRE( rank() != 1 )"},
                              std::pair{"an exception leaves", "thrown on purpose"},
                              std::pair{"fails in words", "failed on purpose"}}) {
        CAPTURE(early.first);
        CommandResult const result = run_sample(early.first);
        CHECK(result.exit_code != 0);
        CHECK_FALSE(result.timed_out);
        CHECK(contains(result.err, "[1/3] "));
        CHECK(contains(result.err, early.second));
    }
}
