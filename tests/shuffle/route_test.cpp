#include "serry/shuffle/route.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "serry/shuffle/node_route.hpp"
#include "serry/shuffle/sparse_route.hpp"

using namespace serry;

namespace {

constexpr std::size_t most_message_bytes = std::size_t{1} << 17;

/// What rank `from` says to rank `to` in a round: the same, wherever it is asked.
std::string message(std::size_t round, std::size_t from, std::size_t to) {
    std::mt19937_64 random(round * 10007 + from * 101 + to);
    std::size_t const most = round % 5 == 0 ? 1 : most_message_bytes >> (round % 17);
    std::string text(random() % 3 == 0 ? 0 : random() % most, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    return text;
}

void fill(RoundBuffers& buffers, char* outbox, std::size_t round, std::size_t own_rank) {
    std::size_t at = 0;
    for (std::size_t to = 0; to < buffers.sent.size(); ++to) {
        std::string const text = message(round, own_rank, to);
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

void check_route(Route& route, comm::Communicator const& comm) {
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own_rank = static_cast<std::size_t>(comm.rank());
    RoundBuffers buffers;
    buffers.resize(ranks);
    for (std::size_t round = 0; round < 50; ++round) {
        for (std::size_t to = 0; to < ranks; ++to)
            buffers.granted_to[to] = round * 100 + own_rank * 10 + to;
        route.exchange_grants(buffers);
        fill(buffers, route.outbox().data(), round, own_rank);
        route.exchange_bytes(buffers);
        for (std::size_t from = 0; from < ranks; ++from) {
            CAPTURE(from);
            CHECK(buffers.granted_from[from] == round * 100 + from * 10 + own_rank);
            CHECK(buffers.received[from].state == from % 3);
            CHECK(buffers.received[from].is_last == own_rank % 2);
            std::string const expected = message(round, from, own_rank);
            REQUIRE(buffers.received[from].byte_count == expected.size());
            std::string const received(buffers.received_at[from], expected.size());
            CHECK((received == expected));
        }
    }
}

}  // namespace

TEST_CASE("grants, headers and bytes reach the ranks that they are for, all to all") {
    Place place(0);
    FlatRoute route(place.comm, place.nodes.map(place.comm), place.outbox_bytes);
    check_route(route, place.comm);
    CHECK(route.held_bytes() >= 2 * place.outbox_bytes);
}

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

TEST_CASE("a sparse exchange sends what there is, and tells of grants what has changed") {
    Place place(1);
    std::size_t const ranks = place.rank_count;
    auto const own = static_cast<std::size_t>(place.comm.rank());
    // 100 bytes a pair, and a header.
    SparseRoute route(place.comm, place.nodes.map(place.comm),
                      (100 + sizeof(wire::RoundHeader)) * ranks);
    RoundBuffers buffers;
    for (std::uint64_t exchange = 0; exchange < 20; ++exchange) {
        std::uint64_t const sent_before =
            place.comm.all_reduce_sum(route.counters().messages_across);
        buffers.resize(ranks);
        route.open();
        // Round 1: only rank 0 sends, 100 bytes to the last rank, of a stream that goes on.
        std::fill(buffers.granted_to.begin(), buffers.granted_to.end(), 100);
        route.exchange_grants(buffers);
        for (std::size_t r = 0; r < ranks; ++r) CHECK(buffers.granted_from[r] == 100);
        for (wire::RoundHeader& header : buffers.sent)
            header = {.is_last = 1,
                      .state = own == 0 ? wire::RoundHeader::finished_none
                                        : wire::RoundHeader::finished_all};
        if (own == 0) {
            std::fill_n(route.outbox().data(), 100, static_cast<char>('a' + exchange));
            buffers.sent[ranks - 1] = {.byte_count = 100};
            buffers.send_starts[ranks - 1] = 0;
        }
        route.exchange_bytes(buffers);
        for (std::size_t from = 0; from < ranks; ++from) {
            bool const is_stream = from == 0 && own == ranks - 1;
            CHECK(buffers.received[from].byte_count == (is_stream ? 100 : 0));
            CHECK(buffers.received[from].is_last == !is_stream);
            CHECK(buffers.received[from].state == wire::RoundHeader::finished_none);
        }
        if (own == ranks - 1)
            CHECK(std::string(buffers.received_at[0], 100)
                  == std::string(100, static_cast<char>('a' + exchange)));
        // Round 2: the last rank has room for 7 bytes more; the stream ends without any.
        if (own == ranks - 1) buffers.granted_to[0] = 7;
        route.exchange_grants(buffers);
        if (own == 0) CHECK(buffers.granted_from[ranks - 1] == 7);
        for (wire::RoundHeader& header : buffers.sent)
            header = {.state = wire::RoundHeader::finished_all};
        if (own == 0) buffers.sent[ranks - 1].is_last = 1;
        route.exchange_bytes(buffers);
        for (std::size_t from = 0; from < ranks; ++from) {
            CHECK(buffers.received[from].byte_count == 0);
            CHECK(buffers.received[from].is_last == (from == 0 && own == ranks - 1));
            CHECK(buffers.received[from].state == wire::RoundHeader::finished_all);
        }
        std::uint64_t const sent = place.comm.all_reduce_sum(route.counters().messages_across);
        CHECK(sent - sent_before == (ranks == 1 ? 0 : 3));
    }
}

TEST_CASE("of a sparse exchange everyone learns that somebody failed") {
    Place place(0);
    SparseRoute route(place.comm, place.nodes.map(place.comm), 1000);
    RoundBuffers buffers;
    buffers.resize(place.rank_count);
    route.open();
    route.exchange_grants(buffers);
    bool const fails = place.comm.rank() == place.comm.rank_count() - 1;
    for (wire::RoundHeader& header : buffers.sent)
        header.state = fails ? wire::RoundHeader::failed : wire::RoundHeader::finished_none;
    route.exchange_bytes(buffers);
    CHECK(wire::judge(buffers.received) == wire::RoundVerdict::abandon);
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
