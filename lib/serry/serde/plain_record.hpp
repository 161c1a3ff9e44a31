#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <boost/pfr/tuple_size.hpp>

#include "serry/serde/codec.hpp"

namespace serry {

namespace plain {

template <typename T>
consteval bool is_record();

template <typename T, std::size_t... i>
consteval bool has_only_plain_fields(std::index_sequence<i...>) {
    return (is_record<boost::pfr::tuple_element_t<i, T>>() && ...)
           && (sizeof(boost::pfr::tuple_element_t<i, T>) + ... + 0) == sizeof(T);
}

template <typename T>
consteval bool is_record() {
    if constexpr (is_plain<T>)
        return std::is_trivially_copyable_v<T>;
    else if constexpr (codec::Leaf<T>)
        return !std::is_same_v<T, bool> && codec::value_bytes<T> == sizeof(T);
    else if constexpr (codec::IsArray<T>::value)
        return std::tuple_size_v<T> > 0 && is_record<typename T::value_type>();
    else if constexpr (codec::Walkable<T> && std::is_trivially_copyable_v<T>)
        return has_only_plain_fields<T>(std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
    else
        return false;
}

}  // namespace plain

/// Types of which any sizeof(T) bytes are a value, and all of them matter: numbers (but bool and
/// long double), std::array and structs of these without padding, and what is marked is_plain.
template <typename T>
concept PlainRecord = plain::is_record<T>();

}  // namespace serry
