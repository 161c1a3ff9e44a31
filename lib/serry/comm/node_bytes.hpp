#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "serry/comm/communicator.hpp"

namespace serry::comm {

/// The ranks of this rank's node, and one rank of each node.
class Nodes {
public:
    /// Collective.
    explicit Nodes(Communicator const& all);
    ~Nodes();
    Nodes(Nodes const&) = delete;
    Nodes& operator=(Nodes const&) = delete;

    int local_rank() const { return local_rank_; }
    int local_rank_count() const { return local_rank_count_; }
    MPI_Comm local() const { return local_; }
    /// Collective over `all` the first time: the nodes' first ranks; MPI_COMM_NULL on the others.
    MPI_Comm leaders(Communicator const& all);

private:
    MPI_Comm local_ = MPI_COMM_NULL;
    MPI_Comm leaders_ = MPI_COMM_NULL;
    bool has_leaders_ = false;
    int local_rank_ = 0;
    int local_rank_count_ = 1;
};

/// Bytes that the ranks of a node see in one piece of memory. Read-only once made; a rank may let
/// go of them at any time, whatever the others do.
class NodeBytes {
public:
    /// Collective: every rank's `part`, in order of rank, once on each node. `bytes_of` holds the
    /// sizes of all parts. Throws StorageError on every rank alike when the node's shared memory
    /// does not hold them.
    static std::shared_ptr<NodeBytes const> gather(Communicator const& all,
                                                   Nodes& nodes,
                                                   std::string_view part,
                                                   std::span<std::uint64_t const> bytes_of);
    ~NodeBytes();
    NodeBytes(NodeBytes const&) = delete;
    NodeBytes& operator=(NodeBytes const&) = delete;

    std::string_view view() const { return {address_, byte_count_}; }

private:
    NodeBytes() = default;
    bool map(std::string const& path, std::uint64_t byte_count, bool is_maker);

    char* address_ = nullptr;
    std::uint64_t byte_count_ = 0;
};

}  // namespace serry::comm
