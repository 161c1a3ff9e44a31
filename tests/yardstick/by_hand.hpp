#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/run_command.hpp"
#include "support/temp_dir.hpp"

// Tests of the programs written by hand on plain MPI, and of what makes their inputs.
namespace serry::test {

inline constexpr int rank_counts[] = {1, 2, 3, 4, 7};

/// Run a program on ranks; it must succeed without a complaint. Return what it prints.
inline std::string run_by_hand(int rank_count, std::vector<std::string> const& command) {
    JobResult const result = run_job(rank_count, command);
    CHECK_FALSE(result.timed_out);
    CHECK_MESSAGE(result.exit_code == 0, result.err);
    CHECK(result.err == "");
    return result.out;
}

/// Run a program on ranks that must fail. Return the lines that it prints, without its name.
inline std::vector<std::string> complaints(int rank_count,
                                           std::vector<std::string> const& command) {
    JobResult const result = run_job(rank_count, command);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code != 0);
    CHECK(result.out == "");
    return lines_after(result.err, std::filesystem::path(command[0]).filename().string() + ": ");
}

using Lines = std::vector<std::string>;

/// The part files of an output, one behind the other.
inline std::string parts_of(std::filesystem::path const& output) {
    std::vector<std::filesystem::path> parts;
    for (auto const& entry : std::filesystem::directory_iterator(output))
        if (entry.path().filename() != "summary") parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    std::string bytes;
    for (auto const& part : parts) bytes += read_file(part);
    return bytes;
}

/// The lines of all part files, sorted.
inline Lines sorted_lines(std::filesystem::path const& output) {
    Lines lines = lines_after(parts_of(output), "");
    std::sort(lines.begin(), lines.end());
    return lines;
}

/// Run a program that is not on MPI: make_records, check_output.
inline CommandResult run_tool(std::vector<std::string> const& command) {
    return run_command(command);
}

}  // namespace serry::test
