#pragma once

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "support/run_command.hpp"
#include "support/temp_dir.hpp"

namespace serry::test {

/// Runs a script of tests/, with Debian's Python and its h5py.
inline void run_python(std::filesystem::path const& script, std::vector<std::string> arguments) {
    std::vector<std::string> command{"/usr/bin/python3", std::filesystem::path(TESTS_DIR) / script};
    command.insert(command.end(), arguments.begin(), arguments.end());
    CommandResult const result = run_command(command, std::chrono::seconds(60));
    INFO(result.out << result.err);
    REQUIRE(result.exit_code == 0);
}

/// The files that make_hdf5.py makes; made once for all tests of a program.
inline std::filesystem::path const& hdf5_files() {
    static TempDir const dir;
    static bool const is_made = [] {
        run_python("source/make_hdf5.py", {dir.path()});
        return true;
    }();
    static_cast<void>(is_made);
    return dir.path();
}

inline std::string hdf5_file(char const* name) { return hdf5_files() / name; }

}  // namespace serry::test
