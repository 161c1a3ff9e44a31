#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/merge.hpp"
#include "serry/shuffle/prefix_sort.hpp"
#include "serry/shuffle/slot_memory.hpp"

namespace serry {

/// An order of records by values, for a whole buffer at once: values may be decoded beforehand.
struct BufferOrder : ValueOrder {
    virtual void sort(class SortBuffer& buffer) = 0;
};

/// Framed records that a rank has to sort, as many as fit some memory: entries from the front of it
/// and with them what sorting needs, records from the back.
class SortBuffer {
public:
    explicit SortBuffer(std::uint64_t limit_bytes);

    /// False when it does not fit; any record fits an empty buffer. A marked record can be told
    /// after sorting. `extra_bytes`: what it costs beside its own bytes.
    bool add(std::string_view key,
             std::string_view body,
             bool is_marked,
             std::uint64_t extra_bytes);

    std::uint64_t record_count() const { return record_count_; }
    std::span<SortEntry> entries() { return {entry_memory(), record_count_}; }
    std::span<SortEntry const> entries() const { return const_cast<SortBuffer*>(this)->entries(); }
    /// As many as there are entries.
    std::span<SortEntry> scratch() { return {entry_memory() + record_count_, record_count_}; }

    /// The record of an entry; of one that is wanted soon its first bytes can be fetched before.
    WireRecord record(SortEntry const& entry) const;
    std::string_view framed(SortEntry const& entry) const { return record(entry).framed; }
    void prefetch(SortEntry const& entry) const {
        __builtin_prefetch(address(entry));
        __builtin_prefetch(address(entry) + 64);
    }
    static bool is_marked(SortEntry const& entry) { return entry.reference >> 63; }

    /// Stable. By key, or by `order` if there is one.
    void sort(BufferOrder* order);

    void clear();
    /// Give the memory back.
    void release();

private:
    static constexpr std::uint64_t mark = std::uint64_t{1} << 63;

    SortEntry* entry_memory() const { return static_cast<SortEntry*>(memory_.zeroed_bytes()); }
    char const* address(SortEntry const& entry) const {
        return static_cast<char const*>(memory_.zeroed_bytes()) + (entry.reference & ~mark);
    }
    void sort_equal_prefixes();

    std::uint64_t limit_bytes_;
    SlotMemory memory_;
    std::uint64_t record_count_ = 0;
    std::uint64_t extra_bytes_ = 0;
    std::uint64_t record_begin_ = 0;  ///< of the last record, which lies lowest
};

}  // namespace serry
