#include "serry/shuffle/send_order.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

namespace serry {
namespace {

constexpr unsigned hash_bits = 64;

/// Fewer entries than these are sorted by comparing them.
constexpr std::size_t few = 32;

bool comes_before(SendEntry const& a, SendEntry const& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.reference < b.reference;
}

void sort_few(std::span<SendEntry> entries) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
        SendEntry const entry = entries[i];
        std::size_t to = i;
        for (; to > 0 && comes_before(entry, entries[to - 1]); --to) entries[to] = entries[to - 1];
        entries[to] = entry;
    }
}

/// Sorts entries whose hashes agree but for their lowest `bits`: by a digit that leaves some
/// entries a bucket, then each bucket (American flag sort: McIlroy, Bostic and McIlroy, 1993).
void sort_by_low_bits(std::span<SendEntry> entries, unsigned bits) {
    if (entries.size() <= few) return sort_few(entries);
    if (bits == 0) {
        std::sort(entries.begin(), entries.end(), comes_before);
        return;
    }
    constexpr unsigned most_digit_bits = 10;
    constexpr unsigned few_bits = 3;
    auto const wanted = static_cast<unsigned>(std::bit_width(entries.size())) - few_bits;
    unsigned const digit_bits = std::min({wanted, bits, most_digit_bits});
    unsigned const shift = bits - digit_bits;
    std::uint64_t const mask = (std::uint64_t{1} << digit_bits) - 1;
    auto const digit = [=](SendEntry const& entry) { return entry.hash >> shift & mask; };

    std::size_t next[std::size_t{1} << most_digit_bits] = {};
    std::size_t ends[std::size_t{1} << most_digit_bits];
    for (SendEntry const& entry : entries) ++next[digit(entry)];
    std::size_t at = 0;
    for (std::size_t bucket = 0; bucket <= mask; ++bucket) {
        at += std::exchange(next[bucket], at);
        ends[bucket] = at;
    }
    for (std::size_t bucket = 0; bucket <= mask; ++bucket) {
        while (next[bucket] < ends[bucket]) {
            SendEntry entry = entries[next[bucket]];
            for (std::size_t home = digit(entry); home != bucket; home = digit(entry))
                std::swap(entry, entries[next[home]++]);
            entries[next[bucket]++] = entry;
        }
    }
    std::size_t begin = 0;
    for (std::size_t bucket = 0; bucket <= mask; ++bucket) {
        sort_by_low_bits(entries.subspan(begin, ends[bucket] - begin), shift);
        begin = ends[bucket];
    }
}

}  // namespace

void sort_by_hash(std::vector<SendEntry>& entries) { sort_by_low_bits(entries, hash_bits); }

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
