#include "serry/comm/nodes.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "serry/comm/mpi_error.hpp"

namespace serry::comm {

NodeMap::NodeMap(std::vector<int> node_of) : node_of_(std::move(node_of)) {
    int const last = node_of_.empty() ? -1 : *std::max_element(node_of_.begin(), node_of_.end());
    begins_.assign(static_cast<std::size_t>(last) + 2, 0);
    for (int const node : node_of_) ++begins_[static_cast<std::size_t>(node) + 1];
    std::partial_sum(begins_.begin(), begins_.end(), begins_.begin());
    ranks_.resize(node_of_.size());
    auto next = begins_;
    for (std::size_t rank = 0; rank < node_of_.size(); ++rank)
        ranks_[next[static_cast<std::size_t>(node_of_[rank])]++] = static_cast<int>(rank);
}

std::size_t NodeMap::most_local_ranks() const {
    std::size_t most = 0;
    for (int node = 0; node < node_count(); ++node) most = std::max(most, ranks_of(node).size());
    return most;
}

std::size_t NodeMap::least_local_ranks() const {
    std::size_t least = node_of_.size();
    for (int node = 0; node < node_count(); ++node) least = std::min(least, ranks_of(node).size());
    return least;
}

Nodes::Nodes(Communicator const& all, int most_local_ranks) {
    check("MPI_Comm_split_type",
          MPI_Comm_split_type(all.handle(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local_));
    MPI_Comm_rank(local_, &local_rank_);
    MPI_Comm_size(local_, &machine_rank_count_);
    if (most_local_ranks > 0) {
        MPI_Comm whole = std::exchange(local_, MPI_COMM_NULL);
        check("MPI_Comm_split", MPI_Comm_split(whole, local_rank_ / most_local_ranks, 0, &local_));
        MPI_Comm_free(&whole);
        MPI_Comm_rank(local_, &local_rank_);
    }
    MPI_Comm_size(local_, &local_rank_count_);
}

MPI_Comm Nodes::leaders(Communicator const& all) {
    if (!has_leaders_)
        check("MPI_Comm_split",
              MPI_Comm_split(all.handle(), local_rank_ == 0 ? 0 : MPI_UNDEFINED, 0, &leaders_));
    has_leaders_ = true;
    return leaders_;
}

NodeMap const& Nodes::map(Communicator const& all) {
    if (map_) return *map_;
    int own_node = 0;
    MPI_Comm const leaders_or_null = leaders(all);
    if (leaders_or_null != MPI_COMM_NULL) MPI_Comm_rank(leaders_or_null, &own_node);
    wait_in("MPI_Bcast", [&] { return MPI_Bcast(&own_node, 1, MPI_INT, 0, local_); });
    std::vector<int> node_of(static_cast<std::size_t>(all.rank_count()));
    wait_in("MPI_Allgather", [&] {
        return MPI_Allgather(&own_node, 1, MPI_INT, node_of.data(), 1, MPI_INT, all.handle());
    });
    map_ = std::make_unique<NodeMap const>(std::move(node_of));
    return *map_;
}

Nodes::~Nodes() {
    int is_down = 0;
    MPI_Finalized(&is_down);
    if (is_down) return;
    if (leaders_ != MPI_COMM_NULL) MPI_Comm_free(&leaders_);
    if (local_ != MPI_COMM_NULL) MPI_Comm_free(&local_);
}

}  // namespace serry::comm
