#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serry/comm/communicator.hpp"
#include "serry/plan/split.hpp"
#include "serry/sink/action_end.hpp"

namespace serry {

/// For each of a rank's partitions the sum of f(record), from the first record on.
template <typename T, typename V, typename F>
class PartitionSumsEnd final : public ActionEnd<T> {
public:
    PartitionSumsEnd(TypedTransformation<T>& parent, F f) : ActionEnd<T>(parent), f_(f) {}

    void begin_task(TaskContext& task) override {
        ActionEnd<T>::begin_task(task);
        sums_.push_back(V{});
    }
    /// Collective: those of all partitions, in their order.
    std::vector<V> all_sums(comm::Communicator const& comm, Placement const& placement) const {
        std::string_view const own(reinterpret_cast<char const*>(sums_.data()),
                                   sums_.size() * sizeof(V));
        std::string const all = comm.all_gather(own).bytes;
        std::vector<V> sums(placement.partition_count());
        char const* at = all.data();
        auto const rank_count = static_cast<std::uint64_t>(comm.rank_count());
        for (std::uint64_t rank = 0; rank < rank_count; ++rank)
            for (PartitionRange const& range : placement.ranges_of(rank, rank_count)) {
                std::size_t const bytes = (range.end - range.begin) * sizeof(V);
                if (bytes > 0) std::memcpy(sums.data() + range.begin, at, bytes);
                at += bytes;
            }
        return sums;
    }

private:
    void use(std::span<T const> batch) override {
        for (T const& record : batch) sums_.back() = static_cast<V>(sums_.back() + f_(record));
    }

    F f_;
    std::vector<V> sums_;
};

}  // namespace serry
