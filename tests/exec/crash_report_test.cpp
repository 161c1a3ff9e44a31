#include "serry/exec/crash_report.hpp"

#include <csignal>
#include <string>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/numbers_stage.hpp"
#include "serry/base/pulse.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Ended {
    std::string said;
    int signal = 0;
};

/// What a process says that does what `act` does, and by which signal it ends.
template <typename Act>
Ended in_process(Act const& act) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_t const child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        for (int const signal : {SIGSEGV, SIGFPE, SIGABRT}) std::signal(signal, SIG_DFL);
        report_crashes(3);
        act();
        _exit(0);
    }
    close(ends[1]);
    Ended ended;
    char bytes[1024];
    for (ssize_t got = 0; (got = read(ends[0], bytes, sizeof bytes)) > 0;)
        ended.said.append(bytes, static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return ended;
}

}  // namespace

TEST_CASE("a crash is told in one line, and ends the process as it would have") {
    Ended const between = in_process([] { raise(SIGFPE); });
    CHECK(between.said == "serry: crash: rank 3 " + this_host() + " was ended by signal 8\n");
    CHECK(between.signal == SIGFPE);
    Ended const in_task = in_process([] {
        pulse().steps = "read > map";
        pulse().stage = 12;
        pulse().partition = 0;
        pulse().partition_count = 100;
        raise(SIGSEGV);
    });
    CHECK(in_task.said
          == "serry: crash: rank 3 " + this_host()
                 + " was ended by signal 11 in stage 12 (read > map), partition 0 of 100\n");
    CHECK(in_task.signal == SIGSEGV);
}

TEST_CASE("SIGUSR1 is noted where it does not end the process") {
    Ended const told = in_process([] {
        leave_when_told();
        raise(SIGUSR1);
        if (!pulse().is_told_to_leave) raise(SIGABRT);
    });
    CHECK(told.signal == 0);
    CHECK(told.said.empty());
}
