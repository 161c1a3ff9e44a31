#include "serry/shuffle/sparse_route.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include "shuffle/route_rounds.hpp"

using namespace serry;
using namespace serry::test;

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
