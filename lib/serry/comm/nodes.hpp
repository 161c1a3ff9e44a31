#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "serry/comm/communicator.hpp"

namespace serry::comm {

/// Which ranks are on which node. Nodes are numbered by their first ranks. 8 bytes a rank of the
/// job.
class NodeMap {
public:
    /// `node_of`: by rank, from 0, without gaps.
    explicit NodeMap(std::vector<int> node_of);

    int node_count() const { return static_cast<int>(begins_.size()) - 1; }
    int node_of(int rank) const { return node_of_[static_cast<std::size_t>(rank)]; }
    /// In ascending order, which is that of their local ranks.
    std::span<int const> ranks_of(int node) const {
        auto const begin = begins_[static_cast<std::size_t>(node)];
        return {ranks_.data() + begin, begins_[static_cast<std::size_t>(node) + 1] - begin};
    }
    /// Of the node that has most, and of the one that has fewest.
    std::size_t most_local_ranks() const;
    std::size_t least_local_ranks() const;

private:
    std::vector<int> node_of_;
    std::vector<int> ranks_;           ///< by node
    std::vector<std::size_t> begins_;  ///< of each node in ranks_, and their end
};

/// The ranks of this rank's node, and one rank of each node.
class Nodes {
public:
    /// Collective. `most_local_ranks` > 0: take each so many ranks of a node for a node of their
    /// own, as if the nodes were that small.
    explicit Nodes(Communicator const& all, int most_local_ranks = 0);
    ~Nodes();
    Nodes(Nodes const&) = delete;
    Nodes& operator=(Nodes const&) = delete;

    int local_rank() const { return local_rank_; }
    int local_rank_count() const { return local_rank_count_; }
    /// On the machine, whatever is taken for a node.
    int machine_rank_count() const { return machine_rank_count_; }
    MPI_Comm local() const { return local_; }
    /// Collective over `all` the first time: the nodes' first ranks; MPI_COMM_NULL on the others.
    MPI_Comm leaders(Communicator const& all);
    /// Collective over `all` the first time.
    NodeMap const& map(Communicator const& all);

private:
    MPI_Comm local_ = MPI_COMM_NULL;
    MPI_Comm leaders_ = MPI_COMM_NULL;
    bool has_leaders_ = false;
    int local_rank_ = 0;
    int local_rank_count_ = 1;
    int machine_rank_count_ = 1;
    std::unique_ptr<NodeMap const> map_;
};

}  // namespace serry::comm
