#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace serry::test {

struct CommandResult {
    int exit_code = 0;  ///< 128 + the signal for a command that a signal has ended, as in a shell
    bool timed_out = false;
    std::string out;
    std::string err;
};

/// Run a command without a shell or an input, and gather what it prints. One that is still running
/// at the limit is told to end, and ended five seconds later. Throws std::system_error when a
/// process cannot be made; a program that is not there gives exit code 127.
CommandResult run_command(std::vector<std::string> const& command,
                          std::chrono::milliseconds limit = std::chrono::seconds(30));

/// The command that runs `command` on so many ranks. Not for use inside a test that runs on ranks
/// itself: mpirun cannot be nested.
std::vector<std::string> on_ranks(int rank_count, std::vector<std::string> const& command);

}  // namespace serry::test
