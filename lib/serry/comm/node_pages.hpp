#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "serry/comm/communicator.hpp"
#include "serry/comm/nodes.hpp"

namespace serry::comm {

/// A piece of memory of each rank of a node, that all of them read and write. It has no name:
/// whatever ends the ranks, nothing of it stays behind, and it counts as theirs, not as files of
/// /dev/shm.
class NodePages {
public:
    /// Collective over `all`. `byte_count`: of this rank's piece. Null on all ranks when some node
    /// does not let its ranks share memory, or has none left.
    static std::unique_ptr<NodePages> allocate(Communicator const& all,
                                               Nodes const& nodes,
                                               std::size_t byte_count);
    ~NodePages();
    NodePages(NodePages const&) = delete;
    NodePages& operator=(NodePages const&) = delete;

    /// Begins at a page's edge.
    std::span<char> of(int local_rank) const {
        return pieces_[static_cast<std::size_t>(local_rank)];
    }
    /// Collective over the node: what its ranks wrote before, they see after.
    void meet() const;

private:
    explicit NodePages(MPI_Comm local) : local_(local) {}
    bool map_all(std::size_t byte_count);

    MPI_Comm local_;
    std::vector<std::span<char>> pieces_;
};

}  // namespace serry::comm
