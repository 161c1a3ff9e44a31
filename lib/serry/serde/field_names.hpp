#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include <boost/pfr/tuple_size.hpp>

namespace serry {

/// Names for the fields of a struct, in their order, as files call them. Specialise
///
///     template <>
///     inline constexpr auto serry::field_names<User> = serry::names("id", "country");
///
/// for a struct of yours (an aggregate: no constructors, no bases), and what reads and writes
/// tables (CSV, JSON lines, HDF5) knows its columns.
template <std::convertible_to<std::string_view>... Names>
constexpr std::array<std::string_view, sizeof...(Names)> names(Names const&... field) {
    return {std::string_view(field)...};
}

template <typename T>
inline constexpr std::array<std::string_view, 0> field_names{};

/// A struct whose fields have names, one for each.
template <typename T>
concept NamedFields = std::is_aggregate_v<T> && std::is_class_v<T> &&(field_names<T>.size() > 0)
                      && field_names<T>.size() == boost::pfr::tuple_size_v<T>;

}  // namespace serry
