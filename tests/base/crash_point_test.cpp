#include "serry/base/crash_point.hpp"

#include <csignal>
#include <cstdlib>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

using serry::crash_point;

namespace {

/// Come by the places in a process of its own; the signal that ended it, or 0.
template <typename Places>
int signal_of(char const* crash_at, char const* rank, Places const& places) {
    pid_t const child = fork();
    if (child == 0) {
        setenv("SERRY_CRASH_AT", crash_at, 1);
        setenv("OMPI_COMM_WORLD_RANK", rank, 1);
        places();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("a process kills itself at the place, rank and occurrence that were asked for") {
    auto const once = [] { crash_point("here"); };
    auto const twice = [] {
        crash_point("here");
        crash_point("there");
        crash_point("here");
    };
    CHECK(signal_of("here:0:1", "0", once) == SIGKILL);
    CHECK(signal_of("here:0:2", "0", once) == 0);
    CHECK(signal_of("here:0:2", "0", twice) == SIGKILL);
    CHECK(signal_of("here:1:1", "0", twice) == 0);
    CHECK(signal_of("here:3:1", "3", once) == SIGKILL);
    CHECK(signal_of("er:0:1", "0", twice) == 0);
    CHECK(signal_of("other:0:1,there:0:1", "0", twice) == SIGKILL);
    CHECK(signal_of("", "0", twice) == 0);
}
