#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "serry/base/arena.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/key_value.hpp"
#include "serry/serde/byte_buffer.hpp"

namespace serry {

/// Specialise as true for a type of yours whose object is its bytes: trivially copyable, without
/// pointers, views or padding that matters. Other structs are walked field by field and need
/// nothing.
template <typename T>
inline constexpr bool is_plain = false;

/// Specialise for a type that cannot be walked:
/// `static void encode(T const&, ByteWriter&); static T decode(ByteReader&);`, and, if the decoded
/// value views the reader's bytes, `static void adopt(T&, Arena&)`, which copies them.
template <typename T>
struct Codec;

namespace codec {

template <typename T>
struct IsVector : std::false_type {};
template <typename T, typename A>
struct IsVector<std::vector<T, A>> : std::true_type {};
template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsArray : std::false_type {};
template <typename T, std::size_t n>
struct IsArray<std::array<T, n>> : std::true_type {};
template <typename T>
struct IsTuple : std::false_type {};
template <typename... T>
struct IsTuple<std::tuple<T...>> : std::true_type {};
template <typename A, typename B>
struct IsTuple<std::pair<A, B>> : std::true_type {};
template <typename T>
struct IsKeyValue : std::false_type {};
template <typename K, typename V>
struct IsKeyValue<KeyValue<K, V>> : std::true_type {};

template <typename T>
concept HasCodec = requires(T const& value, ByteWriter& writer, ByteReader& reader) {
    Codec<T>::encode(value, writer);
    { Codec<T>::decode(reader) } -> std::convertible_to<T>;
};
/// A Codec of a type that views bytes says how they are moved: `static void adopt(T&, Arena&)`.
template <typename T>
concept HasAdopt = HasCodec<T> && requires(T& value, Arena& arena) {
    Codec<T>::adopt(value, arena);
};
template <typename T>
concept Leaf = std::is_arithmetic_v<T> || std::is_enum_v<T>;
/// Structs that can be made from nothing: not those with a reference in them.
template <typename T>
concept Walkable = std::is_aggregate_v<T> && std::is_class_v<T> && !IsArray<T>::value && requires {
    T{};
};

/// Every field of a walkable T, as a tuple of its field types.
template <typename T, typename Indices = std::make_index_sequence<boost::pfr::tuple_size_v<T>>>
struct Fields;
template <typename T, std::size_t... i>
struct Fields<T, std::index_sequence<i...>> {
    using type = std::tuple<boost::pfr::tuple_element_t<i, T>...>;
};
template <typename T>
using fields_of = typename Fields<T>::type;

template <typename T>
consteval bool encodable();

template <typename Tuple>
struct AllEncodable;
template <template <typename...> typename Tuple, typename... T>
struct AllEncodable<Tuple<T...>> {
    static constexpr bool value = (encodable<T>() && ...);
};

template <typename T>
consteval bool encodable() {
    if constexpr (std::is_pointer_v<T> || std::is_reference_v<T> || std::is_const_v<T>)
        return false;
    else if constexpr (
        HasCodec<
            T> || Leaf<T> || std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>)
        return true;
    else if constexpr (is_plain<T>)
        return std::is_trivially_copyable_v<T>;
    else if constexpr (IsVector<T>::value || IsArray<T>::value || IsOptional<T>::value)
        return encodable<typename T::value_type>();
    else if constexpr (IsKeyValue<T>::value)
        return encodable<key_of<T>>() && encodable<value_of<T>>();
    else if constexpr (IsTuple<T>::value)
        return AllEncodable<T>::value;
    else if constexpr (Walkable<T>)
        return AllEncodable<fields_of<T>>::value;
    else
        return false;
}

template <typename T>
consteval bool has_views();

template <typename Tuple>
struct AnyViews;
template <template <typename...> typename Tuple, typename... T>
struct AnyViews<Tuple<T...>> {
    static constexpr bool value = (has_views<std::remove_cvref_t<T>>() || ...);
};

template <typename T>
consteval bool has_views() {
    if constexpr (std::is_same_v<T, std::string_view> || HasAdopt<T>)
        return true;
    else if constexpr (HasCodec<T> || Leaf<T> || std::is_same_v<T, std::string> || is_plain<T>)
        return false;
    else if constexpr (IsVector<T>::value || IsArray<T>::value || IsOptional<T>::value)
        return has_views<typename T::value_type>();
    else if constexpr (IsKeyValue<T>::value)
        return has_views<key_of<T>>() || has_views<value_of<T>>();
    else if constexpr (IsTuple<T>::value)
        return AnyViews<T>::value;
    else if constexpr (Walkable<T>)
        return AnyViews<fields_of<T>>::value;
    else
        return false;
}

/// The bytes of an object that are its value: all, but for x87's long double, where ten of them
/// are.
template <typename T>
inline constexpr std::size_t value_bytes =
    std::is_same_v<T, long double>&& std::numeric_limits<long double>::digits == 64 ? 10
                                                                                    : sizeof(T);

template <typename T>
consteval bool is_its_bytes();

template <typename Tuple>
struct AllBytes;
template <template <typename...> typename Tuple, typename... T>
struct AllBytes<Tuple<T...>> {
    static constexpr bool value = (is_its_bytes<T>() && ...);
    static constexpr std::size_t size = (std::size_t{0} + ... + sizeof(T));
};

/// Whether the encoded form of every T, as a value, is its memory: numbers side by side with no
/// padding between them. (Not bool, of whose bytes only two are values.)
template <typename T>
consteval bool is_its_bytes() {
    if constexpr (HasCodec<T> || std::is_same_v<T, bool>)
        return false;
    else if constexpr (Leaf<T>)
        return value_bytes<T> == sizeof(T);
    else if constexpr (is_plain<T>)
        return true;
    else if constexpr (IsArray<T>::value)
        return is_its_bytes<typename T::value_type>()
               && std::tuple_size_v<T> * sizeof(typename T::value_type) == sizeof(T);
    else if constexpr (IsKeyValue<T>::value)
        return is_its_bytes<key_of<T>>() && is_its_bytes<value_of<T>>()
               && sizeof(key_of<T>) + sizeof(value_of<T>) == sizeof(T);
    else if constexpr (IsVector<T>::value || IsOptional<T>::value || IsTuple<T>::value)
        return false;
    else if constexpr (Walkable<T> && std::is_trivially_copyable_v<T>)
        return AllBytes<fields_of<T>>::value && AllBytes<fields_of<T>>::size == sizeof(T);
    else
        return false;
}

/// -0.0 becomes 0.0 and every NaN the same NaN, so that equal keys have equal bytes.
template <typename T>
T canonical(T value) {
    if constexpr (std::is_floating_point_v<T>) {
        if (std::isnan(value)) return std::numeric_limits<T>::quiet_NaN();
        return value == T{0} ? T{0} : value;
    }
    return value;
}

/// Visits the parts of a value that is no leaf: `visit(part)` for each, in order.
template <typename T, typename Visit>
void for_each_part(T& value, Visit visit) {
    using Plain = std::remove_const_t<T>;
    if constexpr (IsVector<Plain>::value || IsArray<Plain>::value) {
        for (auto& part : value) visit(part);
    } else if constexpr (IsOptional<Plain>::value) {
        if (value) visit(*value);
    } else if constexpr (IsKeyValue<Plain>::value) {
        visit(value.key);
        visit(value.value);
    } else if constexpr (IsTuple<Plain>::value) {
        std::apply([&](auto&... part) { (visit(part), ...); }, value);
    } else {
        boost::pfr::for_each_field(value, visit);
    }
}

template <bool as_key, typename T>
void encode(T const& value, ByteWriter& writer);

template <bool as_key, typename T>
void encode_elements(T const& elements, ByteWriter& writer) {
    using Element = typename T::value_type;
    constexpr bool is_key_its_bytes =
        is_plain<Element> || (Leaf<Element> && !std::is_floating_point_v<Element>);
    if constexpr (is_its_bytes<Element>() && (!as_key || is_key_its_bytes)) {
        writer.put(elements.data(), elements.size() * sizeof(Element));
    } else {
        for (Element const& element : elements) encode<as_key>(element, writer);
    }
}

template <bool as_key, typename T>
void encode(T const& value, ByteWriter& writer) {
    if constexpr (HasCodec<T>) {
        Codec<T>::encode(value, writer);
    } else if constexpr (Leaf<T>) {
        T const bytes = as_key ? canonical(value) : value;
        writer.put(&bytes, value_bytes<T>);
        writer.put(std::string_view("\0\0\0\0\0\0", sizeof(T) - value_bytes<T>));
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        writer.put_varint(value.size());
        writer.put(value);
    } else if constexpr (is_plain<T> || (is_its_bytes<T>() && !as_key)) {
        writer.put(&value, sizeof value);
    } else if constexpr (IsVector<T>::value) {
        writer.put_varint(value.size());
        encode_elements<as_key>(value, writer);
    } else if constexpr (IsArray<T>::value) {
        encode_elements<as_key>(value, writer);
    } else {
        if constexpr (IsOptional<T>::value) writer.put_varint(value.has_value());
        for_each_part(value, [&](auto const& part) { encode<as_key>(part, writer); });
    }
}

template <typename T>
T decode(ByteReader& reader);

template <typename T>
void decode_into(T& value, ByteReader& reader) {
    value = decode<T>(reader);
}

template <typename T>
T decode_vector(ByteReader& reader) {
    using Element = typename T::value_type;
    std::uint64_t const count = reader.take_varint();
    T elements;
    if constexpr (is_its_bytes<Element>()) {
        constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max() / sizeof(Element);
        std::string_view const bytes = reader.take(std::min(count, most) * sizeof(Element));
        elements.resize(count);
        if (count) std::memcpy(elements.data(), bytes.data(), bytes.size());
    } else {
        for (std::uint64_t i = 0; i < count; ++i) elements.push_back(decode<Element>(reader));
    }
    return elements;
}

template <typename T>
T decode(ByteReader& reader) {
    if constexpr (HasCodec<T>) {
        return Codec<T>::decode(reader);
    } else if constexpr (std::is_same_v<T, bool>) {
        return reader.take(1)[0] != 0;
    } else if constexpr (Leaf<T> || is_plain<T> || is_its_bytes<T>()) {
        T value{};
        reader.take_into(&value, sizeof value);
        return value;
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
        std::uint64_t const size = reader.take_varint();
        return T(reader.take(size));
    } else if constexpr (IsVector<T>::value) {
        return decode_vector<T>(reader);
    } else if constexpr (IsOptional<T>::value) {
        if (reader.take_varint() == 0) return std::nullopt;
        return decode<typename T::value_type>(reader);
    } else {
        T value{};
        for_each_part(value, [&](auto& part) { decode_into(part, reader); });
        return value;
    }
}

}  // namespace codec

/// Types whose values serry can turn into bytes and back: numbers, enums, std::string and
/// string_view, pair, tuple, array, vector and optional of these, KeyValue, structs of these
/// without constructors, and what has a Codec. Not pointers, whose targets stay on their rank.
template <typename T>
concept Encodable = codec::encodable<T>();

/// Keys are compared and hashed by their encoded bytes, with -0.0 equal to 0.0 and all NaNs equal.
template <typename K>
concept Key = Encodable<K>;

/// Whether a T holds views of bytes that it does not own.
template <typename T>
inline constexpr bool has_views = codec::has_views<T>();

/// Append the bytes of `value`. They are read on machines of the same kind only: numbers are stored
/// as in memory.
template <Encodable T>
void encode(T const& value, ByteWriter& writer) {
    codec::encode<false>(value, writer);
}

/// Throws StorageError when the bytes are no T. Views in the result point into the reader's bytes.
template <Encodable T>
T decode(ByteReader& reader) {
    return codec::decode<T>(reader);
}

/// Copy what the views in `value` point at into `arena`, and point them there.
template <typename T>
void adopt_views(T& value, Arena& arena) {
    if constexpr (std::is_same_v<T, std::string_view>) {
        value = arena.copy(value);
    } else if constexpr (codec::HasAdopt<T>) {
        Codec<T>::adopt(value, arena);
    } else if constexpr (has_views<T>) {
        codec::for_each_part(value, [&](auto& part) { adopt_views(part, arena); });
    }
}

/// The bytes of a key alone. Text keys are their own bytes; others are made in `scratch`, and the
/// result is valid until the next call with it.
template <Key K>
std::string_view key_bytes(K const& key, ByteWriter& scratch) {
    if constexpr (std::is_same_v<K, std::string> || std::is_same_v<K, std::string_view>) {
        return key;
    } else {
        scratch.clear();
        codec::encode<true>(key, scratch);
        return scratch.view();
    }
}

/// Keys that are a number of up to eight bytes.
template <typename K>
concept NumberKey = codec::Leaf<K> && sizeof(K) <= sizeof(std::uint64_t);

/// Their size; 0 for other keys.
template <typename K>
inline constexpr std::size_t number_bytes = NumberKey<K> ? sizeof(K) : 0;

/// What key_bytes gives, in the low bytes of a word.
template <NumberKey K>
std::uint64_t key_word(K key) {
    K const same = codec::canonical(key);
    std::uint64_t word = 0;
    std::memcpy(&word, &same, sizeof same);
    return word;
}

/// hash_key(bytes), where `bytes` are key_bytes of `key`. A number is hashed from where it is: its
/// bytes, just written, cannot be read back in another width before they have left the processor's
/// store buffer.
template <Key K>
std::uint64_t hash_of([[maybe_unused]] K const& key, [[maybe_unused]] std::string_view bytes) {
    if constexpr (NumberKey<K>)
        return hash_short({key_word(key), (sizeof(K) + 1) << 56});
    else
        return hash_key(bytes);
}

/// The key that key_bytes made `bytes` of; views in it point into them.
template <Key K>
K key_from_bytes(std::string_view bytes) {
    if constexpr (std::is_same_v<K, std::string> || std::is_same_v<K, std::string_view>) {
        return K(bytes);
    } else {
        ByteReader reader(bytes);
        return codec::decode<K>(reader);
    }
}

}  // namespace serry
