#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "serry/base/error.hpp"
#include "serry/plan/lineage.hpp"

namespace serry {

/// A maximal chain of transformations without an exchange, run as one task a partition.
struct StagePlan {
    std::uint32_t number = 0;  ///< counted over the job, from 1
    std::uint32_t transformation =
        0;  ///< its last step: the wide one that it ends in, or the action's
    bool ends_in_exchange = false;
    std::uint64_t task_count = 0;
    std::string name;  ///< "read_text > flat_map > map > reduce_by_key"

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& number& transformation& ends_in_exchange& task_count& name;
    }
};

/// What rank 0 found out about a source or decided about a wide step, for all ranks to hold.
struct Decision {
    std::uint32_t transformation = 0;
    std::uint64_t partition_count = 0;
    SplitList splits;  ///< of sources

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& transformation& partition_count& splits;
    }
};

/// The stages of one action, in the order in which they run: decisions, never code. Made by rank 0
/// alone and broadcast. Partition p of N is rank_of_partition(p, N, ranks)'s.
struct Plan {
    std::vector<Decision> decisions;
    std::vector<StagePlan> stages;
    /// When planning failed: every rank throws it.
    int error_code = 0;
    std::string error;

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& decisions& stages& error_code& error;
    }
};

template <typename Archive>
void serialize(Archive& archive, InputFile& file, unsigned) {
    archive& file.path& file.size_bytes& file.modified_ns& file.inode;
}
template <typename Archive>
void serialize(Archive& archive, Split& split, unsigned) {
    archive& split.file& split.begin& split.end;
}
template <typename Archive>
void serialize(Archive& archive, SplitList& list, unsigned) {
    archive& list.files& list.splits& list.split_ends;
}

/// Plan an action on `target`: a stage for every wide step that it needs and that is not available,
/// each after the ones it needs, and the action's own stage last. `first_number` numbers the first
/// stage. Rank 0 only; lists the splits of sources that have none yet. Throws InputError.
Plan make_plan(Transformation& target,
               std::string const& action,
               std::uint64_t default_partitions,
               std::uint32_t first_number);

/// Do on this rank what the plan decided about `target` and the steps before it.
void apply_decisions(Plan const& plan, Transformation& target);

/// The step with this id at or before `target`; throws std::logic_error if there is none.
Transformation& find_transformation(Transformation& target, std::uint32_t id);

/// The stages as text, one line each with its steps and their call sites: what would run.
std::string explain(Transformation& target, std::uint64_t default_partitions);

}  // namespace serry
