#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "serry/base/call_site.hpp"
#include "serry/base/combiners.hpp"
#include "serry/base/concepts.hpp"
#include "serry/exec/session.hpp"
#include "serry/serde/codec.hpp"
#include "serry/shuffle/reduce.hpp"
#include "serry/stage/operators.hpp"

namespace serry {

template <Record T>
class Dataset;

/// What map_values and reduce_by_key take, for records of T.
template <typename F, typename T>
concept ValueMapper = Keyed<T> && PlainMapper<F, value_of<T>>;
template <typename F, typename T>
concept ValueCombiner =
    Keyed<T> && Key<key_of<T>> && Encodable<value_of<T>> && Combiner<F, value_of<T>>;

/// The members of Dataset that work on keyed records.
template <typename T>
class KeyedOperations {
public:
    /// The same keys, f(value) for values.
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

    // Wide transformations: records of a key come together; an exchange.

    /// One record for each key, its values combined by `combine(V, V) -> V`, which is associative
    /// and commutative.
    ///
    /// Order: by a hash of the key; the same in every run, at any number of ranks.
    /// Moves: at most one record a key and rank for exact combiners (integer sums and what exact()
    /// marks);
    ///   for others, whose rounding depends on the order, at most 2 log2(partitions / ranks) of
    ///   them, and the result is the same bits at any number of ranks.
    /// Memory: the keys of a rank in a table; what does not fit is exchanged as it is, and spilled
    /// by its
    ///   receiver. The result is held by the ranks as long as this dataset is.
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

private:
    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }
};

}  // namespace serry
