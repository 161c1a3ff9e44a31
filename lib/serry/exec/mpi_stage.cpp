#include "serry/exec/mpi_stage.hpp"

#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/comm/mpi_error.hpp"
#include "serry/exec/action_step.hpp"

namespace serry {
namespace {

/// How f ended on this rank.
struct Ending {
    bool is_failure = false;
    int code = 0;
    std::string text;
};

Ending call(std::function<void(MPI_Comm)> const& f,
            Session const& session,
            ActionStep const& action) {
    comm::Communicator const duplicate(session.comm().handle());
    try {
        f(duplicate.handle());
        return {};
    } catch (...) {
        return {true, static_cast<int>(code_of_current_exception()),
                fmt::format("{} failed on rank {} ({}): {}", action.label(), session.comm().rank(),
                            comm::local_node_name(), describe_current_exception())};
    }
}

/// MPI_Wait that gives up.
void wait_for_others(MPI_Request& request, Ending const& own, double patience_seconds) {
    auto const start = std::chrono::steady_clock::now();
    std::chrono::duration<double> const patience(patience_seconds);
    for (int is_done = 0;;) {
        comm::check("MPI_Test", MPI_Test(&request, &is_done, MPI_STATUS_IGNORE));
        if (is_done) return;
        if (std::chrono::steady_clock::now() - start > patience)
            throw CommError(fmt::format(
                "{}; the other ranks have not come to the end of it within {} s, as they do when "
                "they wait for this one: let no rank leave it between their calls of MPI",
                own.text, patience_seconds));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

/// The lowest rank on which f threw; rank_count() if there is none. Collective.
int lowest_failed_rank(Session const& session, Ending const& own, double patience_seconds) {
    // Static, as MPI may still use them when the wait is given up.
    static int rank = 0, lowest = 0;
    rank = own.is_failure ? session.comm().rank() : session.comm().rank_count();
    MPI_Request request = MPI_REQUEST_NULL;
    comm::check("MPI_Iallreduce", MPI_Iallreduce(&rank, &lowest, 1, MPI_INT, MPI_MIN,
                                                 session.comm().handle(), &request));
    if (own.is_failure) wait_for_others(request, own, patience_seconds);
    comm::check("MPI_Wait", MPI_Wait(&request, MPI_STATUS_IGNORE));
    return lowest;
}

}  // namespace

void run_mpi_stage(Session& session,
                   std::function<void(MPI_Comm)> const& f,
                   CallSite at,
                   double patience_seconds) {
    ActionStep const action(session, "mpi_stage", at);
    Ending const own = call(f, session, action);
    int const failed = lowest_failed_rank(session, own, patience_seconds);
    if (failed == session.comm().rank_count()) return;
    std::string const code = session.comm().broadcast(std::to_string(own.code), failed);
    throw StageError(static_cast<ExitCode>(std::stoi(code)),
                     session.comm().broadcast(own.text, failed));
}

}  // namespace serry
