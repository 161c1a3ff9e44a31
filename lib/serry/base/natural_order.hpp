#pragma once

#include <concepts>
#include <type_traits>

namespace serry {

/// What has a natural order: numbers, and what else has operator<.
template <typename T>
concept Ordered = requires(T const& a, T const& b) {
    { a < b } -> std::convertible_to<bool>;
};

/// The order of operator<, completed for floating point: every NaN comes after all numbers, and is
/// equal to every other. Only for records that are numbers themselves: within other records NaN has
/// no place in the order of <, and where such records go is unspecified, but the same in every run.
struct NaturalOrder {
    template <Ordered T>
    constexpr bool operator()(T const& a, T const& b) const {
        if constexpr (std::is_floating_point_v<T>)
            return a < b || (a == a && b != b);
        else
            return a < b;
    }
};

/// Keep the smaller or the larger value in that order; of equal ones the first.
struct LeastOf {
    template <Ordered T>
    constexpr T const& operator()(T const& left, T const& right) const {
        return NaturalOrder{}(right, left) ? right : left;
    }
};
struct GreatestOf {
    template <Ordered T>
    constexpr T const& operator()(T const& left, T const& right) const {
        return NaturalOrder{}(left, right) ? right : left;
    }
};

}  // namespace serry
