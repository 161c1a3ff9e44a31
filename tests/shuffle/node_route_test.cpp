#include "serry/shuffle/node_route.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "shuffle/route_rounds.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("they reach them over nodes of any size, in two hops and in three, small and large") {
    for (int const ranks_per_node : {0, 1, 2, 3}) {
        Place place(ranks_per_node);
        REQUIRE(place.pages);
        for (auto const hops : {NodeRoute::Hops::two, NodeRoute::Hops::three})
            for (std::size_t const direct_bytes :
                 {std::size_t{1}, std::size_t{1000}, ~std::size_t{0}}) {
                CAPTURE(ranks_per_node);
                CAPTURE(direct_bytes);
                NodeRoute route(place.comm, place.nodes.map(place.comm), *place.pages,
                                {hops, direct_bytes});
                check_route(route, place.comm);
            }
    }
}

TEST_CASE("a round's messages between nodes: all pairs, one a rank and node, one a pair of nodes") {
    Place place(2);
    comm::NodeMap const& map = place.nodes.map(place.comm);
    std::size_t const ranks = place.rank_count;
    auto const nodes = static_cast<std::size_t>(map.node_count());
    RoundBuffers buffers;
    auto const messages_of_round = [&](Route& route) {
        buffers.resize(ranks);
        route.exchange_grants(buffers);
        std::fill_n(route.outbox().data(), 10 * ranks, 'x');
        for (std::size_t r = 0; r < ranks; ++r) {
            buffers.sent[r] = {.byte_count = 10};
            buffers.send_starts[r] = static_cast<std::uint32_t>(10 * r);
        }
        route.exchange_bytes(buffers);
        return place.comm.all_reduce_sum(route.counters().messages_across);
    };
    std::size_t remote_pairs = 0, bundles = 0;
    for (std::size_t r = 0; r < ranks; ++r) {
        std::size_t const here = map.ranks_of(map.node_of(static_cast<int>(r))).size();
        remote_pairs += ranks - here;
        bundles += nodes - 1;  // one from each other node
    }
    FlatRoute flat(place.comm, map, place.outbox_bytes);
    CHECK(messages_of_round(flat) == 3 * remote_pairs);
    NodeRoute two(place.comm, map, *place.pages, {NodeRoute::Hops::two, 1000});
    CHECK(messages_of_round(two) == 2 * bundles);
    NodeRoute direct(place.comm, map, *place.pages, {NodeRoute::Hops::two, 1});
    CHECK(messages_of_round(direct) == 2 * bundles + remote_pairs);
    NodeRoute three(place.comm, map, *place.pages, {NodeRoute::Hops::three, 1000});
    CHECK(messages_of_round(three) == 2 * nodes * (nodes - 1));
}
