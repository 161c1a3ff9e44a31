#include "serry/exec/exit_guard.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <mpi.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/exec/session.hpp"

namespace serry {
namespace {

Session* guarded = nullptr;

void say(std::string const& text) {
    std::fprintf(stderr, "serry: error: %s\n", text.c_str());
    std::fflush(stderr);
}

/// Runs inside exit(). The other ranks are in an agreement, or will be: take part, and leave with
/// them.
void on_exit_called() {
    if (!guarded) return;
    Session& session = *guarded;
    guarded = nullptr;
    constexpr int code = static_cast<int>(ExitCode::divergence);
    if (session.is_in_task()) {
        say("a function of the job called exit() on rank " + std::to_string(session.comm().rank())
            + " while a stage was running; throw an exception instead, which ends the stage on every rank");
        MPI_Abort(MPI_COMM_WORLD, code);
    }
    std::string text =
        "every rank called exit() in the job; return from it instead, or throw an exception";
    try {
        session.close(Announcement::Kind::exited, "");
    } catch (Error const& error) {
        text = error.what();
    }
    if (session.comm().rank() == 0) say(text);
    std::fflush(nullptr);
    MPI_Finalize();
    _exit(code);
}

}  // namespace

ExitGuard::ExitGuard(Session& session) {
    static bool const is_registered = std::atexit(on_exit_called) == 0;
    (void)is_registered;
    guarded = &session;
}

ExitGuard::~ExitGuard() { guarded = nullptr; }

}  // namespace serry
