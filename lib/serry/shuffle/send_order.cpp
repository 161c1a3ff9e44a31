#include "serry/shuffle/send_order.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

namespace serry {
namespace {

constexpr unsigned digit_bits = 11;
constexpr std::size_t digit_values = std::size_t{1} << digit_bits;

/// One stable pass of a radix sort by the digit that starts at bit `shift`.
void sort_by_digit(std::vector<SendEntry> const& from, std::vector<SendEntry>& to, unsigned shift) {
    std::array<std::size_t, digit_values> start{};
    for (SendEntry const& entry : from) ++start[entry.hash >> shift & (digit_values - 1)];
    std::size_t at = 0;
    for (std::size_t& count : start) at += std::exchange(count, at);
    for (SendEntry const& entry : from) to[start[entry.hash >> shift & (digit_values - 1)]++] = entry;
}

void put_neighbours_right(std::vector<SendEntry>& entries) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
        SendEntry const entry = entries[i];
        std::size_t to = i;
        for (; to > 0 && entries[to - 1].hash > entry.hash; --to) entries[to] = entries[to - 1];
        entries[to] = entry;
    }
}

}  // namespace

void sort_by_hash(std::vector<SendEntry>& entries, std::vector<SendEntry>& scratch) {
    auto const by_hash = [](SendEntry const& a, SendEntry const& b) { return a.hash < b.hash; };
    if (entries.size() < digit_values) {
        std::stable_sort(entries.begin(), entries.end(), by_hash);
        return;
    }
    // Enough top bits that neighbours wrongly ordered are rare.
    unsigned const bits = static_cast<unsigned>(std::bit_width(entries.size())) + 4;
    unsigned const passes = std::min(5U, (bits + digit_bits - 1) / digit_bits);
    scratch.resize(entries.size());
    for (unsigned pass = passes; pass > 0; --pass) {
        sort_by_digit(entries, scratch, 64 - digit_bits * pass);
        entries.swap(scratch);
    }
    put_neighbours_right(entries);
}

std::vector<std::uint64_t> cut_by_rank(std::vector<SendEntry> const& sorted,
                                       std::uint64_t partition_count,
                                       std::uint64_t rank_count) {
    std::vector<std::uint64_t> cuts(rank_count + 1, sorted.size());
    for (std::uint64_t rank = 0; rank < rank_count; ++rank) {
        std::uint64_t const partition = first_partition_of(rank, rank_count, partition_count);
        if (partition >= partition_count) break;
        std::uint64_t const first = first_hash_of(partition, partition_count);
        auto const found = std::lower_bound(sorted.begin(), sorted.end(), first,
                                            [](SendEntry const& a, std::uint64_t hash) { return a.hash < hash; });
        cuts[rank] = static_cast<std::uint64_t>(found - sorted.begin());
    }
    return cuts;
}

}  // namespace serry
