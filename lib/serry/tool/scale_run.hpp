#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/serde/field_names.hpp"
#include "serry/tool/shape.hpp"

namespace serry {

/// What the ranks of a job did in one stage. Seconds are means over the ranks unless they say
/// otherwise, and add up to those of the stage.
struct ScaleStage {
    std::uint64_t number = 0;
    std::string steps;
    double seconds = 0;  ///< of the slowest rank
    double task_seconds = 0;
    double longest_task_seconds = 0;  ///< of the rank that was longest in tasks
    double exchange_seconds = 0;
    double wait_seconds = 0;
    double checkpoint_seconds = 0;  ///< of the commits after it
    std::uint64_t records_in = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_sent = 0;          ///< by all ranks, themselves among the receivers
    std::uint64_t largest_bytes_sent = 0;  ///< by one rank
};

struct EnvironmentVariable {
    std::string name;
    std::string value;
};

/// Of a series that measures how a program scales, one run: what was started, where, and what came
/// of it. A line of runs.jsonl.
struct ScaleRun {
    int round = 0;  ///< from 1; 0: to warm up, not counted
    int nodes = 1;
    int ranks_a_node = 1;
    bool is_oversubscribed = false;  ///< more ranks on a node than cores
    bool is_weak = false;
    int exit_code = 0;        ///< of the launcher; 128 + the number of the signal that ended it
    std::string started_at;   ///< in UTC: "2026-11-27T20:15:00Z"
    double wall_seconds = 0;  ///< from before the launcher's start until after its end
    /// Of the job itself, from when all ranks are there until they agree that it is done. Nothing
    /// if the program does not say: none of serry's, or one that failed.
    std::optional<double> job_seconds;
    std::vector<std::string> program;   ///< words as they were given, before fill_in()
    std::vector<std::string> launched;  ///< words as they were run, the launcher's first
    std::string program_hash;           ///< of the program's file
    std::string revision;               ///< of git where the program lies; empty if there is none
    std::string build;                  ///< of serry, as the job says; its version and compiler
    std::string mpi;
    std::string system;                            ///< kernel and processor
    int cores = 0;                                 ///< of a node
    std::uint64_t memory_bytes = 0;                ///< that a rank was given
    std::vector<std::string> hosts;                ///< by rank
    std::vector<EnvironmentVariable> environment;  ///< of MPI, Slurm and serry
    std::vector<ScaleStage> stages;
    std::string log;  ///< file with what it printed

    Shape shape() const { return {nodes, ranks_a_node}; }
    bool is_good() const { return exit_code == 0; }
    /// What is compared: the job's seconds, else those of the launcher.
    double seconds() const { return job_seconds.value_or(wall_seconds); }
    /// By all ranks in all stages.
    double bytes_sent() const {
        double sum = 0;
        for (ScaleStage const& stage : stages) sum += static_cast<double>(stage.bytes_sent);
        return sum;
    }
};

template <>
inline constexpr auto field_names<ScaleStage> = names("stage",
                                                      "steps",
                                                      "seconds",
                                                      "task_seconds",
                                                      "longest_task_seconds",
                                                      "exchange_seconds",
                                                      "wait_seconds",
                                                      "checkpoint_seconds",
                                                      "records_in",
                                                      "bytes_in",
                                                      "bytes_sent",
                                                      "largest_bytes_sent");
template <>
inline constexpr auto field_names<EnvironmentVariable> = names("name", "value");
template <>
inline constexpr auto field_names<ScaleRun> = names("round",
                                                    "nodes",
                                                    "ranks_a_node",
                                                    "is_oversubscribed",
                                                    "is_weak",
                                                    "exit_code",
                                                    "started_at",
                                                    "wall_seconds",
                                                    "job_seconds",
                                                    "program",
                                                    "launched",
                                                    "program_hash",
                                                    "revision",
                                                    "build",
                                                    "mpi",
                                                    "system",
                                                    "cores",
                                                    "memory_bytes",
                                                    "hosts",
                                                    "environment",
                                                    "stages",
                                                    "log");

/// As a line of JSON, with its end. Text that is not UTF-8 has its odd bytes replaced by '?'.
std::string to_line(ScaleRun run);
/// Every line of the text, which is that of a file of runs, named for messages. A last line without
/// an end, that of a run which was being noted when something failed, is left out. Throws
/// InputError.
std::vector<ScaleRun> runs_from_text(std::string const& name, std::string_view text);

/// Put what a job of serry's said of itself, the lines of its --events, into its run.
void add_events(std::string const& name, std::string_view text, ScaleRun& run);

}  // namespace serry
