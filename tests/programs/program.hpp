#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

namespace serry::test {

/// Run a program of apps/ on ranks; it must succeed without a complaint.
inline JobResult run_program(int rank_count, std::vector<std::string> const& command) {
    JobResult result = run_job(rank_count, command, {"SERRY_QUIET=1"});
    CHECK(result.exit_code == 0);
    CHECK(result.errors.empty());
    return result;
}

/// The part files of an output, one behind the other.
inline std::string text_of(std::filesystem::path const& output) {
    std::vector<std::filesystem::path> parts;
    for (auto const& entry : std::filesystem::directory_iterator(output))
        if (entry.path().filename() != "_SUCCESS") parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    std::string text;
    for (auto const& part : parts) text += read_file(part);
    return text;
}

}  // namespace serry::test
