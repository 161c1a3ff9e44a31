#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace serry {

/// Integers of 64 bits, each kept in a cell of 32: itself as long as it fits, else where it lies
/// among the large ones, of which there are up to `most_large`. A cell stays large.
template <std::integral V, std::size_t most_large = std::size_t{1} << 30>
class NarrowValues {
    static_assert(sizeof(V) == sizeof(std::int64_t) && most_large <= std::size_t{1} << 30);

public:
    /// 0 at first.
    struct Cell {
        std::int32_t bits = 0;
    };

    V get(Cell cell) const {
        return is_large(cell) ? large_[index(cell)] : static_cast<V>(cell.bits);
    }

    /// False, and nothing is changed, when there are too many large ones. Throws std::bad_alloc.
    bool set(Cell& cell, V value) {
        if (is_large(cell)) [[unlikely]] {
            large_[index(cell)] = value;
            return true;
        }
        auto const number = static_cast<std::int64_t>(value);
        if (number < least_small || number > most_small) [[unlikely]]
            return add_large(cell, value);
        cell.bits = static_cast<std::int32_t>(number);
        return true;
    }

    std::size_t memory_bytes() const { return large_.capacity() * sizeof(V); }

private:
    static constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
    static constexpr std::int32_t least_small = least + (1 << 30);
    static constexpr std::int32_t most_small = std::numeric_limits<std::int32_t>::max();

    static bool is_large(Cell cell) { return cell.bits < least_small; }
    static std::size_t index(Cell cell) {
        return static_cast<std::size_t>(std::int64_t{cell.bits} - least);
    }

    bool add_large(Cell& cell, V value) {
        if (large_.size() == most_large) return false;
        large_.push_back(value);
        cell.bits = static_cast<std::int32_t>(static_cast<std::int64_t>(large_.size() - 1) + least);
        return true;
    }

    std::vector<V> large_;
};

}  // namespace serry
