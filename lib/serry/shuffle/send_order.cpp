#include "serry/shuffle/send_order.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

namespace serry {
namespace {

constexpr unsigned hash_bits = 64;

/// Fewer entries than these are sorted by comparing them.
constexpr std::size_t few_entries = 32;
/// Up to so many fit the caches together with a copy.
constexpr std::size_t cached = std::size_t{1} << 14;

bool comes_before(SendEntry const& a, SendEntry const& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.reference < b.reference;
}

/// Puts `entry` where it belongs among [first, last), which is in order, and moves later ones up.
void insert(SendEntry* first, SendEntry* last, SendEntry entry) {
    for (; last != first && comes_before(entry, last[-1]); --last) *last = last[-1];
    *last = entry;
}

/// Some bits of a hash, by which entries are dealt into buckets.
class Digit {
public:
    static constexpr unsigned most_bits = 12;

    /// The top ones of the lowest `low_bits`.
    Digit(unsigned low_bits, unsigned wanted_bits)
        : bits_(std::min({low_bits, wanted_bits, most_bits})), shift_(low_bits - bits_) {}

    std::size_t operator()(SendEntry const& entry) const {
        return entry.hash >> shift_ & (bucket_count() - 1);
    }
    std::size_t bucket_count() const { return std::size_t{1} << bits_; }
    unsigned bits_below() const { return shift_; }

private:
    unsigned bits_, shift_;
};

/// Sorts entries whose hashes agree in all but their lowest bits, a digit at a time from the top.
class Sorter {
public:
    explicit Sorter(SendEntries& copy) : copy_(copy) {}

    void sort(std::span<SendEntry> entries, unsigned low_bits) {
        if (entries.size() <= few_entries) {
            for (std::size_t i = 1; i < entries.size(); ++i)
                insert(entries.data(), entries.data() + i, entries[i]);
        } else if (low_bits == 0) {
            std::sort(entries.begin(), entries.end(), comes_before);
        } else if (std::is_sorted(entries.begin(), entries.end(), comes_before)) {
            return;  // as where one key has them all
        } else if (entries.size() <= cached) {
            sort_cached(entries, Digit(low_bits, digit_bits(entries.size(), 1)));
        } else {
            sort_in_place(entries, Digit(low_bits, digit_bits(entries.size(), cached / 2)));
        }
    }

private:
    /// Of a digit that leaves about `left` entries a bucket.
    static unsigned digit_bits(std::size_t entry_count, std::size_t left) {
        return static_cast<unsigned>(std::bit_width(entry_count / left));
    }

    /// By way of a copy in the order of the digit, which is nearly sorted.
    void sort_cached(std::span<SendEntry> entries, Digit digit) {
        std::uint32_t next[std::size_t{1} << Digit::most_bits] = {};
        for (SendEntry const& entry : entries) ++next[digit(entry)];
        std::uint32_t at = 0, most = 0;
        for (std::size_t bucket = 0; bucket < digit.bucket_count(); ++bucket) {
            most = std::max(most, next[bucket]);
            at += std::exchange(next[bucket], at);
        }
        copy_.resize(std::max(copy_.size(), entries.size()));
        for (SendEntry const& entry : entries) copy_[next[digit(entry)]++] = entry;
        if (most <= few_entries) {
            for (std::size_t i = 0; i < entries.size(); ++i)
                insert(entries.data(), entries.data() + i, copy_[i]);
            return;
        }
        std::copy_n(copy_.begin(), entries.size(), entries.begin());
        std::size_t begin = 0;
        for (std::size_t bucket = 0; bucket < digit.bucket_count(); ++bucket) {
            sort(entries.subspan(begin, next[bucket] - begin), digit.bits_below());
            begin = next[bucket];
        }
    }

    /// American flag sort (McIlroy, Bostic and McIlroy, 1993), down to buckets that fit the caches.
    void sort_in_place(std::span<SendEntry> entries, Digit digit) {
        std::vector<std::size_t> next(digit.bucket_count(), 0);
        for (SendEntry const& entry : entries) ++next[digit(entry)];
        std::size_t at = 0;
        for (std::size_t& count : next) at += std::exchange(count, at);
        std::vector<std::size_t> ends(next.begin() + 1, next.end());
        ends.push_back(entries.size());
        for (std::size_t bucket = 0; bucket < ends.size(); ++bucket) {
            while (next[bucket] < ends[bucket]) {
                SendEntry entry = entries[next[bucket]];
                for (std::size_t home = digit(entry); home != bucket; home = digit(entry))
                    std::swap(entry, entries[next[home]++]);
                entries[next[bucket]++] = entry;
            }
        }
        std::size_t begin = 0;
        for (std::size_t const end : ends) {
            sort(entries.subspan(begin, end - begin), digit.bits_below());
            begin = end;
        }
    }

    SendEntries& copy_;
};

}  // namespace

void sort_by_hash(SendEntries& entries, SendEntries& scratch, unsigned common_top_bits) {
    Sorter(scratch).sort(entries, hash_bits - common_top_bits);
}

void order_equal_hashes(SendEntries& entries,
                        std::function<std::string_view(SendEntry const&)> const& key_of) {
    for (auto begin = entries.begin(); begin != entries.end();) {
        auto end = begin + 1;
        bool is_one_key = true;
        for (; end != entries.end() && end->hash == begin->hash; ++end)
            is_one_key = is_one_key && key_of(*end) == key_of(*begin);
        if (!is_one_key)
            std::stable_sort(begin, end, [&](SendEntry const& a, SendEntry const& b) {
                return key_of(a) < key_of(b);
            });
        begin = end;
    }
}

std::vector<std::uint64_t> cut_by_rank(SendEntries const& sorted,
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
