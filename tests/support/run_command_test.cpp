#include "support/run_command.hpp"

#include <doctest/doctest.h>

using namespace serry::test;
using namespace std::chrono_literals;

TEST_CASE("a command's two outputs and its exit code are told apart") {
    CommandResult const result = run_command({"sh", "-c", "echo out; echo err >&2; exit 3"});
    CHECK(result.exit_code == 3);
    CHECK(result.out == "out\n");
    CHECK(result.err == "err\n");
    CHECK_FALSE(result.timed_out);
}

TEST_CASE("more output than a pipe holds arrives whole, from both pipes") {
    CommandResult const result =
        run_command({"sh", "-c", "head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero"});
    CHECK(result.out.size() == 1000000);
    CHECK(result.err.size() == 1000000);
}

TEST_CASE("a command has an empty input") { CHECK(run_command({"cat"}).exit_code == 0); }

TEST_CASE("a command that a signal ends counts as in a shell") {
    CHECK(run_command({"sh", "-c", "kill -9 $$"}).exit_code == 128 + 9);
}

TEST_CASE("a program that is not there is exit code 127") {
    CHECK(run_command({"/nowhere/program"}).exit_code == 127);
}

TEST_CASE("a command past its time limit is ended with its children") {
    auto const start = std::chrono::steady_clock::now();
    CommandResult const result = run_command({"sh", "-c", "echo begun; sleep 50; true"}, 300ms);
    CHECK(result.timed_out);
    CHECK(result.out == "begun\n");
    CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("a command that ignores SIGTERM is ended all the same") {
    CommandResult const result =
        run_command({"sh", "-c", "trap '' TERM; while :; do sleep 1; done"}, 100ms);
    CHECK(result.timed_out);
    CHECK(result.exit_code == 128 + 9);
}

TEST_CASE("a command runs once on every rank") {
    CommandResult const result = run_command(on_ranks(3, {"echo", "here"}));
    CHECK(result.exit_code == 0);
    CHECK(result.out == "here\nhere\nhere\n");
}

TEST_CASE("ranks past their time limit are ended") {
    CommandResult const result = run_command(on_ranks(2, {"sleep", "50"}), 2s);
    CHECK(result.timed_out);
    CHECK(result.exit_code != 0);
}
