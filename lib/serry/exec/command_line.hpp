#pragma once

#include <optional>
#include <string>
#include <vector>

#include "serry/base/options.hpp"

namespace serry {

/// One option that a program adds: name with dashes, whether it takes a value, help.
struct OptionSpec {
    std::string name;
    std::string value_name;  ///< empty: a flag
    std::string help;
};

struct CommandLine {
    Options options;
    std::vector<std::string> arguments;
    struct Given {
        std::string name;
        std::string value;
    };
    std::vector<Given> given;
    /// Set when --help was given: print it and leave.
    std::optional<std::string> answer;
};

struct CommandLineSpec {
    std::string program;  ///< its file name
    std::string summary;
    std::string arguments;  ///< as in Program
    std::vector<OptionSpec> options;
};

/// Read the command line; what it sets overrides what the environment sets. Throws UsageError.
CommandLine read_command_line(int argc, char const* const* argv, CommandLineSpec const& spec);

}  // namespace serry
