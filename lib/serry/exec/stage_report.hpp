#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "serry/exec/vote.hpp"
#include "serry/plan/plan.hpp"

namespace serry {

/// One stage that ran, as all ranks agreed on it.
struct StageReport {
    StagePlan plan;
    Vote vote;
};

/// The stages that ran as a table, a row each: tasks, records in and out, bytes read, exchanged,
/// spilled and written, seconds of the slowest rank split into tasks, exchange and wait, and the
/// skew: the records of the rank that took in most over the mean. Below it what one should know:
/// bad lines that were left out, and exchanges of uneven keys.
std::string stage_table(std::vector<StageReport> const& reports, int rank_count);

/// One rank's part in a stage as a line of JSON. `route`: the way of its exchange, empty if it had
/// none.
std::string stage_event(StagePlan const& plan,
                        Vote const& own,
                        std::string const& route,
                        int rank,
                        std::string const& node,
                        std::string const& job_id);

/// What the ranks committed after a stage, and how long that took them together.
std::string checkpoint_event(StagePlan const& plan,
                             double seconds,
                             std::uint64_t byte_count,
                             std::string const& job_id);

/// A job that has ended well: its ranks, the memory of one, the seconds since all ranks were
/// there, and by which build of serry and which MPI it was run.
std::string job_event(std::string const& job_id,
                      int rank_count,
                      std::uint64_t memory_bytes,
                      double seconds);

}  // namespace serry
