#pragma once

#include <span>

namespace serry {

/// Most records in a batch. Large enough that a virtual call a batch costs nothing, small enough
/// that the batches of a chain of operators stay in the first-level caches together.
inline constexpr std::size_t batch_records = 512;

/// Receives a partition's records, batch by batch. A batch holds at most batch_records records; it
/// and what its views point at are only valid during the call. After a throw the partition is
/// abandoned.
template <typename T>
struct Consumer {
    virtual ~Consumer() = default;
    virtual void consume(std::span<T const> batch) = 0;
    /// Called once a partition, after the last batch.
    virtual void finish() = 0;
};

}  // namespace serry
