#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace serry {

/// A record that waits to be sent: its hash, and a number by which the sender finds it.
struct SendEntry {
    std::uint64_t hash;
    std::uint64_t reference;
};

/// Sort by hash, entries of equal hash by reference, with room for 16,384 more at most. All hashes
/// agree in their `common_top_bits`.
void sort_by_hash(std::vector<SendEntry>& entries, unsigned common_top_bits = 0);

/// Of entries that are sorted by hash: put different keys of one hash, which hardly ever are, in
/// the order of their bytes. What key_of(entry) gives must stay for two calls.
void order_equal_hashes(std::vector<SendEntry>& entries,
                        std::function<std::string_view(SendEntry const&)> const& key_of);

/// Where each rank's entries begin in `sorted`, and at [rank_count] the end: rank r takes the
/// hashes of its partitions of `partition_count`.
std::vector<std::uint64_t> cut_by_rank(std::vector<SendEntry> const& sorted,
                                       std::uint64_t partition_count,
                                       std::uint64_t rank_count);

}  // namespace serry
