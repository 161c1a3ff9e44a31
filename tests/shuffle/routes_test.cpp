#include "serry/shuffle/routes.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include "serry/base/error.hpp"

using namespace serry;

namespace {

/// The route that is chosen where nodes have so many ranks, for an exchange of such a load.
std::string route_for(int ranks_per_node, RouteChoice choice, Outgoing::Load load) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    comm::Nodes nodes(comm, ranks_per_node);
    Routes routes(comm, nodes, 1 << 16, std::move(choice));
    std::string name = routes.choose(load).name();
    CHECK(&routes.choose(load) == &routes.choose(load));
    return name;
}

}  // namespace

TEST_CASE("every way can be had by its name") {
    for (char const* way : {"flat", "sparse", "two-hop", "three-hop"})
        CHECK(route_for(1, {.way = way}, {1, 1})
              == (comm::Communicator(MPI_COMM_WORLD).rank_count() == 1 && way[0] == 't' ? "node"
                                                                                        : way));
}

TEST_CASE(
    "a node's ranks share memory; few bytes go in three hops, more in two, few peers sparse") {
    int const ranks = comm::Communicator(MPI_COMM_WORLD).rank_count();
    auto const all = static_cast<std::uint64_t>(ranks);
    CHECK(route_for(0, {}, {all, 1 << 20}) == "node");
    if (ranks == 1) return;
    CHECK(route_for(1, {}, {all, all << 10}) == "two-hop");
    CHECK(route_for(1, {}, {all, all << 8}) == "three-hop");
    // The load of the rank that has most decides.
    bool const is_last = comm::Communicator(MPI_COMM_WORLD).rank() == ranks - 1;
    CHECK(route_for(1, {}, {all, is_last ? all << 20 : 0}) == "two-hop");
    if (ranks >= 16) {
        CHECK(route_for(1, {}, {1, 100}) == "sparse");
        CHECK(route_for(1, {}, {is_last ? all : 1, 100}) == "three-hop");
    }
}

TEST_CASE("what was chosen and cannot be had is told; what was not chosen is done without") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    comm::Nodes nodes(comm);
    std::size_t const too_much = std::numeric_limits<std::size_t>::max() / 4 * 3;
    Routes chosen(comm, nodes, too_much, {.way = "two-hop"});
    CHECK_THROWS_WITH_AS(chosen.prepare(),
                         "--route two-hop: the ranks of a node cannot share memory here; expected "
                         "/proc of the node and room in its memory; take auto or flat",
                         UsageError);
    Routes automatic(comm, nodes, too_much);
    automatic.prepare();
}

TEST_CASE("what all ways have sent is counted together") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    comm::Nodes nodes(comm, 1);
    Routes routes(comm, nodes, 1 << 16);
    RoundBuffers round;
    auto const others = static_cast<std::uint64_t>(comm.rank_count() - 1);
    for (std::uint64_t const bytes : {std::uint64_t{0}, std::uint64_t{1} << 30}) {
        Route& route = routes.choose({others + 1, bytes});
        round.resize(static_cast<std::size_t>(comm.rank_count()));
        route.open();
        route.exchange_grants(round);
        CHECK(routes.counters().messages_across == (bytes == 0 ? others : 2 * others));
    }
}
