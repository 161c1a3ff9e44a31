#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "serry/tool/exit_cause.hpp"

namespace serry {

/// What `serry run` was asked for.
struct SupervisorOptions {
    /// Ranks. 0: as the launcher decides.
    int rank_count = 0;
    /// mpirun, srun, or auto: srun in a Slurm job step's reach, else mpirun.
    std::string launcher = "auto";
    /// More words for the launcher.
    std::vector<std::string> launcher_words;
    /// Nodes to run on, each with its ranks: "n1:2". Empty: as the launcher decides, in a Slurm job
    /// the job's.
    std::vector<std::string> hosts;
    /// A command of the shell's that prints them, run before each attempt: nodes come and go.
    /// Empty: none.
    std::string hosts_from;
    int least_hosts = 1;
    std::string checkpoint;
    /// Attempts after the first that got no further than the one before.
    int most_restarts = 5;
    /// Before the first of them; twice as long before each other, to a minute.
    double pause_seconds = 2;
    double hang_seconds = 600;
    /// The program and its arguments.
    std::vector<std::string> command;
};

/// Runs a job until it has succeeded or there is no use in going on: starts it by mpirun or srun,
/// says why an attempt ended, and starts it again, from its checkpoints.
///
/// An attempt that ends by a signal, a lost node, or without a sign of life is followed by another
/// one. What would end the same way again is not: wrong options and input, what a user's function
/// threw, what does not fit, output that cannot be written; nor a task at which the program has
/// crashed twice. A node on which two attempts failed is left out from then on.
class Supervisor {
public:
    explicit Supervisor(SupervisorOptions options);
    ~Supervisor();
    Supervisor(Supervisor const&) = delete;
    Supervisor& operator=(Supervisor const&) = delete;

    /// Returns the exit code of the last attempt, or of what kept one from being made.
    int run();

private:
    /// What is known of an attempt that has ended.
    struct Attempt {
        int wait_status = 0;
        bool was_ended = false;  ///< by us
        std::string crash;       ///< "... in stage 2 (...), partition 3 of 8", or empty
        std::vector<std::string> failed_hosts;
    };

    void find_hosts();
    std::vector<std::string> launcher_command(std::string const& memory_folder) const;
    Attempt attempt();
    void start(std::vector<std::string> const& words, std::string const& folder);
    int wait_for_end(Attempt& attempt, std::string const& heartbeat);
    void read_errors(Attempt& attempt);
    void look_at_line(std::string const& line, Attempt& attempt) const;
    void pass_on_signals();
    void end_processes();
    bool must_stop(ExitCause const& cause, Attempt const& attempt);
    void blame(Attempt const& attempt);
    bool has_too_few_hosts() const;
    bool has_finished() const;
    std::string progress_mark() const;

    SupervisorOptions options_;
    int attempt_count_ = 0;
    int failures_in_a_row_ = 0;
    std::string mark_;  ///< how far the job has got
    std::map<std::string, int> crashes_;
    std::map<std::string, int> faults_by_host_;
    std::set<std::string> left_out_;  ///< hosts that failed too often
    std::vector<std::string> hosts_;  ///< of this attempt
    std::string unfinished_line_;
    int launcher_ = -1;        ///< its process
    int errors_ = -1;          ///< the reading end of its standard error
    bool is_leaving_ = false;  ///< we were told to end
};

}  // namespace serry
