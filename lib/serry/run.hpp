#pragma once

#include <functional>
#include <string>
#include <vector>

#include "serry/context.hpp"

namespace serry {

/// An option of a program's own, beside those that every serry program has.
struct OptionHelp {
    std::string name;  ///< "--top N" takes a value, "--lowercase" does not
    std::string help;
};

/// What --help says of a program, and what its command line may hold.
struct Program {
    std::string summary{};
    std::string arguments{};  ///< "INPUT..." for one or more, "LEFT RIGHT", or empty for none
    std::vector<OptionHelp> options{};
};

/// The whole of main(): bring MPI up, run `job` on every rank, print what went wrong (once) and the
/// table of stages, bring MPI down. Returns the exit code for the shell (ExitCode).
///
///     int main(int argc, char** argv) { return serry::run(argc, argv, word_count); }
int run(int argc,
        char** argv,
        std::function<void(Context&)> const& job,
        Program const& program = {});

}  // namespace serry
