#include "serry/comm/node_pages.hpp"

#include <filesystem>
#include <limits>
#include <memory>
#include <string>

#include <doctest/doctest.h>

using serry::comm::Communicator;
using serry::comm::NodePages;
using serry::comm::Nodes;

namespace {

/// Files that this process has open that are pieces of shared memory.
int open_pieces() {
    int count = 0;
    for (auto const& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        count += std::filesystem::read_symlink(entry.path(), gone).string().find("serry exchange")
                 != std::string::npos;
    }
    return count;
}

}  // namespace

TEST_CASE("what a rank writes, the ranks of its node read after they have met, over and over") {
    Communicator const comm(MPI_COMM_WORLD);
    for (int const ranks_per_node : {0, 2}) {
        Nodes const nodes(comm, ranks_per_node);
        auto const own = static_cast<std::size_t>(nodes.local_rank());
        std::unique_ptr<NodePages> const pages = NodePages::allocate(comm, nodes, 1000 + own);
        REQUIRE(pages);
        for (char round = 0; round < 20; ++round) {
            for (char& byte : pages->of(nodes.local_rank()))
                byte = static_cast<char>(round * 4 + nodes.local_rank());
            pages->meet();
            for (int rank = 0; rank < nodes.local_rank_count(); ++rank) {
                auto const piece = pages->of(rank);
                CHECK(piece.size() == 1000 + static_cast<std::size_t>(rank));
                CHECK(piece.front() == static_cast<char>(round * 4 + rank));
                CHECK(piece.back() == static_cast<char>(round * 4 + rank));
            }
            pages->meet();
        }
    }
    CHECK(open_pieces() == 0);
}

TEST_CASE("memory that a node has not got is told to all ranks, and nothing is kept") {
    Communicator const comm(MPI_COMM_WORLD);
    Nodes const nodes(comm);
    bool const wants_too_much = comm.rank() == comm.rank_count() - 1;
    std::size_t const too_much = std::numeric_limits<std::size_t>::max() / 4 * 3;
    CHECK_FALSE(NodePages::allocate(comm, nodes, wants_too_much ? too_much : 10));
    CHECK(open_pieces() == 0);
    CHECK(NodePages::allocate(comm, nodes, 10));
}
