#pragma once

#include <functional>

#include <mpi.h>

#include "serry/base/call_site.hpp"
#include "serry/exec/session.hpp"

namespace serry {

/// Collective: call f on every rank with a duplicate of the session's communicator, which is freed
/// afterwards. If f throws on any rank, every rank throws the same StageError, for the lowest of
/// these ranks. A rank on which f threw waits `patience_seconds` for the others, which may wait for
/// it in MPI, and then throws CommError, which ends the job.
void run_mpi_stage(Session& session,
                   std::function<void(MPI_Comm)> const& f,
                   CallSite at,
                   double patience_seconds = 60);

}  // namespace serry
