#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "serry/checkpoint/manifest.hpp"
#include "serry/plan/lineage.hpp"

namespace serry {

/// An input of a step, in one number: what a checkpoint is of.
using Place = std::uint64_t;
inline Place place_of(std::uint64_t step_id, std::uint64_t input) { return step_id << 8 | input; }
inline bool is_live(Place place, Lineage const& lineage) {
    return lineage.live->contains(static_cast<std::uint32_t>(place >> 8));
}

/// Which checkpoints a job has, and what rests on them: those that earlier attempts left and that
/// could still be restored, and those that what is held now was restored from or committed as. For
/// rank 0. Local.
class Catalogue {
public:
    /// Of an earlier attempt, in ascending order of number.
    void add_found(Manifest manifest);
    std::size_t found_count() const { return found_.size(); }
    /// Of those, the first on the way back from `target` that an action on it needs; null if there
    /// is none.
    Manifest const* next_to_restore(Transformation const& target) const;
    void add_restored(Manifest const& manifest);
    void drop_damaged(std::uint64_t number);

    /// Of this attempt. Its packs and partitions are not looked at.
    void add_committed(Manifest manifest);
    /// The checkpoints that the records which come from `last` would be made of again.
    std::vector<std::uint64_t> bases_of(Transformation& last) const;
    /// `place` is held without a checkpoint of its own.
    void add_held(Place place, std::vector<std::uint64_t> bases);

    /// Takes out those that nothing rests on any more, but for the newest of them, in case what
    /// came after it is damaged.
    std::vector<Manifest> take_obsolete(Lineage const& lineage);

private:
    bool is_needed(Manifest const& manifest,
                   std::unordered_set<std::uint64_t> const& used,
                   Lineage const& lineage) const;

    std::vector<Manifest> manifests_;
    std::unordered_set<std::uint64_t> found_;  ///< numbers of those that could still be restored
    std::unordered_map<Place, std::uint64_t> committed_;
    std::unordered_map<Place, std::vector<std::uint64_t>> rests_on_;
};

}  // namespace serry
