// A rank that a signal ends in the midst of a stage.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

#include "faults/fault.hpp"

using namespace serry::test;

namespace {

using FileClock = std::filesystem::file_time_type::clock;

/// The job must be gone soon after the signal, whoever waits for the rank, and its output not
/// there.
void check_killed(std::string const& name,
                  int rank_count,
                  int exit_code,
                  std::string const& notice) {
    CAPTURE(name);
    CAPTURE(rank_count);
    TempDir const dir;
    std::vector<std::string> const command = {FAULTS_USER_CODE_JOB_PROGRAM, name, dir.path(),
                                              "--quiet"};
    JobResult const result = launch(on_ranks(rank_count, command), std::chrono::seconds(30));
    auto const now = FileClock::now();
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == exit_code);
    CHECK(result.err.find(notice) != std::string::npos);
    CHECK(result.errors.empty());
    REQUIRE(std::filesystem::exists(dir / "fired"));
    CHECK(now - std::filesystem::last_write_time(dir / "fired") < std::chrono::seconds(5));
    pid_t const rank = std::stoi(read_file(dir / "fired"));
    CHECK((kill(rank, 0) == -1 && errno == ESRCH));
    for (std::string const& left : names_in(dir.path()))
        CHECK_MESSAGE((left == "fired" || left.find(".out.serry-") == 0), left);

    // What is left behind does not disturb the next run.
    JobResult const next =
        run_job(rank_count, {FAULTS_USER_CODE_JOB_PROGRAM, "go on", dir.path(), "--quiet"});
    CHECK(next.exit_code == 0);
    CHECK(std::filesystem::exists(dir / "out/_SUCCESS"));
}

}  // namespace

TEST_CASE("a rank that is killed ends the job in seconds, by mpirun's own notice and code") {
    for (int rank_count : {2, 3})
        check_killed("kill", rank_count, 128 + SIGKILL, "exited on signal 9 (Killed)");
}

TEST_CASE("a rank that is terminated does, too") {
    check_killed("terminate", 2, 128 + SIGTERM, "exited on signal 15 (Terminated)");
}

TEST_CASE("a rank that is killed while parts are written leaves no output that looks whole") {
    check_killed("kill while writing", 2, 128 + SIGKILL, "exited on signal 9 (Killed)");
}
