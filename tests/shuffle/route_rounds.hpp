#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "serry/comm/node_pages.hpp"
#include "serry/shuffle/node_route.hpp"
#include "serry/shuffle/route.hpp"

namespace serry::test {

inline constexpr std::size_t most_message_bytes = std::size_t{1} << 17;

/// What rank `from` says to rank `to` in a round: the same, wherever it is asked.
inline std::string message(std::size_t round, std::size_t from, std::size_t to) {
    std::mt19937_64 random(round * 10007 + from * 101 + to);
    std::size_t const most = round % 5 == 0 ? 1 : most_message_bytes >> (round % 17);
    std::string text(random() % 3 == 0 ? 0 : random() % most, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    return text;
}

inline void fill(RoundBuffers& buffers, Route& route, std::size_t round, std::size_t own_rank) {
    char* const outbox = route.outbox().data();
    std::size_t at = 0;
    for (std::size_t to = 0; to < buffers.sent.size(); ++to) {
        std::string const text = message(round, own_rank, to).substr(0, route.most_bytes_a_pair());
        buffers.send_starts[to] = static_cast<std::uint32_t>(at);
        buffers.sent[to] = {.byte_count = text.size(),
                            .is_last = static_cast<std::uint32_t>(to % 2),
                            .state = static_cast<std::uint32_t>(own_rank % 3)};
        text.copy(outbox + at, text.size());
        at += text.size();
    }
}

/// Nodes, taken to have so many ranks each, and what they share.
struct Place {
    explicit Place(int ranks_per_node) : nodes(comm, ranks_per_node) {}

    comm::Communicator comm{MPI_COMM_WORLD};
    comm::Nodes nodes;
    std::size_t rank_count = static_cast<std::size_t>(comm.rank_count());
    std::size_t outbox_bytes = rank_count * most_message_bytes;
    std::unique_ptr<comm::NodePages> pages =
        comm::NodePages::allocate(comm, nodes, NodeRoute::pages_bytes(rank_count, outbox_bytes));
};

inline void check_route(Route& route, comm::Communicator const& comm) {
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own_rank = static_cast<std::size_t>(comm.rank());
    RoundBuffers buffers;
    buffers.resize(ranks);
    for (std::size_t round = 0; round < 50; ++round) {
        for (std::size_t to = 0; to < ranks; ++to)
            buffers.granted_to[to] = round * 100 + own_rank * 10 + to;
        route.exchange_grants(buffers);
        fill(buffers, route, round, own_rank);
        route.exchange_bytes(buffers);
        for (std::size_t from = 0; from < ranks; ++from) {
            CAPTURE(from);
            CHECK(buffers.granted_from[from] == round * 100 + from * 10 + own_rank);
            CHECK(buffers.received[from].state == from % 3);
            CHECK(buffers.received[from].is_last == own_rank % 2);
            std::string const expected =
                message(round, from, own_rank).substr(0, route.most_bytes_a_pair());
            REQUIRE(buffers.received[from].byte_count == expected.size());
            std::string const received(buffers.received_at[from], expected.size());
            CHECK((received == expected));
        }
    }
}

}  // namespace serry::test
