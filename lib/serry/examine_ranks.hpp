#pragma once

#include <vector>

#include "serry/tool/doctor.hpp"

namespace serry {

/// What the doctor finds on every rank that a launcher started, by rank: on rank 0, and nothing on
/// the others. Of a process that no launcher started, on it alone. Collective; starts MPI, and ends
/// it.
std::vector<Examination> examine_ranks(DoctorOptions const& options);

}  // namespace serry
