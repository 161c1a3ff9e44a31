#pragma once

#include <cstdint>

#include "serry/comm/communicator.hpp"

namespace serry {

/// Some figure of a stage over the ranks: what is needed to show its total, its largest share and
/// how uneven it is.
struct Spread {
    double sum = 0;
    double largest = 0;

    void add(double value) {
        sum += value;
        if (value > largest) largest = value;
    }
    /// Largest over mean; 1 when nothing is.
    double skew(int rank_count) const { return sum > 0 ? largest * rank_count / sum : 1; }
};

/// What every rank says at the end of a stage, and, reduced, what all of them agree on.
struct Vote {
    static constexpr std::uint64_t nobody = ~std::uint64_t{0};

    /// The lowest partition that is known to have failed, and the lowest rank on which it did.
    std::uint64_t failed_partition = nobody;
    std::uint64_t failed_rank = nobody;
    std::uint64_t abandoned = 0;  ///< ranks that left the stage before its end

    std::uint64_t tasks_cut_short = 0;  ///< that were not run, or not to their ends

    // Conservation: over all ranks, what was sent was received.
    std::uint64_t records_sent = 0;
    std::uint64_t records_received = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;

    std::uint64_t records_in = 0;
    std::uint64_t records_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t bad_lines = 0;  ///< of tables: left out, or kept aside
    std::uint64_t spilled_bytes = 0;
    std::uint64_t exchanges = 0;  ///< 1 unless some rank was full before all were done
    std::uint64_t rounds = 0;
    std::uint64_t messages_across = 0;  ///< between nodes
    std::uint64_t bytes_across = 0;
    std::uint64_t control_bytes = 0;        ///< grants and announcements of exchanges
    std::uint64_t peak_exchange_bytes = 0;  ///< of the rank that held most
    Spread records;                         ///< taken in by source or exchange, by rank
    Spread seconds, task_seconds, exchange_seconds, wait_seconds;

    /// Combine with another rank's; associative and commutative (but for the rounding of seconds).
    void merge(Vote const& other);
};

/// Collective: everyone's votes merged, the same on every rank.
Vote take_vote(comm::Communicator const& comm, Vote const& own);

}  // namespace serry
