#include "serry/shuffle/sort_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "serry/serde/order_key.hpp"

namespace serry {
namespace {

constexpr std::uint64_t entry_bytes = 2 * sizeof(SortEntry);

}  // namespace

SortBuffer::SortBuffer(std::uint64_t limit_bytes)
    : limit_bytes_(std::max<std::uint64_t>(limit_bytes, 64)) {}

bool SortBuffer::add(std::string_view key,
                     std::string_view body,
                     bool is_marked,
                     std::uint64_t extra_bytes) {
    std::uint64_t const frame_bytes = varint_bytes(body.size()) + body.size();
    std::uint64_t const taken = (record_count_ + 1) * entry_bytes + extra_bytes_ + extra_bytes;
    if (record_count_ == 0) {
        std::uint64_t const wanted = std::max(limit_bytes_, taken + frame_bytes);
        if (memory_.byte_count() < wanted) {
            memory_ = SlotMemory();
            memory_ = SlotMemory(wanted);
        }
        record_begin_ = memory_.byte_count();
    }
    if (taken + frame_bytes > record_begin_) return false;
    record_begin_ -= frame_bytes;
    char* const to = static_cast<char*>(memory_.zeroed_bytes()) + record_begin_;
    copy_bytes(write_varint(to, body.size()), body.data(), body.size());
    entry_memory()[record_count_++] = {order_prefix(key), record_begin_ | (is_marked ? mark : 0)};
    extra_bytes_ += extra_bytes;
    return true;
}

WireRecord SortBuffer::record(SortEntry const& entry) const {
    WireRecord record;
    char const* const begin = address(entry);
    char const* const end = static_cast<char const*>(memory_.zeroed_bytes()) + memory_.byte_count();
    read_sorted_record({begin, static_cast<std::size_t>(end - begin)}, record);
    return record;
}

void SortBuffer::sort(BufferOrder* order) {
    if (order) {
        order->sort(*this);
        return;
    }
    sort_by_prefix(entries(), scratch());
    sort_equal_prefixes();
}

/// Keys of at most eight bytes are equal if their prefixes and their sizes are; others are compared
/// from their ninth byte on.
void SortBuffer::sort_equal_prefixes() {
    auto const all = entries();
    auto const by_rest = [this](SortEntry const& a, SortEntry const& b) {
        return record(a).key < record(b).key;
    };
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
        for (end = begin + 1; end < all.size() && all[end].prefix == all[begin].prefix;) ++end;
        if (end - begin > 1) merge_sort(all.subspan(begin, end - begin), scratch(), by_rest);
    }
}

void SortBuffer::clear() {
    record_count_ = 0;
    extra_bytes_ = 0;
}

void SortBuffer::release() {
    clear();
    memory_ = SlotMemory();
}

}  // namespace serry
