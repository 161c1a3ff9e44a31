#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/exec/action_step.hpp"
#include "serry/exec/session.hpp"
#include "serry/shuffle/merge_by_key.hpp"
#include "serry/shuffle/partition_keys.hpp"
#include "serry/shuffle/routed.hpp"
#include "serry/sink/partition_sums.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// Numbers of partitions as handlers of them hold these: shared, and fixed.
using SharedNumbers = std::shared_ptr<std::vector<std::uint64_t> const>;

/// The members of Dataset that have to do with partitions, and with the place of records in them.
/// Some have to know how many records there are: these are collective and not lazy, as they count
/// the records by an action, and what no exchange holds runs again with what follows.
template <typename T>
class PartitionOperations {
public:
    /// The same records in `partition_count` partitions that differ by one record at most.
    ///
    /// Collective, and not lazy: the records are counted now.
    ///
    /// Order: kept.
    /// Moves: every record once.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError; UsageError for no partitions.
    Dataset<T> repartition(std::uint64_t partition_count,
                           CallSite at = CallSite::here()) const requires Encodable<T> {
        check_positive("repartition", at, partition_count, "partition");
        std::vector<std::uint64_t> const ends = ends_of("repartition", at, self());
        std::uint64_t const total = ends.empty() ? 0 : ends.back();
        auto const target = [partition_count, total](std::uint64_t index) {
            __extension__ using Wide = unsigned __int128;
            return static_cast<std::uint64_t>(static_cast<Wide>(index) * partition_count / total);
        };
        return merged<RoutedRecords, T>(
            "repartition", at, partition_count, {},
            routed_by_index("repartition", at, keys_for(partition_count), ends, target));
    }

    /// The same records in `partition_count` partitions, each made of neighbouring ones. Of more
    /// than there are, some stay empty.
    ///
    /// Order: kept.
    /// Moves: every record once; few of them to another rank.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError; UsageError for no partitions.
    Dataset<T> coalesce(std::uint64_t partition_count,
                        CallSite at = CallSite::here()) const requires Encodable<T> {
        check_positive("coalesce", at, partition_count, "partition");
        auto const handler_for = [keys = keys_for(partition_count),
                                  partition_count](Partition partition) {
            __extension__ using Wide = unsigned __int128;
            auto const target = static_cast<Wide>(partition.index) * partition_count;
            return SendAll<T>{(*keys)[static_cast<std::size_t>(target / partition.count)]};
        };
        return merged<RoutedRecords, T>("coalesce", at, partition_count, {},
                                        routed("coalesce", at, handler_for));
    }

    /// The first record of this dataset with the first of the other one, and so on.
    ///
    /// Collective, and not lazy: the records of both are counted now.
    ///
    /// Order: kept; in the partitions of this dataset.
    /// Moves: every record of both once; few of this one to another rank.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError; InputError if one has more records than the other.
    template <typename U>
    requires Encodable<T> && Encodable<U> Dataset<Joined<T, U>> zip(Dataset<U> const& other,
                                                                    CallSite at = CallSite::here())
    const {
        auto const ends =
            std::make_shared<std::vector<std::uint64_t> const>(ends_of("zip", at, self()));
        std::vector<std::uint64_t> const other_ends = ends_of("zip", at, other);
        std::uint64_t const count = ends->empty() ? 0 : ends->back();
        std::uint64_t const other_count = other_ends.empty() ? 0 : other_ends.back();
        if (count != other_count)
            throw InputError("zip (" + to_string(at) + "): the datasets have "
                             + std::to_string(count) + " and " + std::to_string(other_count)
                             + " records, expected as many of both");
        SharedNumbers const keys = keys_for(ends->size());
        auto const target = [ends](std::uint64_t index) {
            auto const found = std::upper_bound(ends->begin(), ends->end(), index);
            return static_cast<std::uint64_t>(found - ends->begin());
        };
        return merged<ZipRouted, Joined<T, U>>(
            "zip", at, ends->size(), {}, routed_to_own("zip", at, keys),
            other.routed_by_index("zip", at, keys, other_ends, target));
    }

    /// What f(left, right, emit) emits for each two partitions of the same number, of this dataset
    /// and of the other one; not called where both are empty. left and right are Values, ranges
    /// that may be gone through any number of times, and may be more than memory holds. Out is what
    /// emit takes: zip_partitions<Out>(other, f).
    ///
    /// Collective, and not lazy: the records of both are counted now.
    ///
    /// Order: that in which f emits; in the partitions of this dataset.
    /// Moves: every record of both once; few of them to another rank.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError; UsageError if one has more partitions than the other.
    template <Record Out, typename U, typename F>
    requires Encodable<T> && Encodable<U> Dataset<Out>
    zip_partitions(Dataset<U> const& other, F f, CallSite at = CallSite::here())
    const {
        std::size_t const count = ends_of("zip_partitions", at, self()).size();
        std::size_t const other_count = ends_of("zip_partitions", at, other).size();
        if (count != other_count)
            throw UsageError("zip_partitions (" + to_string(at) + "): the datasets have "
                             + std::to_string(count) + " and " + std::to_string(other_count)
                             + " partitions, expected as many of both; repartition() one of them");
        SharedNumbers const keys = keys_for(count);
        return merged<CallRouted<F, Out>, Out>("zip_partitions", at, count, {std::move(f)},
                                               routed_to_own("zip_partitions", at, keys),
                                               other.routed_to_own("zip_partitions", at, keys));
    }

    /// Each record of this dataset with each of the other one.
    ///
    /// Collective, and not lazy: the records of this one are counted now.
    ///
    /// Order: by this one's record, then by the other one's; in the partitions of this dataset.
    /// Moves: every record of this one once, of the other one once a partition of this one.
    /// Memory: a share of the budget on both sides of the exchange, then scratch.
    /// Throws: StageError.
    template <typename U>
    requires Encodable<T> && Encodable<U> Dataset<Joined<T, U>> cartesian(
        Dataset<U> const& other,
        CallSite at = CallSite::here())
    const {
        std::size_t const count = ends_of("cartesian", at, self()).size();
        SharedNumbers const keys = keys_for(count);
        auto const copy_for = [keys](Partition) { return SendEverywhere<U>{keys}; };
        return merged<CrossRouted, Joined<T, U>>("cartesian", at, count, {},
                                                 routed_to_own("cartesian", at, keys),
                                                 other.routed("cartesian", at, copy_for));
    }

    /// Windows of `width` consecutive records, which begin at the records 0, step, 2 step, and so
    /// on, across partitions; only those that lie within the dataset as a whole. Records that are
    /// views must be made to own their text before, for instance by a map to std::string.
    ///
    /// Collective, and not lazy: the records are counted now.
    ///
    /// Order: kept; a window is in the partition of its first record.
    /// Moves: every record once, and those that windows of other partitions reach once more.
    /// Memory: a share of the budget on both sides of the exchange, then scratch; a window.
    /// Throws: StageError; UsageError for no width or no step.
    Dataset<std::vector<T>> sliding(
        std::uint64_t width,
        std::uint64_t step = 1,
        CallSite at = CallSite::here()) const requires Encodable<T> &&(!has_views<T>) {
        check_positive("sliding", at, width, "record");
        check_positive("sliding", at, step, "record");
        auto const grid = std::make_shared<WindowGrid const>(
            WindowGrid{width, step, ends_of("sliding", at, self())});
        auto const handler_for = [grid, keys = keys_for(grid->ends.size())](Partition partition) {
            return SendToWindows<T>{grid, keys, partition.index, grid->begin_of(partition.index)};
        };
        return merged<CutWindows<T>, std::vector<T>>(
            "sliding", at, grid->ends.size(), {grid},
            routed<std::pair<std::uint64_t, T>>("sliding", at, handler_for,
                                                mix_fingerprint(width, step)));
    }

private:
    template <typename U>
    friend class PartitionOperations;

    template <typename V>
    using Routed = KeyValue<std::uint64_t, V>;

    // Handlers of a partition, which send its records where they belong.
    template <typename V>
    struct SendAll {
        std::uint64_t key;
        template <typename Emit>
        void operator()(std::span<V const> batch, Emit const& emit) {
            for (V const& record : batch) emit(Routed<V>(key, record));
        }
    };
    template <typename V>
    struct SendEverywhere {
        SharedNumbers keys;
        template <typename Emit>
        void operator()(std::span<V const> batch, Emit const& emit) {
            for (V const& record : batch)
                for (std::uint64_t const key : *keys) emit(Routed<V>(key, record));
        }
    };
    template <typename V, typename Target>
    struct SendByIndex {
        SharedNumbers keys;
        std::uint64_t next;
        Target target;
        template <typename Emit>
        void operator()(std::span<V const> batch, Emit const& emit) {
            for (V const& record : batch)
                emit(Routed<V>((*keys)[static_cast<std::size_t>(target(next++))], record));
        }
    };
    template <typename V>
    struct SendToWindows {
        std::shared_ptr<WindowGrid const> grid;
        SharedNumbers keys;
        std::uint64_t own;
        std::uint64_t next;
        template <typename Emit>
        void operator()(std::span<V const> batch, Emit const& emit) {
            for (V const& record : batch) {
                std::pair<std::uint64_t, V> const indexed(next, record);
                emit(Routed<std::pair<std::uint64_t, V>>((*keys)[own], indexed));
                for (std::uint64_t p = own; p > 0 && grid->reaches(p - 1, next); --p)
                    if (grid->begin_of(p - 1) < grid->ends[p - 1])
                        emit(Routed<std::pair<std::uint64_t, V>>((*keys)[p - 1], indexed));
                ++next;
            }
        }
    };

    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    static void check_positive(char const* name,
                               CallSite at,
                               std::uint64_t number,
                               std::string const& unit) {
        if (number == 0)
            throw UsageError(std::string(name) + " (" + to_string(at) + "): 0 " + unit
                             + "s asked for, expected at least 1");
    }

    static SharedNumbers keys_for(std::uint64_t partition_count) {
        return std::make_shared<std::vector<std::uint64_t> const>(partition_keys(partition_count));
    }

    /// For each partition the index behind its last record: an action.
    template <typename U>
    static std::vector<std::uint64_t> ends_of(char const* name,
                                              CallSite at,
                                              Dataset<U> const& dataset) {
        auto const one = [](U const&) { return std::uint64_t{1}; };
        ActionStep const action(dataset.session(), dataset.step(), name, at);
        auto ends = action.result([&] {
            PartitionSumsEnd<U, std::uint64_t, decltype(one)> end(*dataset.step(), one);
            dataset.session().run(*dataset.step(), action, end);
            return end.all_sums(dataset.session().comm(), dataset.step()->placement());
        });
        std::partial_sum(ends.begin(), ends.end(), ends.begin());
        return ends;
    }

    /// This dataset's records, or what is made of them, with the keys of the partitions that they
    /// are sent to: what handler_for(Partition) emits.
    template <typename V = T, typename F>
    Dataset<Routed<V>> routed(char const* name,
                              CallSite at,
                              F handler_for,
                              std::uint64_t argument_fingerprint = 0) const {
        using Op = MapPartitionsOperator<F, T, Routed<V>>;
        return self().template narrow<Routed<V>, Op>(name, at, std::move(handler_for),
                                                     argument_fingerprint);
    }
    Dataset<Routed<T>> routed_to_own(char const* name, CallSite at, SharedNumbers keys) const {
        return routed(name, at, [keys = std::move(keys)](Partition partition) {
            return SendAll<T>{(*keys)[partition.index]};
        });
    }
    template <typename Target>
    Dataset<Routed<T>> routed_by_index(char const* name,
                                       CallSite at,
                                       SharedNumbers keys,
                                       std::vector<std::uint64_t> ends,
                                       Target target) const {
        return routed(name, at,
                      [keys = std::move(keys), ends = std::move(ends),
                       target = std::move(target)](Partition partition) {
                          std::uint64_t const begin =
                              partition.index == 0 ? 0 : ends[partition.index - 1];
                          return SendByIndex<T, Target>{keys, begin, target};
                      });
    }

    template <typename F, typename Out, typename... V>
    Dataset<Out> merged(char const* name,
                        CallSite at,
                        std::uint64_t partition_count,
                        F merge,
                        Dataset<Routed<V>> const&... inputs) const {
        using Step = MergeTransformation<std::uint64_t, Out, F, V...>;
        Session& session = self().session();
        return {session, std::make_shared<Step>(session.lineage(), name, at, std::move(merge),
                                                partition_count, inputs.step()...)};
    }
};

}  // namespace serry
