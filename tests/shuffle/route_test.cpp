#include "serry/shuffle/route.hpp"

#include <doctest/doctest.h>

#include "shuffle/route_rounds.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("grants, headers and bytes reach the ranks that they are for, all to all") {
    Place place(0);
    FlatRoute route(place.comm, place.nodes.map(place.comm), place.outbox_bytes);
    check_route(route, place.comm);
    CHECK(route.held_bytes() >= 2 * place.outbox_bytes);
}

TEST_CASE("buffers are made ready for any number of ranks") {
    RoundBuffers buffers;
    buffers.resize(3);
    buffers.granted_to[2] = 5;
    buffers.sent[2].byte_count = 7;
    buffers.resize(2);
    buffers.resize(3);
    CHECK(buffers.granted_to[2] == 0);
    CHECK(buffers.sent[2].byte_count == 0);
    CHECK(buffers.received_at.size() == 3);
}
