#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/arena.hpp"
#include "serry/base/call_site.hpp"
#include "serry/base/combiners.hpp"
#include "serry/base/concepts.hpp"
#include "serry/serde/codec.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// What flat_map(f) makes of T's: f's record_type if it names one, else what the range that f
/// returns holds. No type where f does neither.
template <typename F>
concept NamesRecordType = requires {
    typename F::record_type;
};
template <typename F, typename T>
concept RangeMapper = PlainMapper<F, T> && requires {
    *std::begin(std::declval<std::invoke_result_t<F const&, T const&>&>());
};
template <typename F, typename T>
struct FlatMapped {};
template <NamesRecordType F, typename T>
struct FlatMapped<F, T> {
    using type = typename F::record_type;
};
template <typename F, typename T>
requires(RangeMapper<F, T> && !NamesRecordType<F>) struct FlatMapped<F, T> {
    using type = std::iter_value_t<decltype(std::begin(
        std::declval<std::invoke_result_t<F const&, T const&>&>()))>;
};

/// glom()'s work on one partition: keeps its records and what they view.
template <typename T>
struct GlomHandler {
    std::unique_ptr<Arena> arena = std::make_unique<Arena>();
    std::vector<T> records{};

    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const&) {
        for (T const& record : batch) {
            records.push_back(record);
            if constexpr (Encodable<T>) adopt_views(records.back(), *arena);
        }
    }
    template <typename Emit>
    void finish(Emit const& emit) {
        emit(std::move(records));
    }
};

/// The members of Dataset that work on records one by one, in their partitions.
template <typename T>
class NarrowOperations {
public:
    /// f(record), or f(record, arena): f makes text in the arena, which lives as long as its batch.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    template <typename F>
    requires Mapper<F, T>
    auto map(F f, CallSite at = CallSite::here()) const {
        using Out = mapped_t<F, T>;
        return self().template narrow<Out, MapOperator<T, Out, F>>("map", at, std::move(f));
    }

    /// The records for which keep(record) is true.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    template <typename F>
    requires Predicate<F, T> Dataset<T> filter(F keep, CallSite at = CallSite::here())
    const {
        return self().template narrow<T, FilterOperator<T, F>, true>("filter", at, std::move(keep));
    }

    /// Any number of records for each: f(record, emit) calls emit(result), or, faster,
    /// emit.many(n, make) for make(0) to make(n - 1), and its type names the results' type as
    /// record_type; or f(record) returns a range of results.
    ///
    /// Order: kept, the results of a record in the order in which f gives them.
    /// Moves: nothing.
    /// Memory: a batch, and the range that f returns.
    /// Throws: nothing.
    template <typename F>
    Dataset<typename FlatMapped<F, T>::type> flat_map(F f, CallSite at = CallSite::here()) const {
        using Out = typename FlatMapped<F, T>::type;
        return self().template narrow<Out, FlatMapOperator<F, T, Out>>("flat_map", at,
                                                                       std::move(f));
    }

    /// The same for an f(record, emit) that does not name the type: flat_map<Out>(f).
    ///
    /// Order: kept, the results of a record in the order in which f gives them.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    template <Record Out, typename F>
    Dataset<Out> flat_map(F f, CallSite at = CallSite::here()) const {
        return self().template narrow<Out, FlatMapOperator<F, T, Out>>("flat_map", at,
                                                                       std::move(f));
    }

    /// Each record with key(record) as its key.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: nothing.
    template <typename F>
    requires PlainMapper<F, T>
    auto key_by(F key, CallSite at = CallSite::here()) const {
        using Out = KeyValue<std::remove_cvref_t<std::invoke_result_t<F const&, T const&>>, T>;
        auto with_key = [key = std::move(key)](T const& record) {
            return Out(std::invoke(key, record), record);
        };
        return self().template narrow<Out, MapOperator<T, Out, decltype(with_key)>>(
            "key_by", at, std::move(with_key));
    }

    /// For work with a state or a set-up per partition. f(Partition) makes a handler for each
    /// partition; handler(span<T const>, emit) is called for its batches, in order, and
    /// handler.finish(emit), if there is one, at its end. Out is what emit takes:
    /// map_partitions<Out>(f).
    ///
    /// Order: that in which the handler emits.
    /// Moves: nothing.
    /// Memory: a batch, and what the handler keeps.
    /// Throws: nothing.
    template <Record Out, typename F>
    requires std::invocable<F const&, Partition> Dataset<Out> map_partitions(
        F f,
        CallSite at = CallSite::here())
    const {
        return self().template narrow<Out, MapPartitionsOperator<F, T, Out>>("map_partitions", at,
                                                                             std::move(f));
    }

    /// One record for each partition, empty ones too: a vector of its records.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a whole partition at a time.
    /// Throws: nothing.
    auto glom(CallSite at = CallSite::here()) const {
        auto const handler = [](Partition) { return GlomHandler<T>(); };
        using Op = MapPartitionsOperator<std::remove_const_t<decltype(handler)>, T, std::vector<T>>;
        return self().template narrow<std::vector<T>, Op>("glom", at, handler);
    }

    /// Each record once. Records are equal if they are as keys: -0.0 is 0.0, and every NaN the
    /// same.
    ///
    /// Order: by a hash of the record; the same in every run, at any number of ranks.
    /// Moves: at most one copy of each record and rank.
    /// Memory: the records of a rank in a table, once each; what does not fit is spilled by its
    ///   receiver. The result is held by the ranks as long as this dataset is.
    /// Throws: nothing.
    Dataset<T> distinct(std::uint64_t partition_count = 0,
                        CallSite at = CallSite::here()) const requires Key<T> {
        using Pair = KeyValue<T, std::tuple<>>;
        auto const to_pair = [](T const& record) { return Pair(record, {}); };
        auto const from_pair = [](Pair const& pair) { return pair.key; };
        auto const first = exact([](std::tuple<> kept, std::tuple<>) { return kept; });
        return self()
            .template narrow<Pair, MapOperator<T, Pair, std::remove_const_t<decltype(to_pair)>>>(
                "distinct", at, to_pair)
            .reduce_by_key(first, partition_count, at)
            .template narrow<T, MapOperator<Pair, T, std::remove_const_t<decltype(from_pair)>>>(
                "distinct", at, from_pair);
    }

private:
    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }
};

}  // namespace serry
