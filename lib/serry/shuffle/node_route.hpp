#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <mpi.h>

#include "serry/comm/node_pages.hpp"
#include "serry/shuffle/route.hpp"

namespace serry {

/// Sees nodes. Every rank's outbox lies in memory that its node shares: ranks of one node read each
/// other's bytes where they are. What goes to another node is bundled there by its neighbours: the
/// bytes of all ranks of this node for one of the other travel in one message (two hops), or those
/// for all of its ranks (three hops: the rank there that gets them passes them on). Large blocks go
/// by themselves, from where they are, and are announced in the bundle (node-aware communication in
/// two and three steps; Bienz, Gropp and Olson, 2019).
///
/// Of N nodes, a round takes 2 (N - 1) messages between nodes for each rank with two hops, and for
/// each node with three, besides large blocks.
class NodeRoute final : public Route {
public:
    enum class Hops { two, three };
    struct Settings {
        Hops hops = Hops::two;
        /// Blocks from so many bytes on are large.
        std::size_t direct_bytes = 0;
    };

    /// Bytes of the node's memory for an outbox.
    static std::size_t pages_bytes(std::size_t rank_count, std::size_t outbox_bytes);

    /// Collective. `pages`: pages_bytes() of every rank of the node.
    NodeRoute(comm::Communicator const& communicator,
              comm::NodeMap const& nodes,
              comm::NodePages const& pages,
              Settings settings);

    char const* name() const override;
    std::span<char> outbox() override { return outbox_of(own_index_); }
    std::size_t most_bytes_a_pair() const override { return pair_bytes_; }
    void exchange_grants(RoundBuffers& round) override;
    void exchange_bytes(RoundBuffers& round) override;
    std::size_t held_bytes() const override;

private:
    /// What a rank tells another, in the node's memory.
    struct Slot {
        std::uint32_t granted = 0;
        std::uint32_t announced = 0;
        std::uint32_t start = 0;
    };
    enum class Content { grants, bytes };
    /// Bytes of a block, which are announced in 28 bits.
    static constexpr std::size_t most_in_word = (std::size_t{1} << 28) - 1;
    static int tag_of(Content content);
    struct Bundle {
        int node = 0;  ///< that it comes from
        char const* words = nullptr;
    };
    struct Outbound {
        int to = 0;
        std::span<int const> for_ranks;
    };

    void agree_on_pair_bytes();
    std::span<Slot> slots_of(std::size_t local_rank) const;
    std::span<char> outbox_of(std::size_t local_rank) const;

    void announce(RoundBuffers const& round);
    void send_large_blocks(RoundBuffers const& round);
    void receive_large_blocks(RoundBuffers& round);
    void read_neighbours(RoundBuffers& round);
    void read_bundle(Bundle const& bundle, RoundBuffers& round);

    /// Collective: one bundle from each other node, in bundles_.
    void exchange_bundles(Content content);
    void list_two_hop_messages();
    void list_three_hop_messages();
    void receive_in_two_hops(Content content);
    void receive_in_three_hops(Content content);
    void write_bundle(int to, Content content);
    std::size_t bundle_bytes(int from_node, char const* words, Content content) const;
    void send_bundles(Content content);
    std::size_t bytes_to(int rank, Content content) const;
    void pass_on(int from_node, char const* message, Content content);
    char const* receive(int from, int tag);
    char* take_inbox(std::size_t byte_count);
    void send(char const* bytes, std::size_t byte_count, int to, int tag);
    void wait_for_all();

    /// The other nodes are steps 1 to N - 1 from this one, in a circle: all send to the next first.
    int node_after(int step) const { return (own_node_ + step) % nodes_.node_count(); }
    int node_before(int step) const { return node_after(nodes_.node_count() - step); }
    bool is_here(int rank) const { return nodes_.node_of(rank) == own_node_; }
    /// The pair of nodes, counted in a circle: a rank of each brings and takes what goes between
    /// them.
    std::size_t pair_with(int node) const {
        return static_cast<std::size_t>(own_node_) + static_cast<std::size_t>(node);
    }
    std::size_t local_count() const { return here_.size(); }

    comm::Communicator const& comm_;
    comm::NodeMap const& nodes_;
    comm::NodePages const& pages_;
    Settings settings_;
    int own_node_;
    std::span<int const> here_;  ///< the ranks of this node
    std::size_t own_index_ = 0;  ///< of this rank in here_
    std::size_t pair_bytes_ = most_in_word;
    ByteWriter staging_;              ///< bundles to send
    std::vector<Outbound> outbound_;  ///< each round's messages to other nodes
    /// What has come in this round: messages, then large blocks. Never grows, so that they stay
    /// where they are: no more comes than was granted, and is passed on.
    ByteWriter inbox_;
    std::vector<Bundle> bundles_;  ///< in the inbox
    std::vector<MPI_Request> requests_;
};

}  // namespace serry
