// Times exchanges of one size by one route, over the nodes as they are: for hosts of a lab.
//
//     exchange_time ROUTE BYTES_A_PAIR EXCHANGES
//
// Every rank sends every other so many bytes in one round. Prints the median milliseconds of an
// exchange, and the messages between nodes that one took, all ranks together.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "serry/base/clock.hpp"
#include "serry/shuffle/routes.hpp"

using namespace serry;

namespace {

void exchange(Routes& routes, RoundBuffers& round, std::size_t pair_bytes) {
    std::size_t const ranks = round.sent.size();
    Route& route = routes.choose({ranks, ranks * pair_bytes});
    route.open();
    std::fill(round.granted_to.begin(), round.granted_to.end(), pair_bytes);
    route.exchange_grants(round);
    for (std::size_t r = 0; r < ranks; ++r) {
        round.send_starts[r] = static_cast<std::uint32_t>(r * pair_bytes);
        round.sent[r] = {
            .byte_count = pair_bytes, .is_last = 1, .state = wire::RoundHeader::finished_all};
    }
    route.exchange_bytes(round);
}

void time_route(comm::Communicator const& comm,
                comm::Nodes& nodes,
                std::string const& route,
                std::size_t pair_bytes,
                int count) {
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    // Of sparse exchanges a header goes along; three hops leave a pair a part of a large outbox
    // only.
    std::size_t const outbox_bytes =
        std::max<std::size_t>(ranks * (pair_bytes + 64), std::size_t{1} << 20);
    Routes routes(comm, nodes, outbox_bytes, {.way = route});
    RoundBuffers round;
    round.resize(ranks);
    exchange(routes, round, pair_bytes);
    std::uint64_t const before = comm.all_reduce_sum(routes.counters().messages_across);
    std::vector<double> seconds;
    for (int i = 0; i < count; ++i) {
        comm.barrier();
        double const start = now_seconds();
        exchange(routes, round, pair_bytes);
        comm.barrier();
        seconds.push_back(now_seconds() - start);
    }
    std::uint64_t const messages = comm.all_reduce_sum(routes.counters().messages_across) - before;
    auto const middle = seconds.begin() + count / 2;
    std::nth_element(seconds.begin(), middle, seconds.end());
    if (comm.rank() == 0)
        std::printf("%s %.3f ms %llu messages\n", route.c_str(), 1e3 * *middle,
                    static_cast<unsigned long long>(messages / static_cast<std::uint64_t>(count)));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    comm::Environment const environment(argc, argv);
    comm::Communicator const comm(MPI_COMM_WORLD);
    comm::Nodes nodes(comm);
    for (int i = 3; i < argc; ++i)
        time_route(comm, nodes, argv[i], static_cast<std::size_t>(std::atoll(argv[1])),
                   std::atoi(argv[2]));
    return 0;
}
