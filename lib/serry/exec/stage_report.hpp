#pragma once

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

/// One rank's part in a stage as a line of JSON.
std::string stage_event(StagePlan const& plan,
                        Vote const& own,
                        int rank,
                        std::string const& node,
                        std::string const& job_id);

}  // namespace serry
