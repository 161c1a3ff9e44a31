#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace serry {

/// A record that waits to be sorted: the first bytes of its key as a number, and where it is.
struct SortEntry {
    std::uint64_t prefix;
    std::uint64_t reference;
};

/// Sort by prefix; entries of equal prefix stay in their order. By digits from the lowest up (LSD
/// radix sort; Knuth, volume 3, 5.2.5), but only by so many of the highest digits that differ at
/// all as tell most entries apart; what is equal in those is sorted again, by the rest. Requires as
/// much scratch as there are entries.
void sort_by_prefix(std::span<SortEntry> entries, std::span<SortEntry> scratch);

/// Sort by `before(entry, entry)`; equal ones stay in their order. At most n log2(n) calls,
/// whatever they say; what they throw passes, and leaves every entry somewhere in `entries` or
/// `scratch`. Requires as much scratch as there are entries.
template <typename Before>
void merge_sort(std::span<SortEntry> entries, std::span<SortEntry> scratch, Before const& before) {
    constexpr std::size_t few = 12;
    if (entries.size() <= few) {
        for (std::size_t i = 1; i < entries.size(); ++i)
            for (std::size_t j = i; j > 0 && before(entries[j], entries[j - 1]); --j)
                std::swap(entries[j], entries[j - 1]);
        return;
    }
    std::size_t const half = entries.size() / 2;
    merge_sort(entries.first(half), scratch, before);
    merge_sort(entries.subspan(half), scratch, before);
    if (!before(entries[half], entries[half - 1])) return;  // in order already
    std::copy_n(entries.begin(), half, scratch.begin());
    std::size_t left = 0, right = half, to = 0;
    while (left < half && right < entries.size())
        entries[to++] = before(entries[right], scratch[left]) ? entries[right++] : scratch[left++];
    std::copy(scratch.begin() + static_cast<std::ptrdiff_t>(left),
              scratch.begin() + static_cast<std::ptrdiff_t>(half),
              entries.begin() + static_cast<std::ptrdiff_t>(to));
}

}  // namespace serry
