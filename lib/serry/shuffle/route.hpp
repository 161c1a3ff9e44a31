#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "serry/comm/communicator.hpp"
#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/wire.hpp"

namespace serry {

/// The memory of a round, by rank: O(ranks) counts and two byte buffers within the round's budget.
struct RoundBuffers {
    std::vector<std::uint64_t> granted_to;    ///< bytes that each rank may send us
    std::vector<std::uint64_t> granted_from;  ///< bytes that we may send to each rank
    std::vector<wire::RoundHeader> sent;      ///< what we announce to each rank
    std::vector<wire::RoundHeader> received;
    std::vector<int> send_counts, send_starts, receive_counts, receive_starts;
    ByteWriter outbox;  ///< rank r's bytes lie at send_starts[r]
    ByteWriter inbox;   ///< rank r's bytes lie at receive_starts[r]

    void resize(std::size_t rank_count);
};

/// How the bytes of a round travel. This one is MPI's own all-to-all, flat over all ranks: always
/// there, and what faster routes (through shared memory, by hops over nodes) are tested against.
class FlatRoute {
public:
    explicit FlatRoute(comm::Communicator const& communicator) : comm_(communicator) {}

    /// Collective: granted_to -> granted_from.
    void exchange_grants(RoundBuffers& round) const;
    /// Collective: sent -> received, outbox -> inbox. Requires fewer than 1 GiB each way.
    void exchange_bytes(RoundBuffers& round) const;

private:
    comm::Communicator const& comm_;
};

}  // namespace serry
