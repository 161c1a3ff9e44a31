#include "serry/shuffle/splitters.hpp"

#include <utility>

#include "serry/plan/split.hpp"
#include "serry/serde/order_key.hpp"
#include "serry/shuffle/prefix_sort.hpp"

namespace serry {
namespace {

WireRecord record_of(SampledRecord const& sampled) {
    WireRecord record;
    record.hash = order_prefix(sampled.key);
    record.key = sampled.key;
    record.value = sampled.value;
    return record;
}

}  // namespace

Splitters::Splitters(std::vector<SampledRecord> sample,
                     SortOrder order,
                     std::uint64_t partition_count,
                     std::uint64_t task_count,
                     std::uint64_t rank_count)
    : order_(order), partition_count_(partition_count), sample_(std::move(sample)) {
    std::vector<SortEntry> entries, scratch(sample_.size());
    std::vector<WireRecord> unsorted;
    for (SampledRecord const& sampled : sample_) {
        entries.push_back({0, unsorted.size()});
        unsorted.push_back(record_of(sampled));
    }
    merge_sort(std::span(entries), scratch, [&](SortEntry const& a, SortEntry const& b) {
        return order_(unsorted[a.reference], unsorted[b.reference]);
    });
    for (SortEntry const& entry : entries) {
        SampledRecord const& sampled = sample_[entry.reference];
        records_.push_back(unsorted[entry.reference]);
        places_.push_back({rank_of_partition(sampled.partition, task_count, rank_count),
                           sampled.run, sampled.index});
    }
}

std::optional<Splitters::Bound> Splitters::bound(std::uint64_t partition) const {
    Bound bound;
    if (partition_count_ == 0) {
        bound.prefix_ = partition << 32;
        return bound;
    }
    std::uint64_t const at = first_partition_of(partition, partition_count_, records_.size());
    if (at == records_.size()) return std::nullopt;
    bound.record_ = &records_[at];
    bound.prefix_ = records_[at].hash;
    bound.place_ = places_[at];
    bound.order_ = order_;
    return bound;
}

}  // namespace serry
