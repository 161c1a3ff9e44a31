// `serry run`: attempt after attempt, until the job is done or there is no use in going on.
#include "serry/tool/supervisor.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/killed_jobs.hpp"
#include "support/environment.hpp"

using namespace serry::test;

namespace {

std::vector<std::string> supervised(std::vector<std::string> options,
                                    std::vector<std::string> const& command) {
    options.insert(options.begin(),
                   {"env", "OMPI_MCA_odls_base_sigkill_timeout=0", SERRY_TOOL_PROGRAM, "run", "-n",
                    "2", "--pause", "0.05", "--hang-timeout", "1s"});
    options.push_back("--");
    options.insert(options.end(), command.begin(), command.end());
    return options;
}

std::vector<std::string> said(JobResult const& result) {
    return lines_after(result.err, "serry run: ");
}

/// Whether there is such a process that its parent has not merely yet to bury.
bool is_running(std::string const& id) {
    std::string const path = "/proc/" + id + "/stat";
    if (!std::filesystem::exists(path)) return false;
    std::ifstream file(path);
    std::string const line{std::istreambuf_iterator<char>(file), {}};
    std::size_t const name_end = line.rfind(')');
    return name_end != std::string::npos && line.substr(name_end + 2, 1) != "Z";
}

std::vector<std::string> hang_job(std::string const& name, TempDir const& dir) {
    return {FAULTS_HANG_JOB_PROGRAM, name,      dir.path(),           "--quiet",
            "--checkpoint",          dir / "c", "--checkpoint-every", "stage"};
}

std::string const result_of_hang_job = "499500\n499500\n";

/// The job fails once, for `reason`, and is done in the second attempt.
JobResult check_done_in_two(std::string const& name, std::string const& reason) {
    CAPTURE(name);
    TempDir const dir;
    JobResult const result = launch(supervised({}, hang_job(name, dir)), std::chrono::seconds(30));
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    CHECK(std::filesystem::exists(dir / "fired"));
    CHECK(said(result)
          == std::vector<std::string>{"attempt 1 failed: " + reason,
                                      "the next attempt starts in 50 ms", "done, in 2 attempts"});
    CHECK(result.out.ends_with(result_of_hang_job));
    CHECK(names_in(dir / "c") == std::vector<std::string>{"finished", "lock"});
    return result;
}

}  // namespace

TEST_CASE("a job that crashes, or hangs, is started again") {
    check_done_in_two("crash once", "a rank was ended by signal 11 (Segmentation fault)");
    check_done_in_two("loop", "it hung");
    check_done_in_two("read", "it hung");
}

TEST_CASE("a stopped process is no sign of life, whichever it is") {
    TempDir const dir;
    JobResult const result =
        launch(supervised({}, hang_job("stop", dir)), std::chrono::seconds(30));
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    REQUIRE(said(result).size() >= 3);
    // Rank 1 is missed by rank 0, and rank 0 by the supervisor.
    bool const is_known = said(result)[0] == "attempt 1 failed: it hung"
                          || said(result)[1] == "attempt 1 failed: it hung, and was ended";
    CHECK_MESSAGE(is_known, result.err);
    CHECK(said(result).back() == "done, in 2 attempts");
    CHECK(result.out.ends_with(result_of_hang_job));
    CHECK_FALSE(is_running(read_file(dir / "fired")));
}

TEST_CASE("a task at which the program crashes twice is named, and the end of it") {
    TempDir const dir;
    JobResult const result =
        launch(supervised({}, hang_job("crash always", dir)), std::chrono::seconds(30));
    CHECK(result.exit_code == 139);
    auto const words = said(result);
    REQUIRE(words.size() == 4);
    CHECK(words[2] == words[0].substr(0, 8) + "2" + words[0].substr(9));
    check_matches(words[3],
                  "twice it was ended by signal 11 in the stage \\(reduce_by_key > map > sum\\), "
                  "partition [0-7] of 8: that is the program or its input, not the machine; given "
                  "up");
}

TEST_CASE("what would end the same way again is not started again") {
    TempDir const dir;
    JobResult const usage =
        launch(supervised({}, {FAULTS_HANG_JOB_PROGRAM, "loop"}), std::chrono::seconds(30));
    CHECK(usage.exit_code == 2);
    CHECK(said(usage)
          == std::vector<std::string>{
              "attempt 1 failed: it ended with exit code 2, and would again"});
    JobResult const missing =
        launch(supervised({"--max-restarts", "0"}, {"/no/such/program"}), std::chrono::seconds(30));
    CHECK(missing.exit_code != 0);
    CHECK(said(missing).back() == "1 attempts one after the other got no further; given up");
}

TEST_CASE("attempts that get no further are bounded, and those that do are not") {
    auto const job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "chain"}, ""});
    TempDir const dir;
    auto command = job.with_output(dir / "out");
    command.insert(command.end(),
                   {"--checkpoint", dir / "c", "--checkpoint-every", "stage", "--quiet"});
    {
        // Every attempt dies when it has committed two more. Fresh is what the first one starts.
        Environment const crash = {{"SERRY_CRASH_AT", "committed:0:2"}};
        auto fresh = command;
        fresh.insert(fresh.end(), {"--resume", "fresh"});
        JobResult const result =
            launch(supervised({"--max-restarts", "0"}, fresh), std::chrono::seconds(60));
        CHECK_MESSAGE(result.exit_code == 0, result.err);
        CHECK(said(result).back() == "done, in 4 attempts");
        CHECK(bytes_of("", dir / "out") == job.expected.substr(job.expected.find("part-00000")));
    }
    std::filesystem::remove_all(dir / "out");
    Environment const crash = {{"SERRY_CRASH_AT", "pack-write:1:1"}};
    JobResult const stuck =
        launch(supervised({"--max-restarts", "2"}, command), std::chrono::seconds(60));
    CHECK(stuck.exit_code == 137);
    CHECK(said(stuck).back() == "3 attempts one after the other got no further; given up");
    // The first one got somewhere: it began the journal.
    CHECK(said(stuck).size() == 8);
}

TEST_CASE("a job that is killed when it is done is done") {
    TempDir const dir;
    Environment const crash = {{"SERRY_CRASH_AT", "finished:0:1"}};
    JobResult const result =
        launch(supervised({}, hang_job("nothing", dir)), std::chrono::seconds(30));
    CHECK(result.exit_code == 0);
    CHECK(said(result)
          == std::vector<std::string>{
              "attempt 1 was ended when the job was done: a rank was ended by "
              "signal 9 (Killed)"});
}

TEST_CASE("told to leave, a job commits what it has, and goes on when it is run again") {
    TempDir const dir;
    auto command = hang_job("wait", dir);
    command.back() = "auto";  // commits nothing by itself
    auto const words = supervised({"--max-restarts", "0"}, command);
    std::string const errors = dir / "errors";
    pid_t const child = fork();
    if (child == 0) {
        if (!freopen(errors.c_str(), "w", stderr)) _exit(1);
        std::vector<char*> arguments;
        for (std::string const& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        execvp(arguments[0], arguments.data());
        _exit(1);
    }
    for (int i = 0; i < 200 && !std::filesystem::exists(dir / "fired"); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    REQUIRE(std::filesystem::exists(dir / "fired"));
    kill(child, SIGUSR1);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    std::ofstream(dir / "told") << 1;
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK_MESSAGE(WEXITSTATUS(status) == 70, read_file(errors));
    CHECK(
        read_file(errors).find("serry: error: the job was told to leave (SIGUSR1) in stage 3; what "
                               "it has is in "
                               + std::string(dir / "c")
                               + ": run it again with the same --checkpoint, and it goes on from "
                                 "there\n")
        != std::string::npos);
    command[3] = "--events=" + std::string(dir / "events");
    JobResult const next = launch(on_ranks(3, command), std::chrono::seconds(30));
    CHECK_MESSAGE(next.exit_code == 0, next.err);
    CHECK(next.out == result_of_hang_job);
    CHECK(next.err.find("1 restored in") != std::string::npos);
    CHECK(next.err.find("1 results from the journal") != std::string::npos);
}

namespace {

/// `serry run` on n1, n2 and n3 by an srun that says `errors` and fails until a node is left out;
/// what it is told of nodes, attempt by attempt.
std::vector<std::string> nodes_of_attempts(std::string const& errors) {
    TempDir const dir;
    write_file(dir / "errors", errors);
    write_file(dir / "srun",
               "#!/bin/sh\n"
               "echo \"$SLURM_OVERLAP $3\" >>\"$0.told\"\n"
               "case $3 in *n1,n2,n3) cat \"${0%srun}errors\" >&2; exit 143 ;; esac\n");
    std::filesystem::permissions(dir / "srun", std::filesystem::perms::owner_all);
    JobResult const result =
        launch({"env", "PATH=" + dir.path().string() + ":/usr/bin:/bin", SERRY_TOOL_PROGRAM, "run",
                "--launcher", "srun", "--hosts", "n1:1,n2:1,n3:1", "--pause", "0.01",
                "--max-restarts", "3", "--", "job"},
               std::chrono::seconds(30));
    std::ifstream told(dir / "srun.told");
    std::vector<std::string> lines;
    for (std::string line; std::getline(told, line);) lines.push_back(line);
    CHECK((result.exit_code == 0) == (lines.back().find("n1,n2,n3") == std::string::npos));
    return lines;
}

}  // namespace

TEST_CASE(
    "a node on which two attempts failed is left out: the one that failed, not those after it") {
    std::vector<std::string> const without_n2 = {" --nodelist=n1,n2,n3", "1 --nodelist=n1,n2,n3",
                                                 "1 --nodelist=n1,n3"};
    CHECK(
        nodes_of_attempts("srun: error: n2: task 1: Killed\nsrun: error: n1: task 0: Terminated\n")
        == without_n2);
    CHECK(nodes_of_attempts("serry: error: rank 1 (n2) has not been heard of for 5 s\n"
                            "srun: error: n1: task 0: Exited with exit code 86\n")
          == without_n2);
    CHECK(nodes_of_attempts(
              "slurmstepd-n2: error:  mpi/pmix_v4: pmixp_p2p_send: n2 [1]: pmixp_utils.c:467: send "
              "failed, rc=1001, exceeded the retry limit\n"
              "srun: error: n1: task 0: Segmentation fault\n")
          == without_n2);
    // Who ends a job in which all wait for each other is not to blame.
    CHECK(nodes_of_attempts("srun: error: n1: task 0: Exited with exit code 86\n"
                            "srun: error: n3: tasks 4-5: Terminated\n")
          == std::vector<std::string>{" --nodelist=n1,n2,n3", "1 --nodelist=n1,n2,n3",
                                      "1 --nodelist=n1,n2,n3", "1 --nodelist=n1,n2,n3"});
}
