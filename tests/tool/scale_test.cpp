// `serry scale`: series of real runs, whole, half done, failing and ended.
#include "serry/tool/scale.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

namespace fs = std::filesystem;

/// `serry scale` with a series in dir/s.
JobResult scale(TempDir const& dir,
                std::vector<std::string> const& options,
                std::vector<std::string> const& command,
                std::vector<std::string> const& environment = {}) {
    std::vector<std::string> words = {"env", "-u", "SLURM_JOB_ID"};
    words.insert(words.end(), environment.begin(), environment.end());
    words.insert(words.end(), {SERRY_TOOL_PROGRAM, "scale", "--output", dir / "s"});
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), command.begin(), command.end());
    return launch(words, std::chrono::seconds(60));
}

std::vector<ScaleRun> runs_in(TempDir const& dir) {
    return runs_from_text("runs", read_file(dir / "s/runs.jsonl"));
}

std::vector<std::string> said(JobResult const& result) {
    return lines_after(result.err, "serry scale: ");
}

std::string error_of(JobResult const& result, int exit_code = 2) {
    CHECK(result.exit_code == exit_code);
    REQUIRE(result.errors.size() == 1);
    return result.errors[0];
}

std::vector<std::string> word_count(TempDir const& dir) {
    return {WORD_COUNT_PROGRAM, dir / "text", "--output", dir / "counts", "--overwrite"};
}

}  // namespace

TEST_CASE("rounds differ in their order, so that drift favours no shape") {
    std::vector<Shape> const shapes{{1, 1}, {1, 2}, {1, 4}};
    std::map<Shape, std::vector<int>> places;
    for (int round = 1; round <= 6; ++round) {
        auto const order = order_of_round(shapes, round);
        REQUIRE(order.size() == 3);
        for (int i = 0; i < 3; ++i) places[order[static_cast<std::size_t>(i)]].push_back(i);
    }
    REQUIRE(places.size() == 3);
    for (auto const& [shape, at] : places) {
        int sum = 0;
        for (int const place : at) sum += place;
        CHECK(sum == 6);  // the mean place is the middle for all
    }
}

TEST_CASE("a series is run, noted, gone on with, and reported") {
    TempDir const dir;
    write_file(dir / "text", "a b c\na b\na\n");
    JobResult const result =
        scale(dir, {"--shapes", "2,1", "--repeats", "2", "--cores", "1"}, word_count(dir));
    CHECK(result.exit_code == 0);
    auto const runs = runs_in(dir);
    REQUIRE(runs.size() == 5);
    CHECK(runs[0].round == 0);
    for (ScaleRun const& run : runs) {
        CAPTURE(run.log);
        CHECK(run.is_good());
        REQUIRE(run.job_seconds);
        CHECK(*run.job_seconds > 0);
        CHECK(*run.job_seconds < run.wall_seconds);
        CHECK(run.is_oversubscribed == (run.ranks_a_node == 2));
        CHECK(run.hosts.size() == static_cast<std::size_t>(run.ranks_a_node));
        CHECK(run.hosts[0] != "");
        CHECK(run.program == word_count(dir));
        CHECK(run.build.starts_with("serry 0."));
        CHECK(run.mpi.starts_with("Open MPI"));
        REQUIRE(run.stages.size() == 2);
        CHECK(run.stages[0].steps == "read_text > flat_map > map > reduce_by_key");
        CHECK(run.stages[0].records_in == 3);
        CHECK(fs::exists(run.log));
    }
    CHECK(read_file(dir / "s/report.html").find("<svg") != std::string::npos);
    CHECK(read_file(dir / "s/report.csv").find("\n1x2,1,2,2,true,2,0,") != std::string::npos);
    CHECK(result.out.find("1x2      2     2") != std::string::npos);

    // A line that a crash has cut off.
    std::ofstream(dir / "s/runs.jsonl", std::ios::app) << "{\"round\":";
    JobResult const more =
        scale(dir, {"--shapes", "2,1", "--repeats", "3", "--warm-ups", "0"}, word_count(dir));
    CHECK(more.exit_code == 0);
    CHECK(runs_in(dir).size() == 7);
    CHECK(said(more).size() == 3);
    CHECK(said(more)[0].starts_with("run 1 of 2: round 3, 1x"));

    JobResult const none = scale(dir, {"--shapes", "2,1", "--repeats", "3"}, word_count(dir));
    CHECK(none.exit_code == 0);
    CHECK(said(none).size() == 1);
    fs::remove(dir / "s/report.html");
    JobResult const again = launch({SERRY_TOOL_PROGRAM, "scale", "--report", "--output", dir / "s"},
                                   std::chrono::seconds(10));
    CHECK(again.exit_code == 0);
    CHECK(fs::exists(dir / "s/report.html"));

    auto other = word_count(dir);
    other.emplace_back("--lowercase");
    CHECK(error_of(scale(dir, {"--shapes", "1"}, other))
              .find(" --overwrite --lowercase\" was given; give another --output, or --fresh to "
                    "start over")
          != std::string::npos);
    CHECK(scale(dir, {"--shapes", "1", "--repeats", "1", "--fresh"}, other).exit_code == 0);
    CHECK(runs_in(dir).size() == 2);
}

TEST_CASE("work that grows with the ranks") {
    TempDir const dir;
    write_file(dir / "text-1", "a\n");
    write_file(dir / "text-2", "a\nb\n");
    JobResult const result = scale(
        dir, {"--shapes", "1,2", "--repeats", "1", "--weak", "--warm-ups", "0"},
        {WORD_COUNT_PROGRAM, dir / "text-{ranks}", "--output", dir / "counts-{ranks}-{round}"});
    CHECK(result.exit_code == 0);
    for (ScaleRun const& run : runs_in(dir))
        CHECK(run.stages[0].records_in == static_cast<std::uint64_t>(run.ranks_a_node));
    CHECK(fs::exists(dir / "counts-2-1"));
    CHECK(error_of(scale(dir, {"--shapes", "1,2"},
                         {WORD_COUNT_PROGRAM, dir / "text-{ranks}", "--output",
                          dir / "counts-{ranks}-{round}"}))
              .find("holds runs of weak scaling; give another --output")
          != std::string::npos);
}

TEST_CASE("a run that fails is noted, the others go on, and it is run again later") {
    TempDir const dir;
    // Fails on two ranks, once.
    write_file(dir / "program", "#!/bin/sh\nif [ $OMPI_COMM_WORLD_SIZE = 2 ] && [ ! -e "
                                    + (dir / "fired").string() + " ]; then echo the reason; touch "
                                    + (dir / "fired").string() + "; sleep 1; exit 66; fi\n");
    fs::permissions(dir / "program", fs::perms::owner_all);
    JobResult const result =
        scale(dir, {"--shapes", "1,2", "--repeats", "1", "--warm-ups", "0"}, {dir / "program"});
    CHECK(result.exit_code == 1);
    CHECK(fs::exists(dir / "fired"));
    auto const runs = runs_in(dir);
    REQUIRE(runs.size() == 2);
    ScaleRun const& failed = runs[0].is_good() ? runs[1] : runs[0];
    CHECK(failed.exit_code == 66);
    CHECK(read_file(failed.log).find("the reason\n") != std::string::npos);
    CHECK(result.err.find("1x2: failed with exit code 66, " + failed.log + " says why")
          != std::string::npos);
    CHECK(result.out.find("  1x2      2     0        -") != std::string::npos);
    CHECK(result.out.find("1 failed") != std::string::npos);
    // None of serry's, it says nothing of itself: the launcher's time counts.
    CHECK_FALSE(runs[1].job_seconds);
    JobResult const again =
        scale(dir, {"--shapes", "1,2", "--repeats", "1", "--warm-ups", "0"}, {dir / "program"});
    CHECK(again.exit_code == 0);
    CHECK(runs_in(dir).size() == 3);
}

TEST_CASE("a run that is killed is run once more, when the others are done") {
    TempDir const dir;
    auto const killed_until = [&](std::string const& file) {
        write_file(dir / "program", "#!/bin/sh\nif [ $OMPI_COMM_WORLD_SIZE = 1 ] && [ ! -e "
                                        + (dir / file).string() + " ]; then touch "
                                        + (dir / "fired").string() + "; kill -SEGV $$; fi\n");
        fs::permissions(dir / "program", fs::perms::owner_all);
        fs::remove_all(dir / "s");
        fs::remove(dir / "fired");
        return scale(dir, {"--shapes", "1,2", "--repeats", "1", "--warm-ups", "0"},
                     {dir / "program"});
    };
    JobResult const once = killed_until("fired");
    CHECK(once.exit_code == 0);
    CHECK(fs::exists(dir / "fired"));
    auto const runs = runs_in(dir);
    REQUIRE(runs.size() == 3);
    CHECK(runs[2].is_good());
    CHECK(runs[2].ranks_a_node == 1);
    CHECK(once.out.find("1 failed") != std::string::npos);
    CHECK(killed_until("never").exit_code == 1);
    CHECK(runs_in(dir).size() == 3);
}

TEST_CASE("what takes too long is ended, and so is all when we are told") {
    TempDir const dir;
    JobResult const result =
        scale(dir, {"--shapes", "1", "--repeats", "1", "--warm-ups", "0", "--limit", "1s"},
              {"sleep", "45"});
    CHECK(result.exit_code == 1);
    CHECK(result.seconds < 30);
    REQUIRE(runs_in(dir).size() == 1);
    CHECK(runs_in(dir)[0].exit_code == 124);
    CHECK_FALSE(fs::exists(dir / "s/report.html"));

    std::string const tool = SERRY_TOOL_PROGRAM;
    JobResult const ended =
        launch({"bash", "-c",
                tool + " scale --output " + (dir / "t").string() + " --shapes 1 -- bash -c 'touch "
                    + (dir / "begun").string() + "; exec sleep 46' & p=$!; until [ -e "
                    + (dir / "begun").string() + " ]; do sleep 0.05; done; kill -TERM $p; wait $p"},
               std::chrono::seconds(30));
    CHECK(ended.exit_code == 128 + 15);
    CHECK(said(ended)
          == std::vector<std::string>{"ended by signal 15; run again, it does what is missing"});
    CHECK(run_command({"pgrep", "-xf", "sleep 46"}).exit_code == 1);
}

TEST_CASE("what would be run can be looked at") {
    TempDir const dir;
    JobResult const result = scale(dir,
                                   {"--shapes", "1x2", "--repeats", "1", "--cores", "1",
                                    "--launcher-option", "--verbose", "--dry-run"},
                                   {"true", "{ranks*10}"});
    CHECK(result.exit_code == 0);
    CHECK(result.out
          == "mpirun -np 2 --oversubscribe --verbose true 20\n"
             "mpirun -np 2 --oversubscribe --verbose true 20\n");
    CHECK_FALSE(fs::exists(dir / "s"));
    JobResult const slurm =
        scale(dir, {"--shapes", "2x3", "--repeats", "1", "--warm-ups", "0", "--dry-run"}, {"true"},
              {"SLURM_JOB_ID=1", "SLURM_JOB_NUM_NODES=4", "SLURM_CPUS_ON_NODE=2"});
    CHECK(slurm.out
          == "srun --mpi=pmix --kill-on-bad-exit=1 --nodes=2 --ntasks=6 --ntasks-per-node=3 "
             "--overcommit true\n");
    JobResult const mpirun =
        scale(dir,
              {"--shapes", "2x3", "--repeats", "1", "--warm-ups", "0", "--dry-run", "--launcher",
               "mpirun"},
              {"true"}, {"SLURM_JOB_ID=1", "SLURM_JOB_NUM_NODES=4", "SLURM_CPUS_ON_NODE=4"});
    CHECK(mpirun.out
          == "mpirun -np 6 --map-by ppr:3:node -x SERRY_EVENTS -x SERRY_PROGRESS true\n");
}

TEST_CASE("what is wrong is told before anything is run") {
    TempDir const dir;
    auto const error = [&](std::vector<std::string> const& options,
                           std::vector<std::string> const& command) {
        std::string const text = error_of(scale(dir, options, command));
        CHECK_FALSE(fs::exists(dir / "s"));
        return text;
    };
    CHECK(error({"--shapes", "1"}, {})
          == "serry scale: no program was given; expected serry scale --shapes LIST [options] -- "
             "PROGRAM ARGUMENTS...");
    CHECK(error({}, {"true"})
          == "serry scale: no shapes were given; expected for instance --shapes 1,2,4 or --shapes "
             "1x32,2x32,4x32");
    CHECK(error({"--shapes", "1,two"}, {"true"})
          == "--shapes: \"two\" is no shape; expected NODESxRANKS_A_NODE such as 4x32, or RANKS");
    CHECK(error({"--shapes", "1,2x1"}, {"true"})
          == "serry scale: shape 2x1 needs 2 nodes, here are 1; ask Slurm for as many (salloc, "
             "sbatch, slurm/scaling.sh), or leave it out");
    CHECK(error({"--shapes", "1", "--repeats", "0"}, {"true"})
          == "serry scale: --repeats: expected 1 or more");
    CHECK(error({"--shapes", "1", "--weak"}, {"true"})
          == "serry scale: --weak: the work is the same for all shapes; have the command hold "
             "{ranks}, {nodes} or {ranks*N}, such as points-{ranks}.txt");
    CHECK(error({"--shapes", "1"}, {"true", "--events=x"})
          == "serry scale: --events is what the runs tell serry scale by; leave it out, runs.jsonl "
             "holds what it says");
    CHECK(error({"--shapes", "1"}, {"no-such-program"})
          == "serry scale: no-such-program is no program here");
    CHECK(error({"--shapes", "1", "--limit", "soon"}, {"true"})
          == "--limit: \"soon\" is no time; expected one above 0 like 90s, 15m or 24h");
    JobResult const nothing = launch(
        {SERRY_TOOL_PROGRAM, "scale", "--report", "--output", dir / "s"}, std::chrono::seconds(10));
    CHECK(error_of(nothing)
          == "serry scale: " + (dir / "s").string()
                 + " holds no runs; expected the --output of an earlier serry scale");
}

TEST_CASE("a folder that cannot be written to is told before a run") {
    TempDir const dir;
    write_file(dir / "s", "a file");
    CHECK(error_of(scale(dir, {"--shapes", "1"}, {"true"}), 74)
          == "serry scale: " + (dir / "s").string()
                 + " cannot be made: Not a directory; choose another --output");
}
