#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "serry/comm/communicator.hpp"
#include "serry/comm/nodes.hpp"
#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/wire.hpp"

namespace serry {

/// What a round brings to each rank and from each: O(ranks) memory, 60 bytes a rank.
struct RoundBuffers {
    std::vector<std::uint64_t> granted_to;    ///< bytes that each rank may send us
    std::vector<std::uint64_t> granted_from;  ///< bytes that we may send to each rank
    std::vector<wire::RoundHeader> sent;      ///< what we announce to each rank
    std::vector<wire::RoundHeader> received;
    std::vector<std::uint32_t> send_starts;  ///< where in the outbox each rank's bytes begin
    /// Where each rank's bytes have come to; valid until the next round's exchange_grants().
    std::vector<char const*> received_at;

    void resize(std::size_t rank_count);
};

/// What a rank has sent, over all rounds.
struct RouteCounters {
    std::uint64_t messages_across = 0;  ///< to ranks of other nodes, empty ones too
    std::uint64_t bytes_across = 0;     ///< to ranks of other nodes
    std::uint64_t control_bytes = 0;    ///< grants and announcements: what is not records

    /// What `now` has more than `before`.
    void add(RouteCounters const& now, RouteCounters const& before) {
        messages_across += now.messages_across - before.messages_across;
        bytes_across += now.bytes_across - before.bytes_across;
        control_bytes += now.control_bytes - before.control_bytes;
    }
};

/// How the bytes of a round travel. A rank sends at most outbox().size() bytes a round, and grants
/// at most as many.
class Route {
public:
    virtual ~Route() = default;

    virtual char const* name() const = 0;
    /// Collective: a new exchange begins, of which every stream is open.
    virtual void open() {}
    /// Where a round's bytes are put, after exchange_grants().
    virtual std::span<char> outbox() = 0;
    /// Most bytes that may go from a rank to another in a round.
    virtual std::size_t most_bytes_a_pair() const { return comm::largest_message_bytes - 1; }
    /// Collective: granted_to -> granted_from. What came in the round before is gone.
    virtual void exchange_grants(RoundBuffers& round) = 0;
    /// Collective: sent -> received, outbox -> received_at.
    virtual void exchange_bytes(RoundBuffers& round) = 0;
    /// Memory of this rank that bytes on their way are in.
    virtual std::size_t held_bytes() const = 0;

    RouteCounters const& counters() const { return counters_; }

protected:
    RouteCounters counters_;
};

/// MPI's own all-to-all, flat over all ranks: always there, and what the others are tested against.
/// Requires less than 1 GiB each way.
class FlatRoute final : public Route {
public:
    FlatRoute(comm::Communicator const& communicator,
              comm::NodeMap const& nodes,
              std::size_t outbox_bytes);

    char const* name() const override { return "flat"; }
    std::span<char> outbox() override { return {outbox_.data(), outbox_.capacity()}; }
    void exchange_grants(RoundBuffers& round) override;
    void exchange_bytes(RoundBuffers& round) override;
    std::size_t held_bytes() const override { return outbox_.capacity() + inbox_.capacity(); }

private:
    bool is_across(std::size_t rank) const;
    void count_control(std::size_t bytes_a_rank);

    comm::Communicator const& comm_;
    comm::NodeMap const& nodes_;
    std::vector<int> send_counts_, send_starts_, receive_counts_, receive_starts_;
    ByteWriter outbox_;
    ByteWriter inbox_;
};

}  // namespace serry
