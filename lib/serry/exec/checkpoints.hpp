#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "serry/base/options.hpp"
#include "serry/checkpoint/checkpoint_folder.hpp"
#include "serry/checkpoint/checkpoint_policy.hpp"
#include "serry/comm/communicator.hpp"
#include "serry/exec/catalogue.hpp"
#include "serry/exec/replay.hpp"
#include "serry/plan/lineage.hpp"
#include "serry/plan/plan.hpp"
#include "serry/shuffle/store_holder.hpp"

namespace serry {

/// What a step holds, or may come to hold, of one of its inputs.
struct HeldInput {
    Transformation* step = nullptr;
    std::size_t input = 0;

    Place place() const { return place_of(step->id(), input); }
    bool is_held() const { return step->holds_input(input); }
    StoreHolder& holder() const { return dynamic_cast<StoreHolder&>(*step); }
    PartitionStore& store() const { return *holder().store_of(input); }
};

/// A job's checkpoints, and what earlier attempts of it left: results of actions come from the
/// journal, results of stages from checkpoints, and everything else is done again.
///
/// Functions are collective. Only rank 0 looks at the folder, but for packs: every rank writes its
/// own, and reads those that hold its partitions.
class Checkpoints {
public:
    /// Opens the folder of `options.checkpoint`, and decides whether this job goes on from an
    /// earlier attempt. Throws UsageError (divergence) if that one was another job, what is
    /// different in its text; (usage) if another job has the folder now; StorageError.
    Checkpoints(comm::Communicator const& comm,
                Options const& options,
                JobIdentity const& identity,
                std::string const& fresh_job_id,
                bool is_node_leader);

    std::string const& job_id() const { return job_id_; }
    std::uint64_t attempt() const { return attempt_; }
    /// What is said at the start of the job; empty if there is nothing to go on from.
    std::string resumption() const;

    // Results of actions.

    /// What the journal has for the action's result, on every rank; nothing if it is to be made.
    /// `number` counts the results that the job has asked for. Throws UsageError (divergence) if
    /// the journal holds another action's there.
    std::optional<std::string> result(std::uint64_t number,
                                      std::uint64_t fingerprint,
                                      std::string const& label);
    void record_result(std::uint64_t number,
                       std::uint64_t fingerprint,
                       std::string const& label,
                       std::string_view bytes);

    // Accumulators.

    /// What was added to all of them, as Replay has it; on other ranks than 0 nothing.
    std::vector<std::string> found_accumulators() const;
    /// Note what was added since the last time. Rank 0's `bytes` count.
    void record_accumulators(std::string_view bytes);

    // Input.

    /// As Replay's. On rank 0; local.
    void check_input(Plan const& plan, Transformation& target) {
        replay_->check_input(plan, target);
    }

    // Results of stages.

    /// Bring back, from valid checkpoints, what an action on `target` needs, instead of running it.
    /// What is damaged is told on the standard error, set aside, and done again.
    void restore(Transformation& target, StageSetting const& setting);
    /// Before a stage is run whose records come from `last`: what may be held after it.
    /// `exchanged`: the input that it exchanges, if it does.
    void before_stage(Transformation& last, std::optional<HeldInput> exchanged);
    /// After it: commit what is held now, if that is due. `before_commit` is called first.
    void after_stage(StagePlan const& stage,
                     Lineage const& lineage,
                     std::function<void()> const& before_commit);

    /// When no step is held for the time of an action any more: delete what is not needed now.
    void after_action(Lineage const& lineage);
    /// Commit all that is held and was not committed: the job is about to leave.
    void commit_all(StagePlan const& stage, Lineage const& lineage);

    /// The job has succeeded: there is nothing to go on from any more.
    void finish();

    struct Totals {
        std::uint64_t committed = 0;
        std::uint64_t file_bytes = 0;
        double commit_seconds = 0;
        std::uint64_t restored = 0;
        double restore_seconds = 0;
        std::uint64_t replayed_results = 0;
    };
    Totals const& totals() const { return totals_; }

private:
    void start(JobIdentity const& identity, std::string const& fresh_job_id);
    void load_found();
    void check_same_folder(bool is_node_leader) const;

    void restore_one(Manifest const& manifest, HeldInput at, StageSetting const& setting);
    void set_aside(std::uint64_t number, std::string const& reason);

    void drop_gone(Lineage const& lineage);
    std::vector<HeldInput> due_now() const;
    std::uint64_t largest_byte_count(std::uint64_t own) const;
    void commit(StagePlan const& stage, HeldInput at);
    std::string write_own_pack(PackId const& id, HeldInput at) const;
    std::uint64_t write_manifest(StagePlan const& stage,
                                 HeldInput at,
                                 std::uint64_t number,
                                 std::vector<std::string> const& packs);

    comm::Communicator const& comm_;
    CheckpointFolder folder_;
    std::string resume_;
    bool is_quiet_;
    PackCompression compression_;
    CheckpointPolicy policy_;
    std::string job_id_;
    std::uint64_t attempt_ = 0;
    std::uint64_t next_number_ = 1;
    std::unordered_set<std::uint64_t> result_numbers_;  ///< that the journal has
    std::uint64_t found_count_ = 0;  ///< checkpoints that could still be restored
    Totals totals_;

    std::vector<HeldInput> unheld_;           ///< by the stage that runs, until it has
    std::map<Place, HeldInput> uncommitted_;  ///< what is held, of steps that may have gone since
    bool must_retire_ = false;

    // On rank 0.
    CheckpointFolder::Lock lock_;
    std::unique_ptr<Replay> replay_;
    Catalogue catalogue_;
    std::vector<std::uint64_t> stage_bases_;  ///< what the stage that runs rests on
};

}  // namespace serry
