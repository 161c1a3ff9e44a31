#pragma once

#include <compare>
#include <type_traits>
#include <utility>

namespace serry {

/// A keyed record: what reduce_by_key and its sisters work on.
template <typename K, typename V>
struct KeyValue {
    using key_type = K;
    using value_type = V;

    K key{};
    V value{};

    KeyValue() = default;
    KeyValue(K k, V v) : key(std::move(k)), value(std::move(v)) {}

    friend bool operator==(KeyValue const&, KeyValue const&) = default;
    friend auto operator<=>(KeyValue const&, KeyValue const&) = default;
};

namespace keyed {

/// Of records without a key the parts have names, so that signatures can be read, but no
/// definition.
template <typename T>
struct Parts {
    static constexpr bool exist = false;
    struct Key;
    struct Value;
};

template <typename K, typename V>
struct Parts<KeyValue<K, V>> {
    static constexpr bool exist = true;
    using Key = K;
    using Value = V;
};

}  // namespace keyed

/// The key's and the value's type of a keyed record; incomplete types for other records.
template <typename T>
using key_of = typename keyed::Parts<T>::Key;
template <typename T>
using value_of = typename keyed::Parts<T>::Value;

}  // namespace serry
