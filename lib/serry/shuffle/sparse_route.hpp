#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <mpi.h>

#include "serry/shuffle/route.hpp"

namespace serry {

/// For exchanges in which few ranks have bytes for few others: only these send messages, and
/// nobody says beforehand who they will be. All know that everything has come by non-blocking
/// consensus (NBX; Hoefler, Siebert and Lumsdaine, 2010): sends that tell when they are received,
/// then a reduction that completes when everyone's are. It brings the senders' states along.
///
/// Who sends a rank nothing in the first round of an exchange has nothing for it: a stream without
/// bytes ends unsaid. Ranks are taken to grant a pair's share of the outbox until they say
/// otherwise.
class SparseRoute final : public Route {
public:
    /// Collective, as all must know what may be granted: the least of the ranks'.
    SparseRoute(comm::Communicator const& communicator,
                comm::NodeMap const& nodes,
                std::size_t outbox_bytes);

    char const* name() const override { return "sparse"; }
    void open() override;
    std::span<char> outbox() override { return {outbox_.data(), outbox_.capacity()}; }
    std::size_t most_bytes_a_pair() const override { return pair_bytes_; }
    void exchange_grants(RoundBuffers& round) override;
    void exchange_bytes(RoundBuffers& round) override;
    std::size_t held_bytes() const override;

private:
    /// What all ranks of a round are: reduced with maximum.
    struct States {
        std::uint64_t is_anyone_failed = 0;
        std::uint64_t is_anyone_unfinished = 0;
    };

    struct Message {
        int from = 0;
        std::size_t begin = 0;  ///< in the inbox
        std::size_t byte_count = 0;
    };

    void send(char const* bytes, std::size_t byte_count, int to);
    /// Collective: until everything that was sent has come to everyone, in messages_.
    States consent(States own);
    bool receive_one();
    int tag() const;
    void write_block(RoundBuffers const& round, std::size_t to);

    comm::Communicator const& comm_;
    comm::NodeMap const& nodes_;
    std::size_t pair_bytes_;
    bool is_first_round_ = true;
    int step_ = 0;                        ///< names messages, so that those of the next wait
    std::vector<std::uint64_t> told_to_;  ///< what each rank knows that it may send us
    std::vector<std::uint64_t> told_by_;
    ByteWriter outbox_;
    ByteWriter staging_;
    ByteWriter inbox_;
    std::vector<Message> messages_;
    std::vector<MPI_Request> sends_;
};

}  // namespace serry
