#include "serry/plan/lineage.hpp"

#include <stdexcept>
#include <utility>

#include "serry/base/hash.hpp"

namespace serry {

Transformation::Transformation(Lineage& lineage, Recorded recorded)
    : recorded_(std::move(recorded)), id_(lineage.next_id++) {
    fingerprint_ = mix_fingerprint(id_, recorded_.name);
    fingerprint_ = mix_fingerprint(fingerprint_, to_string(recorded_.at));
    fingerprint_ = mix_fingerprint(fingerprint_, recorded_.argument_fingerprint);
    fingerprint_ = mix_fingerprint(fingerprint_, recorded_.partition_count);
    for (auto const& parent : recorded_.parents)
        fingerprint_ = mix_fingerprint(fingerprint_, parent->fingerprint());
    lineage.fingerprint = mix_fingerprint(lineage.fingerprint, fingerprint_);
}

SplitList Transformation::list_splits(SplitRequest const&) const {
    throw std::logic_error(label() + " is no source and has no splits");
}

void Transformation::set_splits(SplitList splits) {
    splits_ = std::move(splits);
    partition_count_ = splits_.splits.size();
}

}  // namespace serry
