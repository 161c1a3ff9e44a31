#include "serry/comm/nodes.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

using serry::comm::Communicator;
using serry::comm::NodeMap;
using serry::comm::Nodes;

TEST_CASE("a map of nodes knows the ranks of each, in order, and each rank's node") {
    NodeMap const map({0, 1, 0, 2, 1, 0});
    CHECK(map.node_count() == 3);
    CHECK(std::ranges::equal(map.ranks_of(0), std::vector{0, 2, 5}));
    CHECK(std::ranges::equal(map.ranks_of(1), std::vector{1, 4}));
    CHECK(std::ranges::equal(map.ranks_of(2), std::vector{3}));
    CHECK(map.node_of(4) == 1);
    CHECK(map.most_local_ranks() == 3);
    CHECK(map.least_local_ranks() == 1);
}

TEST_CASE("the ranks of a machine are one node, or nodes of as many ranks as one likes") {
    Communicator const comm(MPI_COMM_WORLD);
    for (int const ranks_per_node : {0, 1, 2, 3, 100}) {
        CAPTURE(ranks_per_node);
        Nodes nodes(comm, ranks_per_node);
        int const size =
            ranks_per_node == 0 ? comm.rank_count() : std::min(ranks_per_node, comm.rank_count());
        NodeMap const& map = nodes.map(comm);
        CHECK(map.node_count() == (comm.rank_count() + size - 1) / size);
        for (int rank = 0; rank < comm.rank_count(); ++rank)
            CHECK(map.node_of(rank) == rank / size);
        CHECK(nodes.local_rank() == comm.rank() % size);
        CHECK(nodes.machine_rank_count() == comm.rank_count());
        auto const own = map.ranks_of(map.node_of(comm.rank()));
        CHECK(static_cast<std::size_t>(nodes.local_rank_count()) == own.size());
        CHECK(own[static_cast<std::size_t>(nodes.local_rank())] == comm.rank());
        CHECK((nodes.leaders(comm) != MPI_COMM_NULL) == (nodes.local_rank() == 0));
        CHECK(&nodes.map(comm) == &map);
    }
}
