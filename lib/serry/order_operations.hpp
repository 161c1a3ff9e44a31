#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/session.hpp"
#include "serry/serde/order_key.hpp"
#include "serry/shuffle/sort.hpp"
#include "serry/sink/partition_sums.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

struct SortOptions {
    bool descending = false;
    std::uint64_t partition_count = 0;  ///< 0 leaves it to serry
};

/// What sort_by and its sisters take, for records of T.
template <typename F, typename T>
concept OrderKeyMapper = Encodable<T> && PlainMapper<F, T> && OrderKey<
    std::remove_cvref_t<std::invoke_result_t<F const&, T const&>>>;
template <typename F, typename T>
concept Comparator = Encodable<T> && std::predicate<F const&, T const&, T const&>;
template <typename T>
concept KeyOrdered = Keyed<T> && Encodable<T> && OrderKey<key_of<T>>;

template <typename T>
concept Summable = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

/// A record, and where it is in the order of its dataset.
template <typename T>
struct Indexed {
    std::uint64_t index = 0;
    T record{};
};

/// The members of Dataset that have to do with the order of records. Sorts are exchanges. Their
/// partitions hold consecutive ranges of the order, as many as asked for, nearly equal in records
/// however few keys there are: a partition may begin among equal records. Which partition a record
/// is in, and where, depends on the dataset and the number of partitions alone.
///
/// Moves: every record once, with its key.
/// Memory: what a rank has of the dataset, and what it gets of the result; beyond its share of
/// memory each is spilled. The result is held by the ranks as long as its dataset is.
template <typename T>
class OrderOperations {
public:
    /// By key(record), which is a function or a member: numbers by value (-0.0 is 0.0, and NaN
    /// comes after all others), text by its bytes, pairs, tuples, vectors and structs part by part.
    ///
    /// Order: by key; records of equal keys keep theirs, also if `descending`.
    /// Moves: every record once, with its key.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError.
    template <typename F>
    requires OrderKeyMapper<F, T> Dataset<T> sort_by(F key,
                                                     SortOptions options = {},
                                                     CallSite at = CallSite::here())
    const {
        using Order = KeyOrder<T, F>;
        return sorted("sort_by", at, Order{std::move(key), options.descending}, options);
    }

    /// By the records' keys, as sort_by.
    ///
    /// Order: by key; records of equal keys keep theirs.
    /// Moves: every record once, with its key.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError.
    Dataset<T> sort_by_key(SortOptions options = {},
                           CallSite at = CallSite::here()) const requires KeyOrdered<T> {
        auto const key = [](T const& record) -> auto const& { return record.key; };
        using Order = KeyOrder<T, std::remove_const_t<decltype(key)>>;
        return sorted("sort_by_key", at, Order{key, options.descending}, options);
    }

    /// By before(a, b), for orders that no key expresses; slower than sort_by. Of a function that
    /// is no strict weak order the result is in some order, which then may depend on the ranks.
    ///
    /// Order: by `before`; records of which neither comes before the other keep theirs.
    /// Moves: every record once, decoded where it is compared.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError; UsageError for a union of parts that were exchanged.
    template <typename F>
    requires Comparator<F, T> Dataset<T> sort_with(F before,
                                                   std::uint64_t partition_count = 0,
                                                   CallSite at = CallSite::here())
    const {
        return sorted("sort_with", at, FunctionOrder<T, F>{std::move(before)},
                      {.partition_count = partition_count});
    }

    /// Each key's records in one partition, the one that reduce_by_key with as many partitions has
    /// it in.
    ///
    /// Order: in every partition by key as sort_by_key, those of a key in their order.
    /// Moves: every record once, with its key.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError.
    Dataset<T> repartition_and_sort_within_partitions(SortOptions options = {},
                                                      CallSite at = CallSite::here()) const requires
        KeyOrdered<T> {
        return sorted("repartition_and_sort_within_partitions", at,
                      PartitionOrder<key_of<T>, value_of<T>>{options.descending}, options);
    }

    /// Each record with its index in the order of the dataset, from 0.
    ///
    /// Collective, and not lazy: the partitions' records are counted now, by an action; what no
    /// exchange holds runs again with what follows.
    ///
    /// Order: kept.
    /// Moves: a number a partition.
    /// Memory: the same.
    /// Throws: StageError.
    Dataset<Indexed<T>> zip_with_index(CallSite at = CallSite::here()) const {
        auto const one = [](T const&) { return std::uint64_t{1}; };
        return after_partitions<Indexed<T>, std::uint64_t, NumberRecords>("zip_with_index", at,
                                                                          one);
    }

    /// For each number the sum of all up to it and with it, added one after the other within a
    /// partition, after the sum of the partitions before.
    ///
    /// Collective, and not lazy, as zip_with_index.
    ///
    /// Order: kept.
    /// Moves: a number a partition.
    /// Memory: the same.
    /// Throws: StageError.
    Dataset<T> prefix_sum(CallSite at = CallSite::here()) const requires Summable<T> {
        return after_partitions<T, T, SumRecords>("prefix_sum", at, std::identity());
    }

private:
    /// Handlers of a partition, which begin with the sum of those before it.
    struct NumberRecords {
        std::uint64_t next;
        template <typename Emit>
        void operator()(std::span<T const> batch, Emit const& emit) {
            for (T const& record : batch) emit(Indexed<T>{next++, record});
        }
    };
    struct SumRecords {
        T sum;
        template <typename Emit>
        void operator()(std::span<T const> batch, Emit const& emit) {
            for (T const& record : batch) emit(sum = static_cast<T>(sum + record));
        }
    };

    template <typename Out, typename V, typename Handler, typename F>
    Dataset<Out> after_partitions(char const* name, CallSite at, F f) const {
        ActionStep const action(self().session(), self().step(), name, at);
        std::vector<V> before = action.result([&] {
            PartitionSumsEnd<T, V, F> end(*self().step(), f);
            self().session().run(*self().step(), action, end);
            return end.all_sums(self().session().comm(), self().step()->placement());
        });
        V sum{};
        for (V& partition : before) sum = static_cast<V>(sum + std::exchange(partition, sum));
        auto handler_for = [before = std::move(before)](Partition partition) {
            return Handler{before.at(partition.index)};
        };
        return self().template narrow<Out, MapPartitionsOperator<decltype(handler_for), T, Out>>(
            name, at, std::move(handler_for));
    }

    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    template <typename Order>
    Dataset<T> sorted(char const* name, CallSite at, Order order, SortOptions options) const {
        using Step = SortTransformation<T, Order>;
        return {
            self().session(),
            std::make_shared<Step>(self().session().lineage(), name, at, self().step(),
                                   std::move(order), options.partition_count, options.descending)};
    }
};

}  // namespace serry
