#include "serry/shuffle/route.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

/// What rank `from` says to rank `to` in a round: the same, wherever it is asked.
std::string message(std::size_t round, std::size_t from, std::size_t to) {
    std::mt19937_64 random(round * 10007 + from * 101 + to);
    std::size_t const most = round % 5 == 0 ? 1 : std::size_t{1} << (round % 17);
    std::string text(random() % 3 == 0 ? 0 : random() % most, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    return text;
}

void fill(RoundBuffers& buffers, std::size_t round, std::size_t own_rank) {
    buffers.outbox.clear();
    for (std::size_t to = 0; to < buffers.sent.size(); ++to) {
        std::string const text = message(round, own_rank, to);
        buffers.send_starts[to] = static_cast<int>(buffers.outbox.size());
        buffers.send_counts[to] = static_cast<int>(text.size());
        buffers.sent[to] = {.byte_count = text.size(),
                            .is_last = static_cast<std::uint32_t>(to % 2),
                            .state = static_cast<std::uint32_t>(own_rank)};
        buffers.outbox.put(text);
        buffers.granted_to[to] = round * 100 + own_rank * 10 + to;
    }
}

}  // namespace

TEST_CASE("grants, headers and bytes reach the ranks that they are for") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own_rank = static_cast<std::size_t>(comm.rank());
    FlatRoute const route(comm);
    RoundBuffers buffers;
    buffers.resize(ranks);
    for (std::size_t round = 0; round < 50; ++round) {
        fill(buffers, round, own_rank);
        route.exchange_grants(buffers);
        route.exchange_bytes(buffers);
        for (std::size_t from = 0; from < ranks; ++from) {
            CHECK(buffers.granted_from[from] == round * 100 + from * 10 + own_rank);
            CHECK(buffers.received[from].state == from);
            CHECK(buffers.received[from].is_last == own_rank % 2);
            std::string const expected = message(round, from, own_rank);
            CHECK(buffers.received[from].byte_count == expected.size());
            std::string const received(buffers.inbox.data() + buffers.receive_starts[from],
                                       static_cast<std::size_t>(buffers.receive_counts[from]));
            CHECK((received == expected));
        }
    }
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
    CHECK(buffers.receive_starts.size() == 3);
}
