#pragma once

#include <string>
#include <vector>

#include "serry/tool/scale_run.hpp"
#include "serry/tool/shape.hpp"

namespace serry {

/// What `serry scale` was asked for.
struct ScaleOptions {
    std::vector<Shape> shapes;
    bool is_weak = false;
    int round_count = 5;
    int warm_up_count = 1;
    /// For runs.jsonl, logs and the report.
    std::string folder = "scaling";
    /// mpirun, srun, or auto: srun in a Slurm job, else mpirun.
    std::string launcher = "auto";
    /// More words for the launcher.
    std::vector<std::string> launcher_words;
    /// Of a node. 0: as Slurm or the system says.
    int core_count = 0;
    /// After so long a run is ended, and has failed. 0: never.
    double limit_seconds = 0;
    /// Forget what the folder holds.
    bool is_fresh = false;
    /// Say what would be run, and run nothing.
    bool is_dry_run = false;
    /// Only make the report again.
    bool is_report_only = false;
    /// The program and its arguments, as fill_in() takes them.
    std::vector<std::string> command;
};

/// In which order a series' shapes are run in a round: every round begins with another one, and
/// every other goes backwards, so that a machine that grows faster or slower with the hours favours
/// none.
std::vector<Shape> order_of_round(std::vector<Shape> shapes, int round);

/// Runs a program over shapes, round after round, and reports how it scales. What it did is in
/// `folder`: runs.jsonl with a line a run (in a job of Slurm's runs-JOB.jsonl),
/// logs/ with what the runs printed, report.csv and report.html. Run again, it does what is
/// missing.
class Scale {
public:
    explicit Scale(ScaleOptions options);

    /// Returns 0, or 1 if runs are missing as they failed, or 128 + a signal that was sent to us.
    /// Throws UsageError, InputError, StorageError.
    int run();

private:
    void check();
    ScaleRun what_all_runs_share() const;
    void prepare_folder() const;
    int run_missing();
    bool is_done(Shape shape, int round) const;
    bool is_crowded(Shape shape) const { return shape.ranks_a_node > options_.core_count; }
    ScaleRun run_one(Shape shape, int round);
    std::vector<std::string> launch_words(Shape shape, int round) const;
    int wait_for_end(int process, double started) const;
    void read_runs();
    void note(ScaleRun const& run);
    void check_same_series() const;
    void write_report() const;

    ScaleOptions options_;
    int node_count_ = 1;  ///< that are at hand
    std::string runs_path_;
    ScaleRun known_;  ///< what all runs have in common
    std::vector<ScaleRun> runs_;
};

}  // namespace serry
