#include "serry/tool.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault.hpp"

using namespace serry::test;

namespace {

CommandResult tool(std::vector<std::string> words) {
    words.insert(words.begin(), SERRY_TOOL_PROGRAM);
    return run_command(words, std::chrono::seconds(20));
}

}  // namespace

TEST_CASE("help says what there is") {
    for (std::vector<std::string> const& words : {std::vector<std::string>{"--help"},
                                                  {"run", "--help"},
                                                  {"checkpoints", "--help"},
                                                  {"doctor", "--help"},
                                                  {"scale", "--help"}}) {
        CommandResult const help = tool(words);
        CHECK(help.exit_code == 0);
        CHECK(help.err.empty());
    }
    CHECK(tool({"run", "--help"}).out.find("usage: serry run [options] -- PROGRAM ARGUMENTS...")
          != std::string::npos);
    CHECK(tool({"--help"}).out.find("checkpoints") != std::string::npos);
}

TEST_CASE("what is wrong on the command line is said") {
    auto const error = [](std::vector<std::string> const& words) {
        CommandResult const result = tool(words);
        CHECK(result.exit_code == 2);
        return result.err;
    };
    CHECK(error({}) == "serry: error: A subcommand is required; --help shows what is expected\n");
    CHECK(error({"run"})
          == "serry: error: serry run: no program was given; expected serry run [options] -- PROGRAM "
             "ARGUMENTS...\n");
    CHECK(error({"run", "--pause", "soon", "--", "true"})
          == "serry: error: --pause: \"soon\" is no time; expected one above 0 like 90s, 15m or "
             "24h\n");
    CHECK(error({"checkpoints", "ls"})
          == "serry: error: folder is required; --help shows what is expected\n");
}

TEST_CASE("a program that is no job of serry's can be run, too") {
    CommandResult const result = tool({"run", "-n", "1", "--", "echo", "--quiet"});
    CHECK(result.exit_code == 0);
    CHECK(result.out == "--quiet\n");
    // Nor does a list before it take its words.
    CHECK(tool({"run", "--hosts", "localhost:1", "--", "echo", "--quiet"}).out == "--quiet\n");
}
