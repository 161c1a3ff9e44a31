#include "serry/comm/node_bytes.hpp"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

namespace {

using serry::comm::Communicator;
using serry::comm::NodeBytes;
using serry::comm::Nodes;

/// As many bytes as the rank's number squared, each the rank's letter.
std::string part_of(int rank) {
    return std::string(static_cast<std::size_t>(rank * rank), static_cast<char>('a' + rank));
}

std::string all_parts(int rank_count) {
    std::string all;
    for (int rank = 0; rank < rank_count; ++rank) all += part_of(rank);
    return all;
}

std::size_t left_in_shared_memory() {
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::directory_iterator("/dev/shm"))
        count += entry.path().filename().string().rfind("serry-result-", 0) == 0;
    return count;
}

}  // namespace

TEST_CASE("every rank sees all parts in order of rank, and nothing stays in /dev/shm") {
    Communicator const comm(MPI_COMM_WORLD);
    Nodes nodes(comm);
    std::string const part = part_of(comm.rank());
    for (int time = 0; time < 3; ++time) {
        auto const bytes =
            NodeBytes::gather(comm, nodes, part, comm.all_gather_number(part.size()));
        CHECK(bytes->view() == all_parts(comm.rank_count()));
    }
    comm.barrier();
    CHECK(left_in_shared_memory() == 0);
}

TEST_CASE("bytes stay on ranks that keep them when others have let go") {
    Communicator const comm(MPI_COMM_WORLD);
    Nodes nodes(comm);
    std::string const part(100'000, static_cast<char>('a' + comm.rank()));
    auto bytes = NodeBytes::gather(comm, nodes, part, comm.all_gather_number(part.size()));
    if (comm.rank() == 0) bytes.reset();
    comm.barrier();
    if (bytes) CHECK(bytes->view().substr(0, part.size()) == std::string(part.size(), 'a'));
}

TEST_CASE("no bytes at all are an empty view") {
    Communicator const comm(MPI_COMM_WORLD);
    Nodes nodes(comm);
    CHECK(NodeBytes::gather(comm, nodes, "", comm.all_gather_number(0))->view().empty());
    CHECK(nodes.local_rank_count() <= comm.rank_count());
}
