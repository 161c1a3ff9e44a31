#include "serry/shuffle/prefix_sort.hpp"

#include <array>
#include <bit>
#include <utility>

namespace serry {
namespace {

constexpr unsigned digit_bits = 8;
constexpr std::size_t digit_values = std::size_t{1} << digit_bits;
constexpr std::size_t few_keys = 48;

/// Stable, and fast where there are few, or where all are in order already.
void insertion_sort(std::span<SortEntry> entries) {
    for (std::size_t i = 1; i < entries.size(); ++i) {
        SortEntry const entry = entries[i];
        std::size_t at = i;
        for (; at > 0 && entry.prefix < entries[at - 1].prefix; --at) entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

std::uint64_t differing_bits(std::span<SortEntry const> entries) {
    std::uint64_t bits = 0;
    for (SortEntry const& entry : entries) bits |= entry.prefix ^ entries[0].prefix;
    return bits;
}

void scatter_by_digit(std::span<SortEntry const> from, std::span<SortEntry> to, unsigned shift) {
    std::array<std::size_t, digit_values> next{};
    for (SortEntry const& entry : from) ++next[(entry.prefix >> shift) % digit_values];
    std::size_t at = 0;
    for (std::size_t& count : next) at += std::exchange(count, at);
    for (SortEntry const& entry : from) to[next[(entry.prefix >> shift) % digit_values]++] = entry;
}

/// By the `bits` bits from `shift` on.
void sort_by_bits(std::span<SortEntry> entries,
                  std::span<SortEntry> scratch,
                  unsigned shift,
                  unsigned bits) {
    bool is_in_scratch = false;
    for (unsigned done = 0; done < bits; done += digit_bits) {
        if (is_in_scratch)
            scatter_by_digit(scratch, entries, shift + done);
        else
            scatter_by_digit(entries, scratch, shift + done);
        is_in_scratch = !is_in_scratch;
    }
    if (is_in_scratch) std::copy(scratch.begin(), scratch.end(), entries.begin());
}

}  // namespace

void sort_by_prefix(std::span<SortEntry> entries, std::span<SortEntry> scratch) {
    if (entries.size() <= few_keys) {
        insertion_sort(entries);
        return;
    }
    std::uint64_t const differing = differing_bits(entries);
    if (differing == 0) return;
    auto const top = static_cast<unsigned>(std::bit_width(differing));
    auto const enough = static_cast<unsigned>(std::bit_width(entries.size()));
    unsigned const bits =
        std::min((enough + digit_bits - 1) / digit_bits * digit_bits, (top + 7) / 8 * 8);
    unsigned const shift = top > bits ? top - bits : 0;
    sort_by_bits(entries, scratch.first(entries.size()), shift, bits);
    if (shift == 0) return;
    for (std::size_t begin = 0, end = 0; begin < entries.size(); begin = end) {
        std::uint64_t const common = entries[begin].prefix >> shift;
        for (end = begin + 1; end < entries.size() && entries[end].prefix >> shift == common;)
            ++end;
        if (end - begin > 1) sort_by_prefix(entries.subspan(begin, end - begin), scratch);
    }
}

}  // namespace serry
