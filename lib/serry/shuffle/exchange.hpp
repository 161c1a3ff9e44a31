#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "serry/comm/bell.hpp"
#include "serry/comm/communicator.hpp"
#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/route.hpp"
#include "serry/shuffle/routes.hpp"
#include "serry/shuffle/wire.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry {

/// What a job's exchanges need and keep from stage to stage. Buffers are made once: fresh memory
/// costs several times what moving the bytes does.
struct ExchangeGear {
    ExchangeGear(comm::Communicator const& communicator,
                 comm::Nodes& nodes,
                 std::size_t round_bytes_,
                 RouteChoice choice = {})
        : comm(communicator),
          bell(communicator),
          routes(communicator, nodes, round_bytes_, std::move(choice)),
          round_bytes(round_bytes_) {}

    comm::Communicator const& comm;
    comm::Bell bell;
    Routes routes;
    /// Most bytes that this rank sends, and most that it receives, in a round. May differ by rank.
    std::size_t round_bytes;
    RoundBuffers buffers;
};

struct ExchangeCounters {
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t exchanges = 0;
    std::uint64_t rounds = 0;
    /// Most bytes held at once for sending, receiving and waiting to be merged.
    std::uint64_t peak_bytes = 0;
    RouteCounters route;
    char const* route_name = "";  ///< of the last exchange
    double exchange_seconds = 0;  ///< packing, moving, merging
    double wait_seconds = 0;      ///< in meetings, until the last rank came
};

/// One stage's meetings and exchanges on one rank: the protocol of wire.hpp, carried out by MPI.
class Exchange final : public Poller {
public:
    /// `end`'s outgoing() and incoming() may be null: then the ranks only meet, and leave together.
    Exchange(ExchangeGear& gear, StageEnd& end);

    /// Between batches. Takes part in a meeting if one was called; calls one if `end` is full.
    /// Throws StageAbandoned when a meeting gave the stage up.
    void poll() override;

    /// Collective: after the rank's last task, or after its failure (`failed`). Returns whether the
    /// stage went through everywhere up to here. What `end` threw meanwhile, agreeing or merging
    /// received records, is kept in failure().
    bool finish(bool failed);

    std::exception_ptr failure() const { return failure_; }
    ExchangeCounters const& counters() const { return counters_; }

private:
    wire::Verdict meet();
    wire::Tally reduce_tallies();
    void ring_if_due();
    void settle_bells(wire::Tally const& sum);
    void agree();
    bool run_exchange(bool is_final);
    Outgoing::Load open_streams(bool is_final);
    void grant();
    void fill(Route& route);
    void take(Route const& route);
    void count_peak(Route const& route);

    ExchangeGear& gear_;
    StageEnd& end_;
    Outgoing* out_;
    Incoming* in_;
    wire::Attendant attendant_;
    ExchangeCounters counters_;
    std::exception_ptr failure_;
    bool is_abandoned_ = false;
    std::uint64_t streams_left_ = 0;
    std::vector<char> stream_has_ended_;
    double next_poll_;
};

}  // namespace serry
