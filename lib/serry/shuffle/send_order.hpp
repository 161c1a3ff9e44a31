#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "serry/base/huge_pages.hpp"

namespace serry {

/// A record that waits to be sent: its hash, and a number by which the sender finds it.
struct SendEntry {
    std::uint64_t hash;
    std::uint64_t reference;
};
using SendEntries = std::vector<SendEntry, HugePages<SendEntry>>;

/// Sort by hash, entries of equal hash by reference. All hashes agree in their `common_top_bits`.
/// `scratch` grows to 16,384 entries at most.
void sort_by_hash(SendEntries& entries, SendEntries& scratch, unsigned common_top_bits = 0);

/// Of entries that are sorted by hash: put different keys of one hash, which hardly ever are, in
/// the order of their bytes. What key_of(entry) gives must stay for two calls.
void order_equal_hashes(SendEntries& entries,
                        std::function<std::string_view(SendEntry const&)> const& key_of);

/// Where each rank's entries begin in `sorted`, and at [rank_count] the end: rank r takes the
/// hashes of its partitions of `partition_count`.
std::vector<std::uint64_t> cut_by_rank(SendEntries const& sorted,
                                       std::uint64_t partition_count,
                                       std::uint64_t rank_count);

}  // namespace serry
