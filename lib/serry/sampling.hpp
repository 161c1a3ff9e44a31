#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serry/base/call_site.hpp"
#include "serry/base/concepts.hpp"
#include "serry/base/hash.hpp"
#include "serry/results.hpp"
#include "serry/serde/codec.hpp"
#include "serry/stage/operators.hpp"
#include "serry/stage/sampling.hpp"

namespace serry {

template <Record T>
class Dataset;

/// The members of Dataset that draw records at random. Which are drawn follows from the seed, the
/// record's partition and its ordinal there: the same in every run, at any number of ranks. Draws
/// with one seed are not independent of each other: give samples of samples seeds of their own.
template <typename T>
class Sampling {
public:
    /// Each record with probability `fraction`, independently: about that fraction of all.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: UsageError unless `fraction` is in [0, 1], at once.
    auto sample(double fraction, std::uint64_t seed = 0, CallSite at = CallSite::here()) const {
        sampling::check_fraction(label("sample", at), fraction);
        return drawn_into(sampling::cell_between(0, fraction), "sample", seed, at);
    }

    /// Each record as often as a Poisson distribution of mean `mean_copies` says: what drawing so
    /// many times the count with replacement gives.
    ///
    /// Order: kept, copies of a record one after the other.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: UsageError unless `mean_copies` is in [0, 1000], at once.
    auto sample_with_replacement(double mean_copies,
                                 std::uint64_t seed = 0,
                                 CallSite at = CallSite::here()) const {
        sampling::check_mean(label("sample_with_replacement", at), mean_copies);
        sampling::Poisson const copies(mean_copies);
        auto const handler = [copies, seed](Partition partition) {
            return sampling::PoissonHandler<T>{seed, partition.index, copies};
        };
        return handled<T>("sample_with_replacement", at, handler,
                          sampling::fingerprint(seed, mean_copies, 0));
    }

    /// A dataset for each weight, with about its part of the records; every record is in one of
    /// them. Each reads the records again: persist what is costly to make.
    ///
    /// Order: kept.
    /// Moves: nothing.
    /// Memory: a batch.
    /// Throws: UsageError unless weights are finite, not negative, and not all 0, at once.
    auto random_split(std::vector<double> const& weights,
                      std::uint64_t seed = 0,
                      CallSite at = CallSite::here()) const {
        std::vector<Dataset<T>> splits;
        for (auto const& cell : sampling::cells_of(label("random_split", at), weights))
            splits.push_back(drawn_into(cell, "random_split", seed, at));
        return splits;
    }

    /// Exactly `record_count` different records, any set of them as likely as any other; all
    /// records if there are no more.
    ///
    /// Order: random.
    /// Moves: at most `record_count` records a rank, to every rank.
    /// Memory: twice as many on every rank.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    Results<T> take_sample(std::uint64_t record_count,
                           std::uint64_t seed = 0,
                           CallSite at = CallSite::here()) const requires Encodable<T> {
        auto const handler = [seed](Partition partition) {
            return sampling::TicketHandler<T>{seed, partition.index};
        };
        auto const tickets = handled<sampling::Ticket<T>>("take_sample", at, handler,
                                                          sampling::fingerprint(seed, 0, 0));
        auto const drawn = tickets.top_as("take_sample", record_count, sampling::DrawnBefore{}, at);
        std::vector<T> records;
        for (auto const& ticket : drawn) records.push_back(ticket.record);
        return results_of(records);
    }

    /// Exactly `record_count` records, each drawn from all records, so that one may come again;
    /// none of an empty dataset. Runs the dataset twice, to count and to draw.
    ///
    /// Order: random.
    /// Moves: `record_count` records, to every rank.
    /// Memory: 16 bytes for each of them on every rank, and all of them.
    /// Throws: StorageError (does_not_fit) beyond SERRY_COLLECT_LIMIT.
    Results<T> take_sample_with_replacement(
        std::uint64_t record_count,
        std::uint64_t seed = 0,
        CallSite at = CallSite::here()) const requires Encodable<T> {
        auto const places = std::make_shared<sampling::Places const>(
            handled<std::uint64_t>("count", at,
                                   [](Partition) { return sampling::CountHandler<T>{}; })
                .collect(at)
                .to_vector(),
            record_count, seed);
        auto const handler = [places](Partition partition) {
            return sampling::ChoiceHandler<T>(*places, partition.index);
        };
        auto const drawn =
            handled<sampling::Chosen<T>>("take_sample_with_replacement", at, handler,
                                         sampling::fingerprint(seed, 0, record_count))
                .collect(at);
        std::vector<T> records(drawn.size());
        for (auto const& chosen : drawn) records[chosen.slot] = chosen.record;
        return results_of(records);
    }

private:
    Dataset<T> const& self() const { return static_cast<Dataset<T> const&>(*this); }

    Dataset<T> drawn_into(sampling::Cell cell,
                          char const* name,
                          std::uint64_t seed,
                          CallSite at) const {
        auto const handler = [cell, seed](Partition partition) {
            return sampling::CellHandler<T>{seed, partition.index, cell};
        };
        return handled<T>(name, at, handler,
                          sampling::fingerprint(seed, 0, mix_fingerprint(cell.begin, cell.end)));
    }
    std::string label(char const* name, CallSite at) const {
        return name + (" (" + to_string(at) + ')');
    }
    template <typename Out, typename F>
    Dataset<Out> handled(char const* name,
                         CallSite at,
                         F f,
                         std::uint64_t argument_fingerprint = 0) const {
        return self().template narrow<Out, MapPartitionsOperator<F, T, Out>>(name, at, std::move(f),
                                                                             argument_fingerprint);
    }
};

}  // namespace serry
