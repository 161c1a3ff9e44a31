#pragma once

#include <concepts>
#include <functional>
#include <type_traits>

#include "serry/base/arena.hpp"
#include "serry/base/key_value.hpp"

namespace serry {

/// What a dataset can hold: movable objects. Not references, and not pointers, which mean nothing
/// on another rank; views of text (std::string_view) are records, and are copied where they are
/// stored.
template <typename T>
concept Record = std::is_object_v<T> && !std::is_pointer_v<
                     T> && !std::is_const_v<T> && std::move_constructible<T>;

template <typename T>
concept Keyed = Record<T> && keyed::Parts<T>::exist;

/// f(record), or f(record, arena) where f makes text that must outlive the call.
template <typename F, typename T>
concept PlainMapper = std::invocable<F const&, T const&>;
template <typename F, typename T>
concept ArenaMapper = std::invocable<F const&, T const&, Arena&>;
template <typename F, typename T>
concept Mapper = PlainMapper<F, T> || ArenaMapper<F, T>;

namespace mapping {

template <typename F, typename T>
struct Result {
    using type = std::invoke_result_t<F const&, T const&>;
};
template <typename F, typename T>
requires(ArenaMapper<F, T> && !PlainMapper<F, T>) struct Result<F, T> {
    using type = std::invoke_result_t<F const&, T const&, Arena&>;
};

}  // namespace mapping

template <typename F, typename T>
using mapped_t = std::remove_cvref_t<typename mapping::Result<F, T>::type>;

template <typename F, typename T>
concept Predicate = std::predicate<F const&, T const&>;

/// f(V, V) -> V, associative: the values of a key are combined pairwise.
template <typename F, typename V>
concept Combiner = requires(F const& f, V const& left, V const& right) {
    { std::invoke(f, left, right) } -> std::convertible_to<V>;
};

}  // namespace serry
