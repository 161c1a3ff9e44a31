#include "serry/exec/replay.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/source/text_source.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Numbers = std::vector<std::uint64_t>;

std::unique_ptr<Replay> attempt_in(TempDir const& dir) {
    return std::make_unique<Replay>("FOLDER", dir / "journal", "job");
}

Numbers sorted(Numbers numbers) {
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

/// What rank 0 does when an action on the lines of these files is planned.
void plan_reading(Replay& replay, std::vector<std::string> const& paths) {
    Lineage lineage;
    TextSource source(lineage, paths, {"job.cpp", 1}, 0, "read_text");
    replay.check_input(make_plan(source, "count", 0, 1), source);
}

}  // namespace

TEST_CASE("results are those of the attempt before, whatever their order") {
    TempDir const dir;
    {
        auto const first = attempt_in(dir);
        CHECK(first->result_numbers().empty());
        first->record_result(0, 5, "count (a.cpp:1)", "one");
        first->record_result(2, 6, "sum (a.cpp:2)", "");
        first->sync();
    }
    auto const second = attempt_in(dir);
    CHECK(sorted(second->result_numbers()) == Numbers{0, 2});
    CHECK(second->take_result(2, 6, "sum (a.cpp:2)").empty());
    CHECK(second->take_result(0, 5, "count (a.cpp:1)") == "one");
}

TEST_CASE("another action's result is refused") {
    TempDir const dir;
    attempt_in(dir)->record_result(0, 5, "count (a.cpp:1)", "one");
    auto const second = attempt_in(dir);
    std::string const start =
        "UsageError 64: FOLDER: the job went another way before: it came to count (a.cpp:1), and "
        "comes to ";
    std::string const ending =
        " now; let it depend on nothing but its arguments and input, or start over by --resume "
        "fresh";
    CHECK(thrown([&] { second->take_result(0, 5, "sum (a.cpp:2)"); })
          == start + "sum (a.cpp:2)" + ending);
    CHECK(thrown([&] { second->take_result(0, 6, "count (a.cpp:1)"); })
          == start + "that with other steps before it" + ending);
}

TEST_CASE("what was added to accumulators is kept piece by piece") {
    TempDir const dir;
    {
        auto const first = attempt_in(dir);
        first->record_accumulators("one");
        first->record_accumulators("");
        first->record_accumulators("two");
        CHECK(first->accumulators().empty());  // it needs none of its own
    }
    CHECK(attempt_in(dir)->accumulators() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("input is noted, and must be the same ever after") {
    TempDir const dir;
    std::string const one = dir / "one";
    write_file(one, "a\nb\n");
    plan_reading(*attempt_in(dir), {one});
    plan_reading(*attempt_in(dir), {one});
    auto const time = std::filesystem::last_write_time(one);
    std::string const start =
        "UsageError 64: FOLDER: the input of read_text (job.cpp:1) has changed since the job "
        "began: ";
    std::string const ending = "; bring it back, or start over by --resume fresh";
    std::filesystem::last_write_time(one, time + std::chrono::seconds(1));
    CHECK(thrown([&] { attempt_in(dir); }) == start + one + " was written to" + ending);
    write_file(one, "a\n");
    CHECK(thrown([&] { attempt_in(dir); }) == start + one + " had 4 bytes and has 2" + ending);
    std::filesystem::remove(one);
    CHECK(thrown([&] { attempt_in(dir); }) == start + one + " is gone" + ending);
}

TEST_CASE("a folder that holds another file than before is other input") {
    TempDir const dir;
    write_file(dir / "in" / "one", "a\n");
    plan_reading(*attempt_in(dir), {dir / "in"});
    write_file(dir / "in" / "two", "b\n");
    auto const second = attempt_in(dir);
    CHECK(thrown([&] { plan_reading(*second, {dir / "in"}); })
          == "UsageError 64: FOLDER: the files that read_text (job.cpp:1) reads are others than when "
             "the job began; bring them back, or start over by --resume fresh");
}
