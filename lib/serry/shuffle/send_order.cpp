#include "serry/shuffle/send_order.hpp"

#include <algorithm>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

namespace serry {
namespace {

constexpr unsigned digit_bits = 11;
constexpr std::size_t digit_values = std::size_t{1} << digit_bits;

bool comes_before(SendEntry const& a, SendEntry const& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.reference < b.reference;
}

std::size_t top_digit(SendEntry const& entry) { return entry.hash >> (64 - digit_bits); }

/// Puts every entry into its bucket by the hash's top bits, and returns the buckets' ends: the
/// first pass of an American flag sort (McIlroy, Bostic and McIlroy, 1993).
std::vector<std::size_t> distribute(std::vector<SendEntry>& entries) {
    std::vector<std::size_t> next(digit_values, 0);
    for (SendEntry const& entry : entries) ++next[top_digit(entry)];
    std::size_t at = 0;
    for (std::size_t& count : next) at += std::exchange(count, at);
    std::vector<std::size_t> ends(next.begin() + 1, next.end());
    ends.push_back(entries.size());
    for (std::size_t bucket = 0; bucket < digit_values; ++bucket) {
        while (next[bucket] < ends[bucket]) {
            SendEntry entry = entries[next[bucket]];
            for (std::size_t home = top_digit(entry); home != bucket; home = top_digit(entry))
                std::swap(entry, entries[next[home]++]);
            entries[next[bucket]++] = entry;
        }
    }
    return ends;
}

}  // namespace

void sort_by_hash(std::vector<SendEntry>& entries) {
    if (entries.size() < digit_values) {
        std::sort(entries.begin(), entries.end(), comes_before);
        return;
    }
    std::size_t begin = 0;
    for (std::size_t const end : distribute(entries)) {
        auto const at = entries.begin();
        std::sort(at + static_cast<std::ptrdiff_t>(begin), at + static_cast<std::ptrdiff_t>(end),
                  comes_before);
        begin = end;
    }
}

std::vector<std::uint64_t> cut_by_rank(std::vector<SendEntry> const& sorted,
                                       std::uint64_t partition_count,
                                       std::uint64_t rank_count) {
    std::vector<std::uint64_t> cuts(rank_count + 1, sorted.size());
    for (std::uint64_t rank = 0; rank < rank_count; ++rank) {
        std::uint64_t const partition = first_partition_of(rank, rank_count, partition_count);
        if (partition >= partition_count) break;
        std::uint64_t const first = first_hash_of(partition, partition_count);
        auto const found =
            std::lower_bound(sorted.begin(), sorted.end(), first,
                             [](SendEntry const& a, std::uint64_t hash) { return a.hash < hash; });
        cuts[rank] = static_cast<std::uint64_t>(found - sorted.begin());
    }
    return cuts;
}

}  // namespace serry
