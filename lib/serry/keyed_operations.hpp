#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/base/combiners.hpp"
#include "serry/base/concepts.hpp"
#include "serry/exec/session.hpp"
#include "serry/narrow_operations.hpp"
#include "serry/result_map.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/reduce.hpp"
#include "serry/shuffle/reduce_to_index.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// Records that can be brought together by their keys; of the second kind, with their values.
template <typename T>
concept WithKey = Keyed<T> && Key<key_of<T>>;
template <typename T>
concept WithKeyAndValue = WithKey<T> && Encodable<value_of<T>>;

template <typename K>
concept IndexKey =
    std::same_as<K, short> || std::same_as<K, unsigned short> || std::same_as<K, int> || std::
        same_as<K, unsigned> || std::same_as<K, long> || std::same_as<K, unsigned long> || std::
            same_as<K, long long> || std::same_as<K, unsigned long long> || std::
                same_as<K, signed char> || std::same_as<K, unsigned char>;

/// What map_values and reduce_by_key take, for records of T.
template <typename F, typename T>
concept ValueMapper = Keyed<T> && PlainMapper<F, value_of<T>>;
template <typename F, typename T>
concept ValueCombiner = WithKeyAndValue<T> && Combiner<F, value_of<T>>;

/// What combine_by_key carries about: a value as it is, or what was made of some.
template <typename V, typename C>
struct CombinedPart {
    std::optional<V> value;
    std::optional<C> made;
};

/// The members of Dataset that work on keyed records.
template <typename T>
class KeyedOperations {
public:
    // Narrow transformations: partition by partition, nothing moves.

    /// The same keys, f(value) for values.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    template <typename F>
    requires ValueMapper<F, T>
    auto map_values(F f, CallSite at = CallSite::here()) const {
        using Value = std::remove_cvref_t<std::invoke_result_t<F const&, value_of<T> const&>>;
        using Out = KeyValue<key_of<T>, Value>;
        auto on_pair = [f = std::move(f)](T const& pair) {
            return Out(pair.key, std::invoke(f, pair.value));
        };
        return self().template narrow<Out, MapOperator<T, Out, decltype(on_pair)>, true>(
            "map_values", at, std::move(on_pair));
    }

    /// The same key for every record that f(value) gives: f returns a range of values, or is an
    /// f(value, emit) that names their type as record_type.
    ///
    /// Order: kept, the values of a record in the order in which f gives them.
    /// Moves: nothing.
    /// Memory: a batch, and the range that f returns.
    /// Throws: nothing.
    template <typename F>
    requires Keyed<T>
    auto flat_map_values(F f, CallSite at = CallSite::here()) const {
        using Value = typename FlatMapped<F, value_of<T>>::type;
        using Out = KeyValue<key_of<T>, Value>;
        auto on_pair = [f = std::move(f)](T const& pair, auto const& emit) {
            auto const emit_value = [&](auto&& value) {
                emit(Out(pair.key, std::forward<decltype(value)>(value)));
            };
            emit_all(f, pair.value, emit_value);
        };
        return self().template narrow<Out, FlatMapOperator<decltype(on_pair), T, Out>, true>(
            "flat_map_values", at, std::move(on_pair));
    }

    /// The keys of all records, as often as they are.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    auto keys(CallSite at = CallSite::here()) const requires Keyed<T> {
        auto const key = [](T const& pair) { return pair.key; };
        return mapped<key_of<T>>("keys", at, key);
    }

    /// The values of all records.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    auto values(CallSite at = CallSite::here()) const requires Keyed<T> {
        auto const value = [](T const& pair) { return pair.value; };
        return mapped<value_of<T>>("values", at, value);
    }

    // Wide transformations: records of a key come together; an exchange.

    /// One record for each key, its values combined by `combine(V, V) -> V`, which is associative
    /// and commutative.
    ///
    /// Order: by a hash of the key; the same in every run, at any number of ranks.
    /// Moves: at most one record a key and rank for exact combiners (integer sums and what exact()
    ///   marks); for others, whose rounding depends on the order, at most 2 log2(partitions /
    ///   ranks) of them, and the result is the same bits at any number of ranks.
    /// Memory: the keys of a rank in a table; what does not fit is exchanged as it is, and spilled
    ///   by its receiver. The result is held by the ranks as long as this dataset is.
    /// Throws: nothing.
    template <typename F>
    requires ValueCombiner<F, T> Dataset<T> reduce_by_key(F combine,
                                                          std::uint64_t partition_count = 0,
                                                          CallSite at = CallSite::here())
    const {
        using Step = ReduceTransformation<key_of<T>, value_of<T>, F>;
        return {self().session(),
                std::make_shared<Step>(self().session().lineage(), at, self().step(),
                                       std::move(combine), partition_count)};
    }

    /// reduce_by_key of keys that are indices, in arrays instead of tables: one record for each
    /// index of [0, index_count), with `zero` where there was none; what a `zero` views must
    /// outlive the dataset.
    ///
    /// Order: by index; partitions are ranges of indices.
    /// Moves: as reduce_by_key; what has a value.
    /// Memory: an array of index_count values on every rank that has records, at most a quarter of
    ///   its memory. The result is held by the ranks as long as this dataset is.
    /// Throws: UsageError for no indices, or more than the keys' type holds; from the action
    /// InputError for a key that is no index,
    ///   StorageError (does_not_fit) if the array is too large.
    template <typename F>
    requires ValueCombiner<F, T> && IndexKey<key_of<T>> Dataset<T> reduce_to_index(
        std::uint64_t index_count,
        F combine,
        value_of<T> zero = {},
        std::uint64_t partition_count = 0,
        CallSite at = CallSite::here())
    const {
        if (index_count == 0)
            throw UsageError("reduce_to_index (" + to_string(at)
                             + "): 0 indices asked for, expected at least 1");
        if (!std::in_range<key_of<T>>(index_count - 1))
            throw UsageError("reduce_to_index (" + to_string(at)
                             + "): " + std::to_string(index_count)
                             + " indices asked for, of which the keys' type holds only those up to "
                             + std::to_string(std::numeric_limits<key_of<T>>::max()));
        using Step = IndexReduction<key_of<T>, value_of<T>, F>;
        return {self().session(),
                std::make_shared<Step>(self().session().lineage(), at, self().step(), index_count,
                                       std::move(combine), std::move(zero), partition_count)};
    }

    /// One record for each key: combine(zero, v) of the values combined to v. The zero takes part
    /// once a key, whatever it is, from the left.
    ///
    /// Order: by a hash of the key; the same in every run, at any number of ranks.
    /// Moves: as reduce_by_key.
    /// Memory: as reduce_by_key.
    /// Throws: nothing.
    template <typename F>
    requires ValueCombiner<F, T>
    auto fold_by_key(value_of<T> zero,
                     F combine,
                     std::uint64_t partition_count = 0,
                     CallSite at = CallSite::here()) const {
        auto with_zero = [zero = std::move(zero), combine](value_of<T> const& value) {
            return value_of<T>(std::invoke(combine, zero, value));
        };
        return reduce_by_key(combine, partition_count, at).map_values(std::move(with_zero), at);
    }

    /// One record for each key, its value a C made of the key's values: create(v) of the first of a
    /// partition, add(C, v) of the next, merge(C, C) of what two partitions gave. Which is called
    /// how often follows from the partitions, not from the ranks; merge(c, create(v)) must mean the
    /// same as add(c, v), and either may be called for a value that is alone in its partition.
    ///
    /// Order: by a hash of the key; the same in every run, at any number of ranks.
    /// Moves: at most 2 log2(partitions / ranks) records a key and rank.
    /// Memory: as reduce_by_key. A C is copied for every value added: keep it small.
    /// Throws: nothing.
    template <typename Create, typename Add, typename Merge>
    requires WithKeyAndValue<T> && ValueMapper<Create, T>
    auto combine_by_key(Create create,
                        Add add,
                        Merge merge,
                        std::uint64_t partition_count = 0,
                        CallSite at = CallSite::here()) const {
        using Value = value_of<T>;
        using Made = std::remove_cvref_t<std::invoke_result_t<Create const&, Value const&>>;
        static_assert(Encodable<Made>, "combine_by_key: what create() makes must be encodable");
        using Part = CombinedPart<Value, Made>;
        auto to_part = [](Value const& value) { return Part{value, std::nullopt}; };
        auto made_of = [create](Part const& part) {
            return part.made ? *part.made : Made(std::invoke(create, *part.value));
        };
        auto combine = [made_of, add, merge](Part const& left, Part const& right) {
            if (right.made)
                return Part{std::nullopt, std::invoke(merge, made_of(left), *right.made)};
            return Part{std::nullopt, std::invoke(add, made_of(left), *right.value)};
        };
        return map_values(to_part, at)
            .reduce_by_key(combine, partition_count, at)
            .map_values(made_of, at);
    }

    /// combine_by_key() that starts from `zero`: add(A, v) adds a value to an A, merge(A, A) puts
    /// two together. `zero` changes nothing when merged: how often it takes part follows from the
    /// partitions.
    ///
    /// Order: by a hash of the key; the same in every run, at any number of ranks.
    /// Moves: at most 2 log2(partitions / ranks) records a key and rank.
    /// Memory: as reduce_by_key. An A is copied for every value added: keep it small.
    /// Throws: nothing.
    template <Encodable A, typename Add, typename Merge>
    requires WithKeyAndValue<T>
    auto aggregate_by_key(A zero,
                          Add add,
                          Merge merge,
                          std::uint64_t partition_count = 0,
                          CallSite at = CallSite::here()) const {
        auto create = [zero = std::move(zero), add](value_of<T> const& value) {
            return A(std::invoke(add, zero, value));
        };
        return combine_by_key(std::move(create), std::move(add), std::move(merge), partition_count,
                              at);
    }

    // Actions: collective; the same result on every rank.

    /// How many records each key has: a ResultMap.
    ///
    /// Order: by a hash of the key.
    /// Moves: at most one record a key and rank, and then all keys to every node.
    /// Memory: all keys on every rank: write what reduce_by_key gives where they are many.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    auto count_by_key(CallSite at = CallSite::here()) const requires WithKey<T> {
        auto const one = [](T const& pair) {
            return KeyValue<key_of<T>, std::uint64_t>(pair.key, 1);
        };
        return ResultMap(mapped<KeyValue<key_of<T>, std::uint64_t>>("count_by_key", at, one)
                             .reduce_by_key(std::plus{}, 0, at)
                             .collect(at));
    }

    /// The values of all records with this key, as Results. Looks at all records.
    ///
    /// Order: of partitions, and within them.
    /// Moves: these values, to every node.
    /// Memory: the same.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    auto lookup(key_of<T> const& key,
                CallSite at = CallSite::here()) const requires WithKeyAndValue<T> {
        ByteWriter scratch;
        auto is_wanted = [wanted = std::string(key_bytes(key, scratch))](T const& pair) {
            ByteWriter bytes;
            return key_bytes(pair.key, bytes) == wanted;
        };
        using Filter = FilterOperator<T, decltype(is_wanted)>;
        return self()
            .template narrow<T, Filter>("lookup", at, std::move(is_wanted))
            .values(at)
            .collect(at);
    }

    /// All records as a ResultMap; of several with one key, the last in order of partitions.
    ///
    /// Order: that in which the keys first come.
    /// Moves: all records, to every node.
    /// Memory: all records on every rank.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    auto collect_as_map(CallSite at = CallSite::here()) const requires WithKeyAndValue<T> {
        return ResultMap(self().collect(at));
    }

private:
    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    template <typename Out, typename F>
    Dataset<Out> mapped(char const* name, CallSite at, F f) const {
        return self().template narrow<Out, MapOperator<T, Out, F>>(name, at, std::move(f));
    }
};

}  // namespace serry
