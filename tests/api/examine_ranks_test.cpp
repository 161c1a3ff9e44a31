// `serry doctor` as users start it, in places that are broken.

#include "serry/examine_ranks.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "support/json.hpp"
#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry::test;

namespace {

std::vector<std::string> doctor(std::vector<std::string> const& words) {
    std::vector<std::string> command{SERRY_TOOL_PROGRAM, "doctor"};
    command.insert(command.end(), words.begin(), words.end());
    return command;
}

CommandResult in_shell(std::string const& script) {
    return run_command({"bash", "-c", script + " \"" + SERRY_TOOL_PROGRAM + "\" doctor"});
}

bool says(CommandResult const& result, std::string const& text) {
    bool const is_there = result.out.find(text) != std::string::npos;
    CHECK_MESSAGE(is_there, result.out, result.err);
    return is_there;
}

}  // namespace

TEST_CASE("a process alone looks at its node") {
    CommandResult const result = run_command(doctor({}));
    CHECK(result.exit_code == 0);
    CHECK(result.err.empty());
    says(result, "1 rank on 1 node\n");
    says(result, "good     hdf5 ");
    CommandResult const json = run_command(doctor({"--json"}));
    CHECK(JsonChecker(json.out).check());
}

TEST_CASE("of ranks one tells, and those that are not bound are found") {
    TempDir const dir;
    JobResult const result = run_job(2, doctor({"--checkpoint", dir.path()}));
    CHECK(result.exit_code == 0);
    says(result, "2 ranks on 1 node\n");
    says(result, "good     ranks          2 in MPI's world\n");
    says(result, "good     checkpoint     " + dir.path().string());
    CHECK(std::filesystem::is_empty(dir.path()));
    auto const unbound = launch(
        {"bash", "-c",
         std::string(
             "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --bind-to none "
             "-np 2 ")
             + SERRY_TOOL_PROGRAM + " doctor"},
        std::chrono::seconds(30));
    if (sysconf(_SC_NPROCESSORS_ONLN) >= 2)
        says(unbound, "expected     each rank bound to a core of its own\n");
}

TEST_CASE("ranks that do not find each other are found") {
    CommandResult const result = in_shell("SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4");
    CHECK(result.exit_code == 1);
    says(result, "bad      ranks          1 in MPI's world\n");
    says(result, "expected     4, as the launcher started\n");
}

TEST_CASE("few open files are found") {
    CommandResult const result = in_shell("ulimit -n 64;");
    CHECK(result.exit_code == 1);
    says(result, "bad      open files     64 open files\n");
}

TEST_CASE("a full /dev/shm is found") {
    if (geteuid() != 0) return;  // it is another one for this process, which root may mount
    CommandResult const result =
        run_command({"unshare", "--mount", "bash", "-c",
                     std::string("mount -t tmpfs -o size=1m none /dev/shm && ") + SERRY_TOOL_PROGRAM
                         + " doctor"});
    CHECK(result.exit_code == 1);
    says(result, "bad      shared memory  /dev/shm has 1.00 MiB free\n");
}

TEST_CASE("a folder for checkpoints that a rank has for itself is found") {
    if (geteuid() != 0) return;
    TempDir const dir;
    std::string const folder = dir.path().string();
    std::string const script = "if [ $OMPI_COMM_WORLD_RANK = 1 ]; then mount -t tmpfs none "
                               + folder + "; fi; exec " + SERRY_TOOL_PROGRAM
                               + " doctor --checkpoint " + folder;
    JobResult const result = run_job(2, {"unshare", "--mount", "bash", "-c", script});
    CHECK(result.exit_code == 1);
    says(result, "bad      shared folder  " + folder + " does not hold what rank 0 wrote there");
}
