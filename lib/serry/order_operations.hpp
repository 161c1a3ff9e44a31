#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/exec/session.hpp"
#include "serry/serde/order_key.hpp"
#include "serry/shuffle/sort.hpp"

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

/// The members of Dataset that put records in order: exchanges, all of them. Partitions hold
/// consecutive ranges of the order, as many as asked for, nearly equal in records however few keys
/// there are: a partition may begin among equal records. Which partition a record is in, and where,
/// depends on the dataset and the number of partitions alone.
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

private:
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
