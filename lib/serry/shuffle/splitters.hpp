#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/record_sample.hpp"

namespace serry {

/// Where a record of a sort is: on which rank, in which of its sorted runs, and there the which.
struct SortedPlace {
    std::uint64_t rank = 0;
    std::uint64_t run = 0;
    std::uint64_t index = 0;
};

/// The order of a sort by keys, or by values if there is an order of those.
struct SortOrder {
    ValueOrder* by_value = nullptr;

    bool operator()(WireRecord const& a, WireRecord const& b) const {
        if (by_value) return by_value->comes_before(a.value, b.value);
        if (a.hash != b.hash) return a.hash < b.hash;
        return a.key < b.key;
    }
};

/// Where the partitions of a sort begin: at records, where equal ones are told apart by their
/// place, so that a partition may begin among them; or at numbers that the keys begin with.
class Splitters {
public:
    /// The first record of a partition.
    class Bound {
    public:
        /// Whether it comes after a record.
        bool is_after(WireRecord const& record, SortedPlace const& place) const {
            if (!record_) return record.hash < prefix_;
            if (order_(record, *record_)) return true;
            if (order_(*record_, record)) return false;
            return std::tie(place.rank, place.run, place.index)
                   < std::tie(place_.rank, place_.run, place_.index);
        }
        /// Every record of a smaller prefix belongs before it.
        std::uint64_t prefix() const { return prefix_; }

    private:
        friend class Splitters;
        WireRecord const* record_ = nullptr;
        std::uint64_t prefix_ = 0;
        SortedPlace place_;
        SortOrder order_;
    };

    /// Keys begin with the number of their partition, in four bytes.
    Splitters() = default;
    Splitters(Splitters&&) = default;
    Splitters& operator=(Splitters&&) = default;
    /// Equidistant records of a sample, which comes in the order of its `task_count` source
    /// partitions.
    Splitters(std::vector<SampledRecord> sample,
              SortOrder order,
              std::uint64_t partition_count,
              std::uint64_t task_count,
              std::uint64_t rank_count);

    /// Of a partition that is not the first. Nothing when all records belong before it.
    std::optional<Bound> bound(std::uint64_t partition) const;

private:
    SortOrder order_;
    std::uint64_t partition_count_ = 0;
    std::vector<SampledRecord> sample_;
    std::vector<WireRecord> records_;  ///< of the sample, sorted
    std::vector<SortedPlace> places_;
};

}  // namespace serry
