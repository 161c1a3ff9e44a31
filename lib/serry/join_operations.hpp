#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/base/combiners.hpp"
#include "serry/base/concepts.hpp"
#include "serry/exec/session.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/joins.hpp"
#include "serry/shuffle/values.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// Keyed records that an exchange can take.
template <typename T>
concept Exchangeable = Keyed<T> && Key<key_of<T>> && Encodable<value_of<T>>;

/// A dataset whose records have the same type of key as T's.
template <typename Other>
using ValueOf = value_of<typename Other::record_type>;
template <typename T, typename Other>
concept JoinsWith = Exchangeable<T> && Exchangeable<
    typename Other::record_type> && std::same_as<key_of<T>, key_of<typename Other::record_type>>;

/// The members of Dataset that bring the records of a key together, of one dataset or of two.
///
/// What holds for all of them:
/// Order: partitions are ranges of a hash of the key, and records lie by (hash, key) in them; the
///   values of a key by source partition, and within it as they were. The same in every run, at any
///   number of ranks.
/// Moves: every record once; none of an input that is hash-partitioned already into as many
///   partitions (the result of one of these, of reduce_by_key, or of filter and map_values of
///   such).
/// Memory: what is exchanged is held by the ranks as long as the result is, spilled beyond the
///   budget. The values of one key may be more than memory holds.
/// Throws: StageError.
/// `partition_count` 0: as --partitions says, else as many as the largest input has; of inputs that
/// are hash-partitioned already, if there are any, so that these need not move.
template <typename T>
class JoinOperations {
public:
    /// Each key once, with all its values.
    ///
    /// Order: by hash of the key.
    /// Moves: every record once, unless it lies right already.
    /// Memory: a share of the budget, then scratch; Values is a view of it.
    /// Throws: StageError.
    auto group_by_key(std::uint64_t partition_count = 0,
                      CallSite at = CallSite::here()) const requires Exchangeable<T> {
        return merged<GroupValues, KeyValue<key_of<T>, Values<value_of<T>>>>("group_by_key", at,
                                                                             partition_count);
    }

    /// Each value of key(record) once, with the records that have it.
    ///
    /// Order: by hash of the key.
    /// Moves: every record once, with its key.
    /// Memory: a share of the budget, then scratch; Values is a view of it.
    /// Throws: StageError.
    template <typename F>
    requires PlainMapper<F, T> && Encodable<T>
    auto group_by(F key, std::uint64_t partition_count = 0, CallSite at = CallSite::here()) const {
        return self().key_by(std::move(key), at).group_by_key(partition_count, at);
    }

    /// The records that the other dataset does not have; what this one has more than once stays so.
    /// Records are equal as in distinct().
    ///
    /// Order: by hash of the record, equal ones as they were.
    /// Moves: every record of both once.
    /// Memory: a share of the budget, then scratch.
    /// Throws: StageError.
    Dataset<T> subtract(Dataset<T> const& other,
                        std::uint64_t partition_count = 0,
                        CallSite at = CallSite::here()) const requires Key<T> {
        return keys_of("subtract", at,
                       as_keys("subtract", at, self())
                           .subtract_by_key(as_keys("subtract", at, other), partition_count, at));
    }

    /// The records that both datasets have, each once. Records are equal as in distinct().
    ///
    /// Order: by hash of the record.
    /// Moves: at most one copy of each record and rank of this one, every record of the other one.
    /// Memory: a share of the budget, then scratch.
    /// Throws: StageError.
    Dataset<T> intersection(Dataset<T> const& other,
                            std::uint64_t partition_count = 0,
                            CallSite at = CallSite::here()) const requires Key<T> {
        auto const first = exact([](std::tuple<> kept, std::tuple<>) { return kept; });
        return keys_of("intersection", at,
                       as_keys("intersection", at, self())
                           .reduce_by_key(first, partition_count, at)
                           .semi_join(as_keys("intersection", at, other), partition_count, at));
    }

    /// The records, those of a key in one partition.
    ///
    /// Order: by hash of the key.
    /// Moves: every record once, unless it lies right already.
    /// Memory: a share of the budget, then scratch.
    /// Throws: StageError.
    Dataset<T> partition_by_key(std::uint64_t partition_count = 0,
                                CallSite at = CallSite::here()) const requires Exchangeable<T> {
        return merged<FlattenValues, T>("partition_by_key", at, partition_count);
    }

    /// Each key of either side once, with its values on both.
    ///
    /// Order: by hash of the key.
    /// Moves: every record of a side once, unless it lies right already.
    /// Memory: a share of the budget, then scratch; Values is a view of it.
    /// Throws: StageError.
    template <typename Other>
    requires JoinsWith<T, Other>
    auto cogroup(Other const& other,
                 std::uint64_t partition_count = 0,
                 CallSite at = CallSite::here()) const {
        using Out = KeyValue<key_of<T>, Cogrouped<value_of<T>, ValueOf<Other>>>;
        return merged_with<CogroupValues, Out>("cogroup", at, partition_count, other);
    }

    /// Every pair of values, left and right, of the keys that both sides have.
    ///
    /// Order: by hash of the key, then the left value's order, then the right one's.
    /// Moves: every record of a side once, unless it lies right already.
    /// Memory: a share of the budget, then scratch.
    /// Throws: StageError.
    template <typename Other>
    requires JoinsWith<T, Other>
    auto join(Other const& other,
              std::uint64_t partition_count = 0,
              CallSite at = CallSite::here()) const {
        return joined<false, false>("join", at, partition_count, other);
    }

    /// As join(), and once, without a right value, what of the left has no partner.
    ///
    /// Order: as join().
    /// Moves: as join().
    /// Memory: as join().
    /// Throws: as join().
    template <typename Other>
    requires JoinsWith<T, Other>
    auto left_outer_join(Other const& other,
                         std::uint64_t partition_count = 0,
                         CallSite at = CallSite::here()) const {
        return joined<true, false>("left_outer_join", at, partition_count, other);
    }

    /// As join(), and once, without a left value, what of the right has no partner.
    ///
    /// Order: as join().
    /// Moves: as join().
    /// Memory: as join().
    /// Throws: as join().
    template <typename Other>
    requires JoinsWith<T, Other>
    auto right_outer_join(Other const& other,
                          std::uint64_t partition_count = 0,
                          CallSite at = CallSite::here()) const {
        return joined<false, true>("right_outer_join", at, partition_count, other);
    }

    /// As join(), and once what of either side has no partner.
    ///
    /// Order: as join().
    /// Moves: as join().
    /// Memory: as join().
    /// Throws: as join().
    template <typename Other>
    requires JoinsWith<T, Other>
    auto full_outer_join(Other const& other,
                         std::uint64_t partition_count = 0,
                         CallSite at = CallSite::here()) const {
        return joined<true, true>("full_outer_join", at, partition_count, other);
    }

    /// The records whose key the other side has; each once.
    ///
    /// Order: as join().
    /// Moves: as join().
    /// Memory: as join().
    /// Throws: as join().
    template <typename Other>
    requires JoinsWith<T, Other> Dataset<T> semi_join(Other const& other,
                                                      std::uint64_t partition_count = 0,
                                                      CallSite at = CallSite::here())
    const { return merged_with<KeepLeftIfRight<true>, T>("semi_join", at, partition_count, other); }

    /// The records whose key the other side has not. SQL's name of subtract_by_key().
    ///
    /// Order: as join().
    /// Moves: as join().
    /// Memory: as join().
    /// Throws: as join().
    template <typename Other>
    requires JoinsWith<T, Other> Dataset<T> anti_join(Other const& other,
                                                      std::uint64_t partition_count = 0,
                                                      CallSite at = CallSite::here())
    const { return without("anti_join", at, partition_count, other); }

    /// The records whose key the other side has not. Spark's subtractByKey.
    ///
    /// Order: as join().
    /// Moves: as join().
    /// Memory: as join().
    /// Throws: as join().
    template <typename Other>
    requires JoinsWith<T, Other> Dataset<T> subtract_by_key(Other const& other,
                                                            std::uint64_t partition_count = 0,
                                                            CallSite at = CallSite::here())
    const { return without("subtract_by_key", at, partition_count, other); }

private:
    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    using Whole = KeyValue<T, std::tuple<>>;  ///< a record as its own key
    static Dataset<Whole> as_keys(char const* name, CallSite at, Dataset<T> const& records) {
        auto const to_pair = [](T const& record) { return Whole(record, {}); };
        using Op = MapOperator<T, Whole, std::remove_const_t<decltype(to_pair)>>;
        return records.template narrow<Whole, Op>(name, at, to_pair);
    }
    static Dataset<T> keys_of(char const* name, CallSite at, Dataset<Whole> const& pairs) {
        auto const to_key = [](Whole const& pair) { return pair.key; };
        using Op = MapOperator<Whole, T, std::remove_const_t<decltype(to_key)>>;
        return pairs.template narrow<T, Op>(name, at, to_key);
    }

    template <typename F, typename Out>
    Dataset<Out> merged(char const* name, CallSite at, std::uint64_t partition_count) const {
        using Step = MergeTransformation<key_of<T>, Out, F, value_of<T>>;
        Session& session = self().session();
        return {session, std::make_shared<Step>(session.lineage(), name, at, F(), partition_count,
                                                self().step())};
    }

    template <typename F, typename Out, typename Other>
    Dataset<Out> merged_with(char const* name,
                             CallSite at,
                             std::uint64_t partition_count,
                             Other const& other) const {
        using Step = MergeTransformation<key_of<T>, Out, F, value_of<T>, ValueOf<Other>>;
        Session& session = self().session();
        return {session, std::make_shared<Step>(session.lineage(), name, at, F(), partition_count,
                                                self().step(), other.step())};
    }

    template <typename Other>
    Dataset<T> without(char const* name,
                       CallSite at,
                       std::uint64_t partition_count,
                       Other const& other) const {
        return merged_with<KeepLeftIfRight<false>, T>(name, at, partition_count, other);
    }

    template <bool keeps_left, bool keeps_right, typename Other>
    auto joined(char const* name,
                CallSite at,
                std::uint64_t partition_count,
                Other const& other) const {
        using F = JoinValues<keeps_left, keeps_right>;
        using Pair = Joined<typename F::template Left<value_of<T>>,
                            typename F::template Right<ValueOf<Other>>>;
        return merged_with<F, KeyValue<key_of<T>, Pair>>(name, at, partition_count, other);
    }
};

}  // namespace serry
