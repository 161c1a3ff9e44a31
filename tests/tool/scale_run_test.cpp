#include "serry/tool/scale_run.hpp"

#include <doctest/doctest.h>

#include "serry/base/error.hpp"
#include "support/json.hpp"

using namespace serry;
using namespace serry::test;

namespace {

ScaleRun example() {
    ScaleRun run;
    run.round = 3;
    run.nodes = 2;
    run.ranks_a_node = 2;
    run.started_at = "2026-11-27T20:15:00Z";
    run.wall_seconds = 1.5;
    run.program = {"word_count", "a \"b\"\n"};
    run.environment = {{"OMPI_MCA_x", "1"}};
    run.stages.resize(1);
    run.stages[0].steps = "read_text > count";
    run.stages[0].bytes_sent = std::uint64_t{1} << 60;
    return run;
}

}  // namespace

TEST_CASE("a run is a line of JSON, and reads back") {
    ScaleRun const run = example();
    std::string const line = to_line(run);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(JsonChecker(line).check());
    auto const runs = runs_from_text("runs.jsonl", line + line);
    REQUIRE(runs.size() == 2);
    CHECK(to_line(runs[1]) == line);
    CHECK(runs[0].program == run.program);
    CHECK(runs[0].stages[0].bytes_sent == run.stages[0].bytes_sent);
    CHECK_FALSE(runs[0].job_seconds);
    CHECK(runs[0].seconds() == 1.5);
}

TEST_CASE("a line that is not whole is left out, a wrong one is an error") {
    std::string const line = to_line(example());
    CHECK(runs_from_text("r", line + line.substr(0, 50)).size() == 1);
    CHECK(runs_from_text("r", "").empty());
    CHECK_THROWS_WITH_AS(runs_from_text("dir/runs.jsonl", line + "{\"round\":1}\n"),
                         "dir/runs.jsonl, line 2: column \"nodes\" is missing; make the field "
                         "std::optional if it may "
                         "be; expected a line as serry writes them",
                         InputError);
}

TEST_CASE("text that is no UTF-8 does not cost a run") {
    ScaleRun run = example();
    run.program[1] = "caf\xe9";
    auto const runs = runs_from_text("r", to_line(run));
    CHECK(runs[0].program[1] == "caf?");
}

TEST_CASE("what the ranks say of a stage is added up") {
    ScaleRun run;
    run.ranks_a_node = 2;
    auto const stage = [](int rank, double seconds, double tasks, int sent) {
        return "{\"event\":\"stage\",\"stage\":1,\"steps\":\"a > b\",\"rank\":" + std::to_string(rank)
               + ",\"node\":\"n" + std::to_string(rank) + "\",\"seconds\":" + std::to_string(seconds)
               + ",\"task_seconds\":" + std::to_string(tasks)
               + ",\"exchange_seconds\":0.5,\"wait_seconds\":0,\"records_in\":10,\"bytes_in\":0,"
                 "\"bytes_sent\":"
               + std::to_string(sent) + ",\"something_new\":[1]}\n";
    };
    add_events("events",
               stage(0, 2, 1, 100) + stage(1, 3, 2, 300)
                   + "{\"event\":\"checkpoint\",\"job\":\"j\",\"stage\":1,\"seconds\":0.25,"
                     "\"bytes\":7}\n"
                     "{\"event\":\"job\",\"job\":\"j\",\"ranks\":2,\"memory_bytes\":5,\"seconds\":4,"
                     "\"build\":\"serry\",\"mpi\":\"Open MPI\"}\n",
               run);
    REQUIRE(run.stages.size() == 1);
    ScaleStage const& sum = run.stages[0];
    CHECK(sum.number == 1);
    CHECK(sum.steps == "a > b");
    CHECK(sum.seconds == 3);
    CHECK(sum.task_seconds == 1.5);
    CHECK(sum.longest_task_seconds == 2);
    CHECK(sum.exchange_seconds == 0.5);
    CHECK(sum.checkpoint_seconds == 0.25);
    CHECK(sum.records_in == 20);
    CHECK(sum.bytes_sent == 400);
    CHECK(sum.largest_bytes_sent == 300);
    CHECK(run.hosts == std::vector<std::string>{"n0", "n1"});
    CHECK(run.job_seconds == 4);
    CHECK(run.memory_bytes == 5);
    CHECK(run.build == "serry");
    CHECK(run.mpi == "Open MPI");
}
