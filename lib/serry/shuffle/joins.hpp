#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "serry/base/key_value.hpp"
#include "serry/shuffle/merge_by_key.hpp"
#include "serry/shuffle/values.hpp"

namespace serry {

/// A pair of values that a join brought together.
template <typename L, typename R>
struct Joined {
    using left_type = L;
    using right_type = R;

    L left{};
    R right{};

    friend bool operator==(Joined const&, Joined const&) = default;
    friend auto operator<=>(Joined const&, Joined const&) = default;
};

/// All values of a key on both sides.
template <typename L, typename R>
struct Cogrouped {
    Values<L> left;
    Values<R> right;
};

// What MergeTransformation does with the groups of a key, in each of the operators.

struct GroupValues {
    static constexpr bool keeps_key = true;

    template <typename K, typename V>
    void operator()(K key, Values<V> values, MergeOutput<KeyValue<K, Values<V>>>& out) const {
        out.add({std::move(key), values});
    }
};

struct FlattenValues {
    static constexpr bool keeps_key = true;

    template <typename K, typename V>
    void operator()(K const& key, Values<V> const& values, MergeOutput<KeyValue<K, V>>& out) const {
        for (V value : values) {
            if (out.has_enough()) return;
            out.add({key, values.keep(std::move(value), out.arena())});
        }
    }
};

struct CogroupValues {
    static constexpr bool keeps_key = true;

    template <typename K, typename L, typename R>
    void operator()(K key,
                    Values<L> left,
                    Values<R> right,
                    MergeOutput<KeyValue<K, Cogrouped<L, R>>>& out) const {
        out.add({std::move(key), {left, right}});
    }
};

/// Keys that the right side has, or has not.
template <bool wanted>
struct KeepLeftIfRight {
    static constexpr bool keeps_key = true;

    template <typename K, typename L, typename R>
    void operator()(K const& key,
                    Values<L> const& left,
                    Values<R> const& right,
                    MergeOutput<KeyValue<K, L>>& out) const {
        if (right.empty() == wanted) return;
        for (L value : left) {
            if (out.has_enough()) return;
            out.add({key, left.keep(std::move(value), out.arena())});
        }
    }
};

/// Every pair of values of a key, by the left and then by the right one's order; where a side that
/// may be missing is, nothing stands for it.
template <bool keeps_left, bool keeps_right>
struct JoinValues {
    static constexpr bool keeps_key = true;

    template <typename L>
    using Left = std::conditional_t<keeps_right, std::optional<L>, L>;
    template <typename R>
    using Right = std::conditional_t<keeps_left, std::optional<R>, R>;

    template <typename K, typename L, typename R>
    void operator()(K const& key,
                    Values<L> const& left,
                    Values<R> const& right,
                    MergeOutput<KeyValue<K, Joined<Left<L>, Right<R>>>>& out) const {
        if (right.empty()) {
            if constexpr (keeps_left)
                for (L value : left) out.add({key, {left.keep(std::move(value), out.arena()), {}}});
        } else if (left.empty()) {
            if constexpr (keeps_right)
                for (R value : right)
                    out.add({key, {{}, right.keep(std::move(value), out.arena())}});
        } else {
            for (L const& value : left)
                for (R match : right) {
                    if (out.has_enough()) return;
                    L own = value;
                    out.add({key,
                             {left.keep(std::move(own), out.arena()),
                              right.keep(std::move(match), out.arena())}});
                }
        }
    }
};

}  // namespace serry
