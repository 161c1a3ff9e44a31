// Options and variables that are wrong, as ranks see them.
#include <string>

#include "faults/fault.hpp"

using namespace serry::test;

namespace {

std::string refusal(std::vector<std::string> words,
                    std::vector<std::string> const& environment = {}) {
    words.insert(words.begin(), WORD_COUNT_PROGRAM);
    JobResult const result = run_job(2, words, environment);
    CHECK(result.out == "");
    CHECK(result.err.find("serry: job") == std::string::npos);
    return the_error(result, 2);
}

}  // namespace

TEST_CASE("wrong values, unknown options, missing arguments: one message, exit code 2") {
    CHECK(refusal({})
          == "word_count: expected the arguments \"INPUT...\", got 0; word_count --help shows all");
    CHECK(refusal({"in", "--wrong"})
          == "word_count: The following argument was not expected: --wrong; expected word_count INPUT... "
             "[options]; --help shows all");
    CHECK(refusal({"in", "--memory", "lots"})
          == "--memory: \"lots\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(refusal({"in", "--route", "scenic"})
          == "--route: \"scenic\" is unknown; expected auto, flat, direct, two-hop, three-hop or "
             "sparse");
    CHECK(refusal({"in"}, {"SERRY_PARTITIONS=-3"})
          == "SERRY_PARTITIONS: \"-3\" is no count; expected a whole number from 0 on");
}

TEST_CASE("a number of partitions that no machine could hold") {
    TempDir const dir;
    write_file(dir / "in", "a b\n");
    CHECK(the_error(run_job(2, {WORD_COUNT_PROGRAM, dir / "in", "--partitions",
                                "18446744073709551615", "--quiet"}),
                    2)
          == "--partitions: 18446744073709551615 is too many; expected at most 16,777,216");
}

TEST_CASE("a program's own option with a wrong value is told when the program asks for it") {
    TempDir const dir;
    write_file(dir / "in", "a b\n");
    CHECK(the_error(run_job(2, {WORD_COUNT_PROGRAM, dir / "in", "--top", "many", "--quiet"}), 2)
          == "--top: \"many\" is no count; expected a whole number from 0 on");
}

TEST_CASE("what is wrong on one rank alone ends all, and that rank says it") {
    TempDir const dir;
    write_file(dir / "in", "a b\n");
    std::string const on_rank_1 = "if [ \"$OMPI_COMM_WORLD_RANK\" = 1 ]; then ";
    auto const run_shell = [&](std::string const& script) {
        return run_job(3, {"sh", "-c", on_rank_1 + script, "-", WORD_COUNT_PROGRAM, dir / "in"});
    };
    CHECK(the_error(run_shell("export SERRY_MEMORY=lots; fi; \"$1\" \"$2\" --quiet"), 2)
          == "SERRY_MEMORY: \"lots\" is no number of bytes; expected one like 512MiB or 2g");
    CHECK(the_error(run_shell("\"$1\" --quiet; else \"$1\" \"$2\" --quiet; fi"), 2)
          == "word_count: expected the arguments \"INPUT...\", got 0; word_count --help shows all");
    JobResult const help = run_shell("\"$1\" --help; else \"$1\" \"$2\" --quiet; fi");
    CHECK(help.exit_code == 0);
    CHECK(help.out.find("usage:") != std::string::npos);
    CHECK(the_error(run_shell("\"$1\" /etc/passwd --quiet; else \"$1\" \"$2\" --quiet; fi"), 64)
              .find("Their lineages part at read_text (word_count.cpp:")
          != std::string::npos);
}
