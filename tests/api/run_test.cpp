#include "serry/run.hpp"

#include <regex>
#include <string>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"

using namespace serry::test;

namespace {

JobResult run(int rank_count, std::vector<std::string> words) {
    words.insert(words.begin(), API_RUN_JOB_PROGRAM);
    return run_job(rank_count, words);
}

std::string const settings =
    "serry: job [0-9a-f]+-[0-9a-f]+: 2 ranks, .*iB of memory each, scratch /tmp\n";
std::string const table =
    "stage  tasks  records in  records out .*  steps\n    1      3          10           10 .*  "
    "iota > "
    "count\n";

/// What a job says that ends in an error, but for what mpirun says after it.
void check_error(std::string const& what, int exit_code, std::string const& message) {
    CAPTURE(what);
    JobResult const result = run(2, {what});
    CHECK(result.exit_code == exit_code);
    REQUIRE(result.errors.size() == 1);
    CHECK(result.errors[0] == message);
    CHECK(result.out == "");
}

}  // namespace

TEST_CASE("a job sees its command line, and prints once, on any number of ranks") {
    for (int rank_count : {1, 3}) {
        JobResult const result =
            run(rank_count, {"tell", "--value", "v", "more", "--flag", "--quiet"});
        CHECK(result.exit_code == 0);
        CHECK(result.out
              == std::to_string(rank_count) + " ranks\ntell\nmore\n--flag given\n--value v\n");
        CHECK(result.err == "");
    }
    CHECK(run(2, {"tell"}).out == "2 ranks\ntell\n--flag not given\n--value not given\n");
}

TEST_CASE("a run says its settings first and shows its stages last") {
    JobResult const result = run(2, {"count"});
    CHECK(result.exit_code == 0);
    CHECK_MESSAGE(std::regex_match(result.err, std::regex(settings + table)), result.err);
}

TEST_CASE("what a job throws becomes one message and an exit code") {
    check_error("throw", 66, "std::runtime_error: thrown on purpose");
    check_error("throw error", 70, "told to leave");
    check_error("throw empty", 74, "");
    check_error("throw number", 66, "an exception of type int");
}

TEST_CASE("the stages that ran are shown before the error") {
    JobResult const result = run(2, {"throw late"});
    CHECK(result.exit_code == 66);
    std::regex const expected(settings + table
                              + "serry: error: std::runtime_error: thrown on purpose\n[^]*");
    CHECK_MESSAGE(std::regex_match(result.err, expected), result.err);
}

TEST_CASE("all ranks return the same code: mpirun has nothing to abort, and -q silences it") {
    std::vector<std::string> command = on_ranks(3, {API_RUN_JOB_PROGRAM, "throw", "--quiet"});
    command.insert(command.begin() + 1, "-q");
    CommandResult const result = run_command(command);
    CHECK(result.exit_code == 66);
    CHECK(result.err == "serry: error: std::runtime_error: thrown on purpose\n");
}

TEST_CASE("--help tells the program's options, and runs nothing") {
    JobResult const result = run(2, {"--help"});
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    CHECK(result.out.find(
              "Do as told.\n\nusage: mpirun -np RANKS api_run_job WHAT... [options]\n\nOptions:\n")
          == 0);
    CHECK(result.out.find("  --flag                a flag\n  --value TEXT          a value\n")
          != std::string::npos);
}

TEST_CASE("a program runs without mpirun, on one rank") {
    CommandResult const result = run_command({API_RUN_JOB_PROGRAM, "tell", "--quiet"});
    CHECK(result.exit_code == 0);
    CHECK(result.out == "1 ranks\ntell\n--flag not given\n--value not given\n");
    CHECK(result.err == "");
}
