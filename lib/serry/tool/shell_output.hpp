#pragma once

#include <string>

namespace serry {

/// What a command of the shell's printed to its standard output, and whether it ended with 0.
struct ShellOutput {
    std::string text;
    bool is_good = false;
};
ShellOutput shell_output(std::string const& command);

/// A word that the shell takes as it is.
std::string shell_quoted(std::string const& word);

}  // namespace serry
