#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "serry/serde/codec.hpp"

namespace serry {

namespace order_key {

template <typename K>
consteval bool orderable();

template <typename Tuple>
struct AllOrderable;
template <template <typename...> typename Tuple, typename... T>
struct AllOrderable<Tuple<T...>> {
    static constexpr bool value = (orderable<std::remove_cvref_t<T>>() && ...);
};

template <typename K>
consteval bool orderable() {
    if constexpr (!Encodable<K> || codec::HasCodec<K>)
        return false;
    else if constexpr (
        codec::Leaf<K> || std::is_same_v<K, std::string> || std::is_same_v<K, std::string_view>)
        return true;
    else if constexpr (codec::IsVector<K>::value || codec::IsArray<K>::value
                       || codec::IsOptional<K>::value)
        return orderable<typename K::value_type>();
    else if constexpr (codec::IsKeyValue<K>::value)
        return orderable<key_of<K>>() && orderable<value_of<K>>();
    else if constexpr (codec::IsTuple<K>::value)
        return AllOrderable<K>::value;
    else if constexpr (codec::Walkable<K>)
        return AllOrderable<codec::fields_of<K>>::value;
    else
        return false;
}

/// The value's bytes, the first of them with the sign turned round, so that they compare as numbers
/// do.
template <typename K>
void put_number(K number, ByteWriter& out) {
    constexpr std::size_t size = codec::value_bytes<K>;
    unsigned char bytes[sizeof(K)];
    K const value = codec::canonical(number);
    std::memcpy(bytes, &value, sizeof value);
    std::reverse(bytes, bytes + size);
    if constexpr (std::is_floating_point_v<K>) {
        unsigned char const flipped = bytes[0] & 0x80 ? 0xff : 0;
        for (std::size_t i = 0; i < size; ++i) bytes[i] ^= flipped;
        if (!flipped) bytes[0] ^= 0x80;
    } else if constexpr (std::is_signed_v<K>) {
        bytes[0] ^= 0x80;
    }
    out.put(bytes, size);
}

/// Text that something follows: a zero in it becomes 0 255, and 0 1 ends it.
inline void put_ended_text(std::string_view text, ByteWriter& out) {
    for (std::size_t at = 0; at <= text.size();) {
        std::size_t const zero = std::min(text.find('\0', at), text.size());
        out.put(text.substr(at, zero - at));
        out.put(zero < text.size() ? std::string_view("\0\xff", 2) : std::string_view("\0\1", 2));
        at = zero + 1;
    }
}

template <typename K>
void put(K const& key, bool is_last, ByteWriter& out);

template <typename K>
void put_elements(K const& elements, ByteWriter& out) {
    for (typename K::value_type const& element : elements) {
        if constexpr (codec::IsVector<K>::value) out.put("\1", 1);
        put(element, false, out);
    }
    if constexpr (codec::IsVector<K>::value) out.put("\0", 1);
}

/// Parts come one after the other; nothing follows the last part of a key.
template <typename K>
void put_parts(K const& key, bool is_last, ByteWriter& out) {
    std::size_t left = 0;
    codec::for_each_part(key, [&](auto const&) { ++left; });
    codec::for_each_part(key, [&](auto const& part) { put(part, is_last && --left == 0, out); });
}

template <typename K>
void put(K const& key, bool is_last, ByteWriter& out) {
    if constexpr (std::is_enum_v<K>) {
        put_number(static_cast<std::underlying_type_t<K>>(key), out);
    } else if constexpr (std::is_arithmetic_v<K>) {
        put_number(key, out);
    } else if constexpr (std::is_same_v<K, std::string> || std::is_same_v<K, std::string_view>) {
        if (is_last)
            out.put(key);
        else
            put_ended_text(key, out);
    } else if constexpr (codec::IsVector<K>::value || codec::IsArray<K>::value) {
        put_elements(key, out);
    } else if constexpr (codec::IsOptional<K>::value) {
        out.put(key ? "\1" : "\0", 1);
        if (key) put(*key, is_last, out);
    } else {
        put_parts(key, is_last, out);
    }
}

}  // namespace order_key

/// Keys that a sort can order by their bytes: numbers, enums, text, and pairs, tuples, arrays,
/// vectors, optionals and structs of these; nothing with a Codec of the user's.
template <typename K>
concept OrderKey = order_key::orderable<K>();

/// Append bytes that compare, by memcmp and then by their number, as the keys do. Numbers by value:
/// -0.0 is 0.0, and NaN comes after all others. Text by its bytes, as unsigned. Everything else
/// part by part, in order, an empty optional before any other, a vector before one that it begins.
/// `is_descending`: as the keys do the other way round.
template <OrderKey K>
void put_order_key(K const& key, bool is_descending, ByteWriter& out) {
    std::size_t const begin = out.size();
    order_key::put(key, !is_descending, out);
    if (!is_descending) return;
    for (char* at = out.data() + begin; at != out.data() + out.size(); ++at)
        *at = static_cast<char>(~*at);
}

/// The first eight bytes as a number, zeros where there are fewer: of keys with different prefixes
/// the one with the smaller comes first.
inline std::uint64_t order_prefix(std::string_view key) {
    std::uint64_t prefix = 0;
    if (key.size() >= 8) {
        std::memcpy(&prefix, key.data(), 8);
    } else if (!key.empty()) {
        std::memcpy(&prefix, key.data(), key.size());
    }
    return __builtin_bswap64(prefix);
}

}  // namespace serry
