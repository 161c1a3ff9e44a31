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
        0;                    ///< its last step: the wide one that it ends in, or the action's
    std::uint32_t input = 0;  ///< of the wide step: whose records it runs
    bool ends_in_exchange = false;
    Placement tasks{};
    std::string name{};  ///< "read_text > flat_map > map > reduce_by_key"

    std::uint64_t task_count() const { return tasks.partition_count(); }

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& number& transformation& input& ends_in_exchange& tasks& name;
    }
};

/// What rank 0 found out about a source or decided about a wide step, for all ranks to hold.
struct Decision {
    std::uint32_t transformation = 0;
    std::uint64_t partition_count = 0;
    SplitList splits{};            ///< of sources
    std::vector<bool> in_place{};  ///< of wide steps: which inputs need no exchange

    template <typename Archive>
    void serialize(Archive& archive, unsigned) {
        archive& transformation& partition_count& splits& in_place;
    }
};

/// The stages of one action, in the order in which they run: decisions, never code. Made by rank 0
/// alone and broadcast. Which tasks are whose is their Placement's to say.
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

/// A stage's operators call each other, batch by batch, so that its narrow steps take stack: at
/// most about a KiB each, under sanitizers. With this many, half of the usual 8 MiB is left.
inline constexpr std::uint64_t most_narrow_steps = 4096;

/// Plan an action on `target`: a stage for every wide step that it needs and that is not available,
/// each after the ones it needs, and the action's own stage last. `first_number` numbers the first
/// stage. Rank 0 only; lists the splits of sources that have none yet. Throws InputError, and
/// UsageError for more partitions or narrow steps in a row than there can be.
Plan make_plan(Transformation& target,
               std::string const& action,
               std::uint64_t default_partitions,
               std::uint32_t first_number);

/// Do on this rank what the plan decided about `target` and the steps before it.
void apply_decisions(Plan const& plan, Transformation& target);

/// The step with this id at or before `target`; throws std::logic_error if there is none.
Transformation& find_transformation(Transformation& target, std::uint32_t id);

}  // namespace serry
