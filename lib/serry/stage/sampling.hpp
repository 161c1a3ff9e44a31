#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "serry/base/random.hpp"
#include "serry/stage/task.hpp"

// How records are drawn: by random numbers that follow from (seed, partition, ordinal), so that the
// same records are drawn at any number of ranks, and whenever a partition is run again.

namespace serry::sampling {

/// Throws UsageError unless `fraction` is in [0, 1]. `action` is "sample (job.cpp:12)".
void check_fraction(std::string const& action, double fraction);
/// Throws UsageError unless `mean` is in [0, 1000].
void check_mean(std::string const& action, double mean);

/// The random bits from `begin` on, below `end`; all of them if `end` is `everything`.
struct Cell {
    static constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();

    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    bool holds(std::uint64_t bits) const {
        return bits >= begin && (bits < end || end == everything);
    }
};

/// Of all random bits, the fraction from `begin` to `end`.
Cell cell_between(double begin, double end);
/// One cell for each weight, as large as its part of their sum; together they hold everything.
/// Throws UsageError unless the weights are finite, not negative, and not all 0.
std::vector<Cell> cells_of(std::string const& action, std::vector<double> const& weights);

/// What must agree over the ranks.
std::uint64_t fingerprint(std::uint64_t seed, double number, std::uint64_t other);

/// How many copies of a record sampling with replacement gives: Poisson distributed, by counting
/// in the interval that a uniform number falls into.
class Poisson {
public:
    explicit Poisson(double mean);
    std::uint64_t draw(RecordRandom random) const;

private:
    std::uint64_t draw_part(RecordRandom& random) const;

    std::uint64_t part_count_;  ///< a sum of so many Poisson numbers of a smaller mean
    double part_mean_;
    double none_;  ///< the probability of 0
};

/// A handler for map_partitions that keeps the records drawn into a cell.
template <typename T>
struct CellHandler {
    std::uint64_t seed;
    std::uint64_t partition;
    Cell cell;
    std::uint64_t ordinal = 0;

    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const& emit) {
        for (T const& record : batch)
            if (cell.holds(RecordRandom(seed, partition, ordinal++).bits())) emit(record);
    }
};

/// One that gives each record as often as drawn.
template <typename T>
struct PoissonHandler {
    std::uint64_t seed;
    std::uint64_t partition;
    Poisson copies;
    std::uint64_t ordinal = 0;

    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const& emit) {
        for (T const& record : batch)
            for (std::uint64_t n = copies.draw({seed, partition, ordinal++}); n > 0; --n)
                emit(record);
    }
};

/// A record that takes part in the draw: those with the lowest bits win.
template <typename T>
struct Ticket {
    std::uint64_t bits = 0;
    std::uint64_t partition = 0;
    std::uint64_t ordinal = 0;
    T record{};
};
struct DrawnBefore {
    template <typename T>
    bool operator()(Ticket<T> const& a, Ticket<T> const& b) const {
        if (a.bits != b.bits) return a.bits < b.bits;
        if (a.partition != b.partition) return a.partition < b.partition;
        return a.ordinal < b.ordinal;
    }
};
template <typename T>
struct TicketHandler {
    std::uint64_t seed;
    std::uint64_t partition;
    std::uint64_t ordinal = 0;

    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const& emit) {
        for (T const& record : batch) {
            std::uint64_t const bits = RecordRandom(seed, partition, ordinal).bits();
            emit(Ticket<T>{bits, partition, ordinal++, record});
        }
    }
};

/// A record by its place among all records, and the slot of the sample that it fills.
struct Choice {
    std::uint64_t place = 0;
    std::uint64_t slot = 0;
};
/// What a sample with replacement is made of, for records that lie in partitions of these sizes.
struct Places {
    /// No choices where there are no records.
    Places(std::vector<std::uint64_t> const& record_counts,
           std::uint64_t slot_count,
           std::uint64_t seed);
    Choice const* first_from(std::uint64_t place) const;

    std::vector<std::uint64_t> before;  ///< by partition: the records before it
    std::vector<Choice> choices;        ///< by place
};

/// A handler that gives the number of a partition's records.
template <typename T>
struct CountHandler {
    std::uint64_t count = 0;

    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const&) {
        count += batch.size();
    }
    template <typename Emit>
    void finish(Emit const& emit) const {
        emit(count);
    }
};

/// Gives the chosen records of a partition with their slots.
template <typename T>
struct Chosen {
    std::uint64_t slot = 0;
    T record{};
};
template <typename T>
class ChoiceHandler {
public:
    /// `places` outlives the handler.
    ChoiceHandler(Places const& places, std::uint64_t partition)
        : next_(places.first_from(places.before[partition])),
          last_(places.choices.data() + places.choices.size()),
          place_(places.before[partition]) {}

    template <typename Emit>
    void operator()(std::span<T const> batch, Emit const& emit) {
        std::uint64_t const end = place_ + batch.size();
        for (; next_ != last_ && next_->place < end; ++next_)
            emit(Chosen<T>{next_->slot, batch[next_->place - place_]});
        place_ = end;
    }

private:
    Choice const* next_;
    Choice const* last_;
    std::uint64_t place_;  ///< of the next batch's first record
};

}  // namespace serry::sampling
