#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/base/combiners.hpp"
#include "serry/join_operations.hpp"
#include "serry/result_groups.hpp"
#include "serry/shuffle/joins.hpp"
#include "serry/split_keys.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// The members of Dataset that join where the records of a key must not all come to one rank,
/// because a few keys have most of them. They are collective and not lazy: they look at the data
/// first.
template <typename T>
class SkewOperations {
public:
    /// join() with another side that every node can hold: then the records of this side stay where
    /// they are, however uneven their keys are. Is it larger than `most_bytes`, encoded, the result
    /// is that of join().
    ///
    /// Collective, and not lazy: the other side is made now, as far as that.
    ///
    /// Order: of this side, then that of the other one; if the other side is too large, as join().
    /// Moves: the other side, to every node; if it is too large, as join().
    /// Memory: the other side's bytes once a node, and 16 a record on every rank.
    /// Throws: StageError.
    template <typename Other>
    requires JoinsWith<T, Other>
    auto broadcast_join(Other const& other,
                        std::uint64_t most_bytes = default_broadcast_bytes,
                        CallSite at = CallSite::here()) const {
        return broadcast<false>("broadcast_join", other, most_bytes, at);
    }

    /// left_outer_join() in the same way.
    ///
    /// Collective, and not lazy: the other side is made now, as far as that.
    ///
    /// Order: as broadcast_join().
    /// Moves: as broadcast_join().
    /// Memory: as broadcast_join().
    /// Throws: as broadcast_join().
    template <typename Other>
    requires JoinsWith<T, Other>
    auto broadcast_left_outer_join(Other const& other,
                                   std::uint64_t most_bytes = default_broadcast_bytes,
                                   CallSite at = CallSite::here()) const {
        return broadcast<true>("broadcast_left_outer_join", other, most_bytes, at);
    }

    /// join() with the keys split that have more records here than a partition has on average:
    /// these are dealt out to several partitions, and the other side's records of such a key are
    /// sent to each of those.
    ///
    /// Collective, and not lazy: the records of this side are counted by key now. What no exchange
    /// holds and is not persisted runs again afterwards.
    ///
    /// Order: by hash of the key and the number of its piece, then as join().
    /// Moves: every record of this side once, those of the other one as often as their key has
    ///   pieces; and before that, a number for each key and rank.
    /// Memory: as join().
    /// Throws: StageError.
    /// `partition_count` 0: as --partitions says, else as many as this side has.
    template <typename Other>
    requires JoinsWith<T, Other>
    auto skewed_join(Other const& other,
                     std::uint64_t partition_count = 0,
                     CallSite at = CallSite::here()) const {
        return split<false>("skewed_join", other, partition_count, at);
    }

    /// left_outer_join() in the same way.
    ///
    /// Collective, and not lazy: as skewed_join().
    ///
    /// Order: as skewed_join().
    /// Moves: as skewed_join().
    /// Memory: as skewed_join().
    /// Throws: as skewed_join().
    template <typename Other>
    requires JoinsWith<T, Other>
    auto skewed_left_outer_join(Other const& other,
                                std::uint64_t partition_count = 0,
                                CallSite at = CallSite::here()) const {
        return split<true>("skewed_left_outer_join", other, partition_count, at);
    }

private:
    static constexpr std::uint64_t default_broadcast_bytes = std::uint64_t{16} << 20;

    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    template <bool keeps_left, typename Other>
    using JoinedWith = KeyValue<
        key_of<T>,
        Joined<value_of<T>,
               std::conditional_t<keeps_left, std::optional<ValueOf<Other>>, ValueOf<Other>>>>;

    /// join() or left_outer_join().
    template <bool keeps_left, typename Left, typename Right>
    static auto hash_join(Left const& left,
                          Right const& right,
                          std::uint64_t partition_count,
                          CallSite at) {
        if constexpr (keeps_left)
            return left.left_outer_join(right, partition_count, at);
        else
            return left.join(right, partition_count, at);
    }

    template <bool keeps_left, typename Other>
    auto broadcast(char const* name,
                   Other const& other,
                   std::uint64_t most_bytes,
                   CallSite at) const {
        using Out = JoinedWith<keeps_left, Other>;
        using Groups = ResultGroups<key_of<T>, ValueOf<Other>>;
        auto const small = other.collect_if_small(name, most_bytes, at);
        if (!small.is_small()) return hash_join<keeps_left>(self(), other, 0, at);
        auto join_one = [groups = std::make_shared<Groups const>(small.results())](
                            T const& record, auto const& emit) {
            bool const has_any = groups->for_each(record.key, [&](ValueOf<Other> const& match) {
                emit(Out(record.key, {record.value, match}));
            });
            if constexpr (keeps_left)
                if (!has_any) emit(Out(record.key, {record.value, {}}));
        };
        using Op = FlatMapOperator<decltype(join_one), T, Out>;
        return self().template narrow<Out, Op, true>(name, at, std::move(join_one));
    }

    template <bool keeps_left, typename Other>
    auto split(char const* name,
               Other const& other,
               std::uint64_t partition_count,
               CallSite at) const {
        using K = key_of<T>;
        using L = value_of<T>;
        using R = ValueOf<Other>;
        auto const keys = split_keys(partition_count, at);
        auto const deal = [keys](Partition partition) {
            return DealToPieces<K, L>(*keys, partition);
        };
        auto const copy = [keys](Partition) { return CopyToPieces<K, R>(*keys); };
        auto const left = in_pieces<KeyValue<SplitKey<K>, L>>(self(), name, at, deal);
        auto const right = in_pieces<KeyValue<SplitKey<K>, R>>(other, name, at, copy);
        auto const whole = [](auto const& record) {
            return JoinedWith<keeps_left, Other>(record.key.key, record.value);
        };
        return hash_join<keeps_left>(left, right, partition_count, at).map(whole, at);
    }

    template <typename Out, typename Records, typename F>
    static Dataset<Out> in_pieces(Records const& records, char const* name, CallSite at, F f) {
        using Op = MapPartitionsOperator<F, typename Records::record_type, Out>;
        return records.template narrow<Out, Op>(name, at, std::move(f));
    }

    /// The keys to split, by an action. Sets a partition count of 0.
    auto split_keys(std::uint64_t& partition_count, CallSite at) const {
        using Count = KeyValue<key_of<T>, std::uint64_t>;
        auto const one = [](T const& record) { return Count(record.key, 1); };
        auto const counts = self().map(one, at).reduce_by_key(exact(std::plus{}), 0, at);
        std::uint64_t const total = counts.values(at).sum(at);
        if (partition_count == 0) partition_count = self().session().options().partition_count;
        if (partition_count == 0) partition_count = counts.step()->partition_count();
        auto const pieces = [total, partition_count](Count const& key) {
            return Count(key.key, piece_count(key.value, total, partition_count));
        };
        auto const is_split = [](Count const& key) { return key.value > 1; };
        return std::make_shared<SplitKeys<key_of<T>> const>(
            counts.map(pieces, at).filter(is_split, at).collect(at));
    }
};

}  // namespace serry
