#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace serry {

/// What a command of `serry checkpoints` has to say, and whether all is well.
struct ToolReport {
    std::string text;
    bool is_good = true;
};

// All of these look at a folder that jobs were given as --checkpoint. They call no MPI, and change
// nothing but for prune_checkpoints(). UsageError for a folder that is none.

/// The job, and a line for each checkpoint, the newest last: what it holds and how large it is.
ToolReport list_checkpoints(std::string const& folder);

/// Reads every byte of every checkpoint, and says of each whether it is valid and, if not, why not.
ToolReport verify_checkpoints(std::string const& folder);

/// All that is known of the checkpoint `number`, or, without one, of the job: its arguments, and
/// what its journal holds.
ToolReport show_checkpoint(std::string const& folder, std::optional<std::uint64_t> number);

/// Deletes all but the newest `kept` valid checkpoints, those set aside, and what dead attempts
/// left half-written. UsageError while a job runs.
ToolReport prune_checkpoints(std::string const& folder, std::uint64_t kept);

}  // namespace serry
