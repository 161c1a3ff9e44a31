#include "serry/plan/lineage.hpp"

#include <stdexcept>
#include <utility>

#include "serry/base/hash.hpp"

namespace serry {

Transformation::Transformation(Lineage& lineage, Recorded recorded)
    : recorded_(std::move(recorded)), id_(lineage.next_id++), live_(lineage.live) {
    live_->insert(id_);
    fingerprint_ = mix_fingerprint(id_, recorded_.name);
    fingerprint_ = mix_fingerprint(fingerprint_, to_string(recorded_.at));
    fingerprint_ = mix_fingerprint(fingerprint_, recorded_.argument_fingerprint);
    fingerprint_ = mix_fingerprint(fingerprint_, recorded_.partition_count);
    for (auto const& parent : recorded_.parents)
        fingerprint_ = mix_fingerprint(fingerprint_, parent->fingerprint());
    lineage.fingerprint = mix_fingerprint(lineage.fingerprint, fingerprint_);
    lineage.unagreed.push_back({lineage.fingerprint, recorded_.name, recorded_.at});
}

Transformation::~Transformation() {
    live_->erase(id_);
    // One after the other rather than each within the one behind it: a loop may have recorded a
    // chain of a million steps.
    auto unneeded = std::move(recorded_.parents);
    while (!unneeded.empty()) {
        std::shared_ptr<Transformation> const step = std::move(unneeded.back());
        unneeded.pop_back();
        if (!step || step.use_count() > 1) continue;
        for (auto& parent : step->recorded_.parents) unneeded.push_back(std::move(parent));
        step->recorded_.parents.clear();
    }
}

SplitList Transformation::list_splits(SplitRequest const&) const {
    throw std::logic_error(label() + " is no source and has no splits");
}

bool Transformation::is_available() const {
    for (std::size_t i = 0; i < recorded_.parents.size(); ++i)
        if (!holds_input(i)) return false;
    return !recorded_.parents.empty();
}

void Transformation::set_splits(SplitList splits) {
    splits_ = std::move(splits);
    placement_ = Placement(splits_.partition_count());
}

}  // namespace serry
