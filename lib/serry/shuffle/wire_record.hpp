#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "serry/base/hash.hpp"
#include "serry/serde/byte_buffer.hpp"

namespace serry {

/// A keyed record as it travels and is stored:
///
///     varint  bytes that follow
///     varint  bytes of the key, then the key (see key_bytes())
///     varint  source partition ("leaf"): only in shuffles that fold in order
///     value, as encode() writes it
struct WireRecord {
    std::uint64_t hash = 0;
    std::string_view key;
    std::uint32_t leaf = 0;
    std::string_view value;
    std::string_view framed;  ///< all of it, with the length in front
};

/// As read_wire_record, for records of any size.
bool read_any_wire_record(std::string_view bytes, bool has_leaf, WireRecord& record);

/// Read the record at `bytes`' front. False when it is not there whole. Throws StorageError when it
/// is damaged.
inline bool read_wire_record(std::string_view bytes, bool has_leaf, WireRecord& record) {
    // Most are small: all their lengths, and the leaf, take a byte.
    constexpr unsigned limit = 128;
    auto const at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    if (bytes.size() < 2 || at(0) >= limit || bytes.size() <= at(0))
        return read_any_wire_record(bytes, has_leaf, record);
    std::size_t const end = std::size_t{1} + at(0);
    std::size_t const key_bytes = at(1);
    std::size_t const value_begin = 2 + key_bytes + (has_leaf ? 1 : 0);
    if (value_begin > end || (has_leaf && at(value_begin - 1) >= limit))
        return read_any_wire_record(bytes, has_leaf, record);
    record.framed = {bytes.data(), end};
    record.key = {bytes.data() + 2, key_bytes};
    record.leaf = has_leaf ? at(value_begin - 1) : 0;
    record.value = {bytes.data() + value_begin, end - value_begin};
    record.hash = hash_key(record.key);
    return true;
}

/// Records of a sort travel in the same way: their keys are put_order_key()'s, their `hash` is the
/// key's order_prefix(). A frame with nothing in it ends a section: what follows belongs to the
/// next partition.
bool read_sorted_record(std::string_view bytes, WireRecord& record);

inline bool is_section_end(WireRecord const& record) { return record.framed.size() == 1; }
inline constexpr std::string_view section_end("\0", 1);

/// Frame `body` (all but the length in front) at the end of `out`.
inline void put_framed(std::string_view body, ByteWriter& out) {
    out.put_varint(body.size());
    out.put(body);
}

/// Frame what write(out) puts at the end of `out`. When it throws, nothing is put.
template <typename Write>
void frame(ByteWriter& out, Write const& write) {
    std::size_t const start = out.size();
    out.extend(1);
    try {
        write(out);
    } catch (...) {
        out.set_size(start);
        throw;
    }
    std::size_t const body_bytes = out.size() - start - 1;
    if (body_bytes < 128) [[likely]] {
        out.data()[start] = static_cast<char>(body_bytes);
        return;
    }
    ByteWriter length;
    length.put_varint(body_bytes);
    out.extend(length.size() - 1);
    std::memmove(out.data() + start + length.size(), out.data() + start + 1, body_bytes);
    std::memcpy(out.data() + start, length.data(), length.size());
}

/// Write the key and, where the shuffle has leaves, the leaf; the value follows.
inline void put_key(std::string_view key, bool has_leaf, std::uint32_t leaf, ByteWriter& body) {
    body.put_varint(key.size());
    body.put(key);
    if (has_leaf) body.put_varint(leaf);
}

/// The order in which records of a shuffle are sent, merged and stored; ties keep the order of
/// writing.
struct WireOrder {
    static int compare_keys(std::string_view a, std::string_view b) { return a.compare(b); }
    bool operator()(WireRecord const& a, WireRecord const& b) const {
        if (a.hash != b.hash) return a.hash < b.hash;
        if (int const keys = compare_keys(a.key, b.key); keys != 0) return keys < 0;
        return a.leaf < b.leaf;
    }
};

}  // namespace serry
