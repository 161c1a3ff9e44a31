#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

namespace serry::test {

inline std::vector<std::string> names_in(std::filesystem::path const& folder) {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

/// A job that met a fault has ended by itself, with this exit code, and has said what happened
/// once.
inline std::string the_error(JobResult const& result, int exit_code) {
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == exit_code);
    CHECK_MESSAGE(result.errors.size() == 1, result.err);
    return result.errors.empty() ? "" : result.errors[0];
}

inline void check_matches(std::string const& text, std::string const& pattern) {
    CHECK_MESSAGE(std::regex_match(text, std::regex(pattern)), text);
}

/// Run `command` on two ranks by a user whom permissions bind: not by root, for whom nobody runs
/// it. Nothing where that user cannot run the program.
inline std::optional<JobResult> run_without_privileges(std::vector<std::string> const& command) {
    std::vector<std::string> user;
    if (geteuid() == 0)
        user = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "HOME=/"};
    auto const by_user = [&](std::vector<std::string> words) {
        words.insert(words.begin(), user.begin(), user.end());
        return words;
    };
    if (run_command(by_user({"test", "-x", command[0]})).exit_code != 0) return std::nullopt;
    return launch(by_user(on_ranks(2, command)), std::chrono::seconds(30));
}

}  // namespace serry::test
