#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "serry/comm/communicator.hpp"
#include "serry/plan/lineage.hpp"

namespace serry {

/// What a rank is about to do, told to the others before it does it (law 1): the small header that
/// opens every action and the end of the job.
struct Announcement {
    enum class Kind : std::uint64_t { action = 1, returned, threw, exited };

    Kind kind = Kind::action;
    std::uint64_t number = 0;              ///< actions before this one
    std::uint64_t fingerprint = 0;         ///< of all transformations and actions recorded so far
    std::string what;                      ///< "count (word_count.cpp:12)", for messages
    std::span<Lineage::Step const> steps;  ///< recorded since the last agreement, for messages
};

/// Collective: one allreduce of fixed size. Throws the same UsageError (divergence) on every rank
/// when the ranks are about to do different things; it names what rank 0 and the lowest rank that
/// differs are about to do, and where their lineages part.
void agree(comm::Communicator const& comm, Announcement const& own);

}  // namespace serry
