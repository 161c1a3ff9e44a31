#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace serry {

/// How long a launcher that was asked to end may take before it is killed.
inline constexpr double patience_with_launcher_seconds = 10;

/// Starts a program in a process group of its own, so that what is typed at the terminal comes to
/// us alone; it gets a SIGTERM should we be killed, and has the usual answer to signals. `prepare`
/// is called in the new process first. If it is no program that can be run, it says so in the name
/// of `who` and ends with 127. Returns -1, with errno, if no process can be made.
pid_t start_process(std::string const& who,
                    std::vector<std::string> const& words,
                    std::function<void()> const& prepare);

}  // namespace serry
