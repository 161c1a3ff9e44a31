#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/base/combiners.hpp"
#include "serry/base/concepts.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/natural_order.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/session.hpp"
#include "serry/result_map.hpp"
#include "serry/serde/codec.hpp"
#include "serry/sink/aggregate.hpp"
#include "serry/sink/fold.hpp"
#include "serry/sink/hyper_log_log.hpp"
#include "serry/sink/quantile_sketch.hpp"
#include "serry/sink/statistics.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// How aggregate() changes an A by one T more: f(A, T) gives the new A, or f(A&, T) makes it of the
/// old one and returns nothing.
template <typename F, typename A, typename T>
concept Returning = requires(F const& f, A const& made, T const& more) {
    { std::invoke(f, made, more) } -> std::convertible_to<A>;
};
template <typename F, typename A, typename T>
concept InPlace = requires(F const& f, A& made, T const& more) {
    { std::invoke(f, made, more) } -> std::same_as<void>;
};

/// What aggregate() takes: an A that the library can send, and functions that make it.
template <typename A, typename Add, typename Merge, typename T>
concept Aggregator =
    Encodable<A> && !has_views<
        A> && (Returning<Add, A, T> || InPlace<Add, A, T>)&&(Returning<Merge, A, A> || InPlace<Merge, A, A>);

namespace statistics {

template <typename T, typename A, typename Add, typename Merge>
struct UserFolding {
    using Value = A;
    static constexpr bool is_exact = false;

    A const& zero;
    Add const& add_to;
    Merge const& merge_with;

    A start(std::uint64_t) const { return zero; }
    void add(A& made, T const& record) const { change(add_to, made, record); }
    void merge(A& left, A const& right) const { change(merge_with, left, right); }

private:
    template <typename F, typename More>
    static void change(F const& f, A& made, More const& more) {
        if constexpr (Returning<F, A, More>)
            made = std::invoke(f, std::move(made), more);
        else
            std::invoke(f, made, more);
    }
};

template <typename T>
struct DistinctFolding {
    using Value = HyperLogLog;
    static constexpr bool is_exact = true;

    unsigned precision;

    Value start(std::uint64_t) const { return HyperLogLog::of_precision(precision); }
    void add(Value& counted, T const& record) const {
        scratch->clear();
        counted.add(hash_key(key_bytes(record, *scratch)));
    }
    void merge(Value& left, Value const& right) const { left.merge(right); }

    std::shared_ptr<ByteWriter> scratch = std::make_shared<ByteWriter>();
};

template <Number T>
struct QuantileFolding {
    using Value = QuantileSketch<T>;
    static constexpr bool is_exact = false;

    std::uint64_t capacity;

    Value start(std::uint64_t partition) const { return Value::with(capacity, partition); }
    void add(Value& sketch, T number) const { sketch.add(number); }
    void merge(Value& left, Value const& right) const { left.merge(right); }
};

}  // namespace statistics

/// The members of Dataset that make one value of all records. Every result is the same bits at any
/// number of ranks: partitions are worked through from their first record on, and their results
/// merged along a fixed tree.
template <typename T>
class Statistics {
public:
    /// All records combined by `combine(T, T) -> T`, which is associative. Nothing for an empty
    /// dataset. Views in the result live as long as the session.
    ///
    /// Order: of partitions, and within them.
    /// Moves: at most 2 log2(partitions / ranks) records a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    template <typename F>
    requires Encodable<T> && Combiner<F, T> std::optional<T> reduce(F combine,
                                                                    CallSite at = CallSite::here())
    const {
        ActionStep const action(self().session(), self().step(), "reduce", at);
        return reduced(action, combine);
    }

    /// combine(zero, r) of all records combined to r; zero for an empty dataset. The zero takes
    /// part once, whatever it is, from the left. Views in the result live as long as the session.
    ///
    /// Order: of partitions, and within them.
    /// Moves: at most 2 log2(partitions / ranks) records a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    template <typename F>
    requires Encodable<T> && Combiner<F, T> T fold(T zero,
                                                   F combine,
                                                   CallSite at = CallSite::here())
    const {
        ActionStep const action(self().session(), self().step(), "fold", at);
        auto const all = reduced(action, combine);
        try {
            T result = all ? T(std::invoke(combine, std::as_const(zero), *all)) : std::move(zero);
            adopt_views(result, self().session().arena());
            return result;
        } catch (...) {
            throw_action_failed(action);
        }
    }

    /// An A made of all records: add(A, record) adds one, merge(A, A) puts those of two partitions
    /// together, and both give an A, or change the one that they take by reference. Every partition
    /// with records starts from a copy of `zero`, which changes nothing when merged; an empty
    /// dataset gives `zero`.
    ///
    /// Order: of partitions, and within them.
    /// Moves: at most 2 log2(partitions / ranks) A's a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    template <typename A, typename Add, typename Merge>
    requires Aggregator<A, Add, Merge, T> A aggregate(A zero,
                                                      Add add,
                                                      Merge merge,
                                                      CallSite at = CallSite::here())
    const {
        ActionStep const action(self().session(), self().step(), "aggregate", at);
        statistics::UserFolding<T, A, Add, Merge> const folding{zero, add, merge};
        return aggregated(action, folding).value_or(zero);
    }

    /// The least record by <, the first of equal ones; NaN only if there is nothing else. Nothing
    /// for an empty dataset. Views in it live as long as the session.
    ///
    /// Order: does not matter.
    /// Moves: at most 2 log2(partitions / ranks) records a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    std::optional<T> min(CallSite at = CallSite::here()) const requires Encodable<T> && Ordered<T> {
        ActionStep const action(self().session(), self().step(), "min", at);
        return reduced(action, LeastOf{});
    }

    /// The greatest record by <, the first of equal ones; NaN if there is one. Nothing for an empty
    /// dataset. Views in it live as long as the session.
    ///
    /// Order: does not matter.
    /// Moves: at most 2 log2(partitions / ranks) records a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    std::optional<T> max(CallSite at = CallSite::here()) const requires Encodable<T> && Ordered<T> {
        ActionStep const action(self().session(), self().step(), "max", at);
        return reduced(action, GreatestOf{});
    }

    /// The sum of numbers: std::int64_t of signed integers, std::uint64_t of others, double of
    /// floating point. 0 for an empty dataset. Integers are added exactly.
    ///
    /// Order: of partitions, and within them.
    /// Moves: at most 2 log2(partitions / ranks) numbers a rank, to every rank.
    /// Memory: the same.
    /// Throws: InputError if a sum of integers is none of 64 bits.
    auto sum(CallSite at = CallSite::here()) const requires Number<T> {
        ActionStep const action(self().session(), self().step(), "sum", at);
        auto const sum = aggregated(action, statistics::SumFolding<T>());
        if constexpr (std::is_floating_point_v<T>) {
            return sum.value_or(0.0);
        } else {
            auto const wide = sum.value_or(statistics::WideSum());
            auto const narrow = [&wide] {
                if constexpr (std::is_signed_v<T>)
                    return wide.as_signed();
                else
                    return wide.as_unsigned();
            }();
            if (!narrow) statistics::throw_sum_too_large(action.label(), wide.decimal());
            return *narrow;
        }
    }

    /// The mean of numbers; nothing for an empty dataset. The same as stats().mean.
    ///
    /// Order: of partitions, and within them.
    /// Moves: at most 2 log2(partitions / ranks) times 40 bytes a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    std::optional<double> mean(CallSite at = CallSite::here()) const requires Number<T> {
        ActionStep const action(self().session(), self().step(), "mean", at);
        auto const summary = aggregated(action, statistics::SummaryFolding());
        return summary ? std::optional(summary->mean) : std::nullopt;
    }

    /// Count, mean, variance, least and greatest of numbers, in one pass.
    ///
    /// Order: of partitions, and within them.
    /// Moves: at most 2 log2(partitions / ranks) times 40 bytes a rank, to every rank.
    /// Memory: the same.
    /// Throws: nothing.
    Summary stats(CallSite at = CallSite::here()) const requires Number<T> {
        ActionStep const action(self().session(), self().step(), "stats", at);
        return aggregated(action, statistics::SummaryFolding()).value_or(Summary::of_nothing());
    }

    /// How many numbers lie in each of the buckets between these ascending edges, which may be
    /// infinite. Numbers are compared as doubles.
    ///
    /// Order: does not matter.
    /// Moves: the counts of a rank, to every rank.
    /// Memory: the counts.
    /// Throws: UsageError unless there are two or more edges, ascending, and no NaN.
    Histogram histogram(std::vector<double> edges,
                        CallSite at = CallSite::here()) const requires Number<T> {
        ActionStep const action(self().session(), self().step(), "histogram", at);
        statistics::check_edges(action.label(), edges);
        return counted(action, std::move(edges));
    }

    /// The same for `bucket_count` buckets of one width from the least number to the greatest: one
    /// bucket if these are equal, none if there are none but NaN. Runs the dataset twice.
    ///
    /// Order: does not matter.
    /// Moves: the counts of a rank, to every rank.
    /// Memory: the counts.
    /// Throws: UsageError unless there are 1 to 2^24 buckets; InputError for infinite numbers.
    Histogram histogram(std::uint64_t bucket_count,
                        CallSite at = CallSite::here()) const requires Number<T> {
        ActionStep const action(self().session(), self().step(), "histogram", at);
        statistics::check_bucket_count(action.label(), bucket_count);
        auto const range = aggregated(action, statistics::RangeFolding<T>());
        if (!range || range->empty()) return {.nan_count = self().count(at)};
        auto const least = static_cast<double>((*range)[0]);
        auto const greatest = static_cast<double>((*range)[1]);
        statistics::check_finite(action.label(), least, greatest);
        return counted(action, statistics::even_edges(least, greatest, bucket_count));
    }

    /// How often each record is there: a ResultMap. Records are equal if they are as keys: -0.0 is
    /// 0.0, and every NaN the same.
    ///
    /// Order: by a hash of the record.
    /// Moves: at most one copy of each record and rank, and then each once to every node.
    /// Memory: all different records on every rank.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    auto count_by_value(CallSite at = CallSite::here()) const requires Key<T> {
        using Pair = KeyValue<T, std::uint64_t>;
        auto const one = [](T const& record) { return Pair(record, 1); };
        using Map = MapOperator<T, Pair, std::remove_const_t<decltype(one)>>;
        return ResultMap(self()
                             .template narrow<Pair, Map>("count_by_value", at, one)
                             .reduce_by_key(std::plus{}, 0, at)
                             .collect(at));
    }

    /// About how many different records there are, equal as for count_by_value(). The error is
    /// about normally distributed, with a standard deviation of at most `relative_error` of the
    /// count.
    ///
    /// Order: does not matter.
    /// Moves: 16 KiB a rank for an error of 1 %, four times as much for half of it, to every rank.
    /// Memory: the same from every rank.
    /// Throws: UsageError unless `relative_error` is in [0.00204, 0.26].
    std::uint64_t approximate_distinct_count(double relative_error = 0.01,
                                             CallSite at = CallSite::here()) const requires Key<T> {
        ActionStep const action(self().session(), self().step(), "approximate_distinct_count", at);
        statistics::check_error(action.label(), relative_error, HyperLogLog::least_error,
                                HyperLogLog::largest_error);
        statistics::DistinctFolding<T> const folding{HyperLogLog::precision_for(relative_error)};
        auto const counted = aggregated(action, folding);
        return counted ? static_cast<std::uint64_t>(counted->estimate() + 0.5) : 0;
    }

    /// For each fraction a number of which about that fraction of all are at most as large: 0.5 for
    /// the median, 0 for the least, 1 for the greatest. NaN is greater than all numbers. A value's
    /// rank is off by at most `rank_error` of the count, with a probability of 99 % each; the
    /// result says by how much it really may be.
    ///
    /// Order: of the fractions.
    /// Moves: about 18 / rank_error numbers for each of at most 2 log2(partitions / ranks) sketches
    ///   a rank, to every rank.
    /// Memory: the same from every rank.
    /// Throws: UsageError unless fractions are in [0, 1] and `rank_error` in [0.0001, 0.5].
    Quantiles<T> approximate_quantiles(std::vector<double> const& fractions,
                                       double rank_error = 0.01,
                                       CallSite at = CallSite::here()) const requires Number<T> {
        ActionStep const action(self().session(), self().step(), "approximate_quantiles", at);
        statistics::check_quantiles(action.label(), fractions);
        statistics::check_error(action.label(), rank_error, 0.0001, 0.5);
        statistics::QuantileFolding<T> const folding{QuantileSketch<T>::capacity_for(rank_error)};
        auto const sketch = aggregated(action, folding);
        if (!sketch) return {};
        return {sketch->quantiles(fractions), sketch->rank_error()};
    }

private:
    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    template <typename F>
    std::optional<T> reduced(ActionStep const& action, F const& combine) const {
        Session& session = self().session();
        return action.result([&] {
            FoldEnd<T, F> end(*self().step(), action, combine);
            session.run(*self().step(), action, end);
            auto const partials = session.comm().all_gather(end.partials().view());
            try {
                return fold_partials<T>(partials.bytes, combine, session.arena());
            } catch (...) {
                throw_action_failed(action);
            }
        });
    }

    Histogram counted(ActionStep const& action, std::vector<double> edges) const {
        statistics::HistogramFolding const folding{std::move(edges)};
        return folding.histogram(aggregated(action, folding));
    }

    template <typename Folding>
    std::optional<typename Folding::Value> aggregated(ActionStep const& action,
                                                      Folding const& folding) const {
        Session& session = self().session();
        return action.result([&] {
            AggregateEnd<T, Folding> end(*self().step(), action, folding);
            session.run(*self().step(), action, end);
            auto const partials = session.comm().all_gather(end.partials().view());
            try {
                return end.merged(partials.bytes, folding);
            } catch (...) {
                throw_action_failed(action);
            }
        });
    }
};

}  // namespace serry
