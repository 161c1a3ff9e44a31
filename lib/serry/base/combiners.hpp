#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace serry {

/// A combiner whose result does not depend on the order or grouping of the values, bit for bit.
/// serry then combines in whatever order is fastest. Integer sums and the like are known to be
/// exact; mark your own with exact(f).
template <typename F>
struct Exact {
    F combine;

    template <typename V, typename U>
    constexpr decltype(auto) operator()(V&& left, U&& right) const {
        return std::invoke(combine, std::forward<V>(left), std::forward<U>(right));
    }
};

/// Mark `combine` as exact: associative, commutative and free of rounding.
template <typename F>
constexpr Exact<F> exact(F combine) {
    return {std::move(combine)};
}

struct Minimum {
    template <typename V>
    constexpr V operator()(V const& left, V const& right) const {
        return right < left ? right : left;
    }
};
struct Maximum {
    template <typename V>
    constexpr V operator()(V const& left, V const& right) const {
        return left < right ? right : left;
    }
};

/// Keep the smaller or the larger value; of equal ones the first.
inline constexpr Minimum minimum{};
inline constexpr Maximum maximum{};

/// Whether combining values of V by F is exact. Floating-point sums and unknown functions are not:
/// they are folded in an order that follows from the partitions alone.
template <typename F, typename V>
inline constexpr bool is_exact = false;
template <typename F, typename V>
inline constexpr bool is_exact<Exact<F>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::plus<>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::plus<V>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::bit_and<>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::bit_or<>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::bit_xor<>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::logical_and<>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<std::logical_or<>, V> = true;
template <std::integral V>
inline constexpr bool is_exact<Minimum, V> = true;
template <std::integral V>
inline constexpr bool is_exact<Maximum, V> = true;

}  // namespace serry
