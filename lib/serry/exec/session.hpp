#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/base/options.hpp"
#include "serry/comm/communicator.hpp"
#include "serry/comm/node_bytes.hpp"
#include "serry/exec/agreement.hpp"
#include "serry/exec/executor.hpp"
#include "serry/exec/progress.hpp"
#include "serry/exec/stage_report.hpp"
#include "serry/plan/lineage.hpp"
#include "serry/sink/result_pieces.hpp"

namespace serry {

class Checkpoints;
class Watchdog;
struct JobIdentity;

/// What is made by tasks on the side, and must be there again when a job goes on: an accumulator's
/// part on this rank.
class SavedState {
public:
    virtual ~SavedState() = default;
    virtual std::string saved() = 0;
    /// May be called several times; later ones know more.
    virtual void restore(std::string_view saved) = 0;

    std::uint64_t number = 0;  ///< set by the session
};

/// A job on its ranks, from the first transformation to the end: numbers what the program records,
/// has rank 0 plan the actions, and runs them. Functions are collective unless they only read.
class Session {
public:
    /// `original` is duplicated. Options that must agree are taken from rank 0. `identity` counts
    /// where there are checkpoints.
    Session(MPI_Comm original, Options options);
    Session(MPI_Comm original, Options options, JobIdentity const& identity);
    ~Session();

    comm::Communicator const& comm() const { return comm_; }
    Options const& options() const { return options_; }
    std::string const& job_id() const { return job_id_; }
    Lineage& lineage() { return lineage_; }
    bool is_in_task() const { return executor_ && executor_->is_in_task(); }
    /// The task of this rank, if one is running.
    std::optional<RunningTask> running_task() const {
        return executor_ ? executor_->running_task() : std::nullopt;
    }
    /// Whether that run of a stage failed: what its tasks did does not count.
    bool has_failed(std::uint64_t run) const { return executor_ && executor_->has_failed(run); }
    std::uint64_t action_count() const { return action_count_; }

    /// Open the action `action`: all ranks say what they are about to do, and throw UsageError if
    /// that is not the same. Once that has happened nothing is collective any more: it is thrown
    /// again and again.
    void open_action(Transformation const& action);

    /// Run what is needed for `end`, which sits below `target`. Throws InputError from planning and
    /// StageError from running, the same on every rank. Returns the vote on the last stage.
    Vote run(Transformation& target,
             Transformation const& action,
             StageEnd& end,
             TaskRange range = {});

    /// Do `f` on rank 0 alone and give everyone its result; what it throws as serry's Error,
    /// everyone throws.
    std::string on_rank_0(std::function<std::string()> const& f);

    /// Every rank's encoded records, in order of partition, for every rank to read: from 1 MiB on
    /// held once a node, but for those of unions, of which a rank has several stretches of
    /// partitions (`pieces`). Throws StorageError (does_not_fit) beyond the limit on results.
    struct Gathered {
        std::shared_ptr<void const> owner;
        std::string_view bytes;
        std::uint64_t record_count = 0;

        std::string_view encoded() const { return bytes; }
        std::uint64_t size() const { return record_count; }
    };
    Gathered gather_results(std::string_view encoded,
                            std::uint64_t record_count,
                            std::vector<ResultPiece> const& pieces = {});

    /// Holds what results that are views point at.
    Arena& arena() { return arena_; }

    /// The last agreement: how the job ended on this rank. Throws as open_action() does.
    void close(Announcement::Kind kind, std::string const& what);

    std::vector<StageReport> const& reports() const { return reports_; }

    // With --checkpoint: null without.

    Checkpoints const* checkpoints() const { return checkpoints_.get(); }
    /// Results of actions are numbered; ActionStep::result() asks for them and tells them.
    std::uint64_t next_result_number() { return result_count_++; }
    std::optional<std::string> recorded_result(std::uint64_t number, Transformation const& action);
    void record_result(std::uint64_t number, Transformation const& action, std::string_view bytes);

    /// Of accumulators, in the order in which the program makes them: what an earlier attempt of
    /// the job saved is given back to them.
    void attach(SavedState& state);
    void detach(SavedState& state);
    /// Collective: save what they hold.
    void save_states();

private:
    void agree_on(Announcement::Kind kind, std::string const& what);
    StageSetting setting_for(StagePlan const& stage) const;
    std::string gather_pieces(std::string_view encoded, std::vector<ResultPiece> const& pieces);
    Vote run_stages(Plan const& plan, Transformation& target, StageEnd& end, TaskRange range);
    Vote run_stage(StagePlan const& stage, StageEnd& end, TaskRange range);
    Executor::Outcome run_or_leave(StagePlan const& stage, StageEnd& end, TaskRange range);
    void write_event(StagePlan const& stage, Executor::Outcome const& outcome);
    void append_events(std::vector<std::string> const& lines);
    ExchangeGear& gear();
    void commit_stage(StagePlan const& stage);

    comm::Communicator comm_;
    Options options_;
    std::string job_id_;
    Lineage lineage_;
    Arena arena_;
    Progress progress_;
    std::unique_ptr<comm::Nodes> nodes_;
    std::unique_ptr<ExchangeGear> gear_;
    std::unique_ptr<Executor> executor_;
    std::vector<StageReport> reports_;
    std::string divergence_;  ///< the ranks' ways have parted; some may have left
    std::uint64_t action_count_ = 0;
    std::unique_ptr<Watchdog> watchdog_;
    std::unique_ptr<Checkpoints> checkpoints_;
    std::uint64_t result_count_ = 0;
    std::vector<SavedState*> states_;
    std::uint64_t next_state_ = 0;
    std::uint64_t states_hash_ = 0;  ///< of what was saved of them last
    std::uint32_t stage_count_ = 0;
    double started_at_ = 0;
};

}  // namespace serry
