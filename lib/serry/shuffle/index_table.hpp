#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/units.hpp"
#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/combine_cells.hpp"

namespace serry {

/// The sending side of reduce_to_index on one rank: a cell for each index, in an array. What
/// CombineTable is for keys of any kind.
template <typename V, typename F, bool is_ordered>
class IndexTable {
public:
    /// Borrows `combine`. Takes no memory before the first record.
    IndexTable(F const& combine,
               std::uint64_t index_count,
               std::uint64_t memory_limit_bytes,
               Leaves leaves)
        : cells_of_(combine, std::move(leaves)),
          index_count_(index_count),
          memory_limit_bytes_(memory_limit_bytes) {}

    static constexpr std::size_t most_in_group = 512;

    /// Combine the values of records [0, count), in order, into those of their indices: index_of(i)
    /// and value_of(i) give them. `position` is the record that is worked on. Throws InputError for
    /// an index that is none.
    template <typename IndexOf, typename ValueOf>
    void add_group(std::size_t count,
                   IndexOf index_of,
                   ValueOf value_of,
                   std::uint32_t leaf,
                   std::size_t& position) {
        constexpr std::size_t ahead = 16;
        if (cells_.empty()) open();
        for (std::size_t i = 0; i < count; ++i) {
            position = i;
            if (i + ahead < count) {
                std::uint64_t const later = to_index(index_of(i + ahead));
                if (later < index_count_) __builtin_prefetch(&cells_[later], 1);
            }
            std::uint64_t const index = to_index(index_of(i));
            if (index >= index_count_) [[unlikely]]
                throw_outside(std::to_string(index_of(i)));
            add(index, value_of(i), leaf);
        }
    }

    std::size_t size() const { return size_; }
    std::size_t memory_bytes() const { return bytes_for(cells_.size()) + cells_of_.memory_bytes(); }
    static constexpr std::size_t bytes_for(std::uint64_t index_count) {
        return index_count * sizeof(Cell) + index_count / 8;
    }

    /// Visit the place and number of every index that has a value, in ascending order.
    template <typename Visit>
    void for_each_used(Visit visit) const {
        for (std::size_t index = 0; index < cells_.size(); ++index)
            if (is_used_[index]) visit(place_of_index(index, index_count_), index);
    }
    [[gnu::always_inline]] void prefetch(std::size_t number) const {
        __builtin_prefetch(&cells_[number]);
    }
    [[gnu::always_inline]] void prefetch_behind(std::size_t number) const {
        cells_of_.prefetch_behind(cells_[number]);
    }
    /// The index as a key of a record: a varint. Valid until the next call but one.
    std::string_view key_at(std::size_t number) const {
        ByteWriter& key = keys_[next_key_ ^= 1];
        key.clear();
        key.put_varint(number);
        return key.view();
    }
    /// As CombineTable's.
    template <typename Visit>
    void take_values(std::size_t number, Visit visit) {
        cells_of_.take(cells_[number], visit);
    }

    /// Empty the table and give its memory back.
    void release() {
        cells_ = {};
        is_used_ = {};
        size_ = 0;
        cells_of_.release();
    }

private:
    using Cells = CombineCells<V, F, is_ordered>;
    using Cell = typename Cells::Cell;

    template <std::integral K>
    static std::uint64_t to_index(K key) {
        return static_cast<std::uint64_t>(key);  // negative keys are too large then
    }

    void open() {
        if (bytes_for(index_count_) > memory_limit_bytes_) throw_does_not_fit();
        cells_.resize(index_count_);
        is_used_.resize(index_count_);
    }

    void add(std::uint64_t index, V const& value, std::uint32_t leaf) {
        bool const is_right = is_used_[index] ? cells_of_.combine(cells_[index], value, leaf)
                                              : cells_of_.fill(cells_[index], value, leaf);
        if (!is_right) throw_full();
        size_ += !is_used_[index];
        is_used_[index] = true;
    }

    [[noreturn]] void throw_outside(std::string const& key) const {
        throw InputError("the key " + key + " is no index, expected 0 to "
                         + std::to_string(index_count_ - 1));
    }
    [[noreturn]] void throw_does_not_fit() const {
        throw StorageError(
            "an array of " + std::to_string(index_count_) + " values takes "
                + format_bytes(bytes_for(index_count_)) + ", more than the "
                + format_bytes(memory_limit_bytes_)
                + " that a rank has for it; set a larger --memory, or use reduce_by_key",
            ExitCode::does_not_fit);
    }
    [[noreturn]] static void throw_full() {
        throw StorageError(
            "more than 2^30 values of a rank are too large for 32 bits; use more ranks",
            ExitCode::does_not_fit);
    }

    Cells cells_of_;
    std::uint64_t index_count_;
    std::uint64_t memory_limit_bytes_;
    std::vector<Cell> cells_;
    std::vector<bool> is_used_;
    std::size_t size_ = 0;
    mutable ByteWriter keys_[2];
    mutable std::size_t next_key_ = 0;
};

}  // namespace serry
