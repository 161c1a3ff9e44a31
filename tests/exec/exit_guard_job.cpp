// exit_guard_job HOW: a process that leaves by exit(0), with and without a guard around its
// session.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "serry/exec/exit_guard.hpp"
#include "serry/exec/session.hpp"

using namespace serry;

int main(int argc, char** argv) {
    std::string const how = argc > 1 ? argv[1] : "";
    comm::Environment const environment(argc, argv);
    Session session(MPI_COMM_WORLD, {});
    if (how == "after") {
        { ExitGuard const first(session); }
        { ExitGuard const second(session); }
        MPI_Finalize();
        std::exit(0);
    }
    ExitGuard const guard(session);
    if (how == "all") std::exit(0);
    if (how == "one" && session.comm().rank() == 1) std::exit(0);
    if (how == "last of them") {
        // As a job does that was told of a divergence, and ends by exit() for it.
        try {
            session.close(session.comm().rank() == 0 ? Announcement::Kind::returned
                                                     : Announcement::Kind::threw,
                          "x");
        } catch (Error const&) {
            std::exit(1);
        }
    }
    try {
        session.close(Announcement::Kind::returned, "");
    } catch (Error const& error) {
        if (session.comm().rank() == 0) std::fprintf(stderr, "serry: error: %s\n", error.what());
        return static_cast<int>(error.exit_code());
    }
    return 0;
}
