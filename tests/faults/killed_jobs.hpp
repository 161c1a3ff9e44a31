#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/fault.hpp"
#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

namespace serry::test {

/// A job that writes a folder, and what it prints and writes undisturbed.
struct KilledJob {
    std::vector<std::string> command;  ///< without the output
    std::string option;                ///< that goes before the output; may be empty
    std::string expected = {};

    std::vector<std::string> with_output(std::string const& path) const {
        std::vector<std::string> words = command;
        if (!option.empty()) words.push_back(option);
        words.push_back(path);
        words.insert(words.end(), {"--partitions", "5"});
        return words;
    }
};

/// What a run printed, and what it wrote, part by part; but for _SUCCESS, which holds the job's id.
inline std::string bytes_of(std::string const& printed, std::string const& output) {
    std::string bytes = printed;
    if (!std::filesystem::exists(output)) return bytes + "no output";
    for (std::string const& name : names_in(output))
        if (name != "_SUCCESS") bytes += name + '\n' + read_file(output + '/' + name) + '\n';
    return bytes;
}

/// The folders of one job, for all its attempts.
class KilledJobRun {
public:
    explicit KilledJobRun(KilledJob const& job) : job_(job) {}

    std::string checkpoints() const { return dir_ / "checkpoints"; }
    std::string output() const { return dir_ / "out"; }

    /// `crash_at` as SERRY_CRASH_AT takes it; empty for none.
    JobResult run(int rank_count,
                  std::string const& crash_at = {},
                  std::vector<std::string> const& options = {"--checkpoint-every", "stage"}) {
        auto command = job_.with_output(output());
        command.insert(command.end(), {"--checkpoint", checkpoints()});
        command.insert(command.end(), options.begin(), options.end());
        return run_job(rank_count, command, {"SERRY_CRASH_AT=" + crash_at});
    }

    /// Run to the end, and look at what has come of it.
    JobResult check_finishes(int rank_count) {
        JobResult const result = run(rank_count);
        CHECK_MESSAGE(result.exit_code == 0, result.err);
        bool const is_equal = bytes_of(result.out, output()) == job_.expected;
        CHECK_MESSAGE(is_equal, result.err);
        if (std::filesystem::exists(checkpoints()))
            CHECK(names_in(checkpoints()) == std::vector<std::string>{"finished", "lock"});
        return result;
    }

private:
    KilledJob const& job_;
    TempDir dir_;
};

/// Run it undisturbed, without checkpoints.
inline KilledJob undisturbed(KilledJob job) {
    TempDir const dir;
    auto words = job.with_output(dir / "out");
    words.push_back("--quiet");
    JobResult const result = run_job(2, words);
    CHECK_MESSAGE(result.exit_code == 0, result.err);
    job.expected = bytes_of(result.out, dir / "out");
    CHECK(job.expected.size() > 1000);
    return job;
}

}  // namespace serry::test
