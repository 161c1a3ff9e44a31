#pragma once

#include <memory>
#include <utility>

#include "serry/plan/lineage.hpp"
#include "serry/stage/consumer.hpp"
#include "serry/stage/task.hpp"

namespace serry {

/// A step whose result holds T's: it knows how to push the partitions of its result into a
/// consumer.
template <typename T>
class TypedTransformation : public Transformation {
public:
    using Transformation::Transformation;

    /// Add to `pipeline` what pushes this step's records into `next`: its own operator and, before
    /// it, its parents', up to a source or to the output of an exchange. `next` outlives the
    /// pipeline.
    virtual void attach(Pipeline& pipeline, Consumer<T>& next) = 0;
};

template <typename T>
using TypedPointer = std::shared_ptr<TypedTransformation<T>>;

}  // namespace serry
