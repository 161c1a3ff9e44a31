#include "serry/shuffle/route.hpp"

#include "serry/base/error.hpp"
#include "serry/comm/mpi_error.hpp"

namespace serry {

void RoundBuffers::resize(std::size_t rank_count) {
    granted_to.assign(rank_count, 0);
    granted_from.assign(rank_count, 0);
    sent.assign(rank_count, {});
    received.assign(rank_count, {});
    for (auto* counts : {&send_counts, &send_starts, &receive_counts, &receive_starts})
        counts->assign(rank_count, 0);
}

void FlatRoute::exchange_grants(RoundBuffers& round) const {
    comm::wait_in("MPI_Alltoall", [&] {
        return MPI_Alltoall(round.granted_to.data(), 1, MPI_UINT64_T, round.granted_from.data(), 1,
                            MPI_UINT64_T, comm_.handle());
    });
}

void FlatRoute::exchange_bytes(RoundBuffers& round) const {
    constexpr int header_bytes = sizeof(wire::RoundHeader);
    comm::wait_in("MPI_Alltoall", [&] {
        return MPI_Alltoall(round.sent.data(), header_bytes, MPI_BYTE, round.received.data(),
                            header_bytes, MPI_BYTE, comm_.handle());
    });
    std::size_t total = 0;
    for (std::size_t r = 0; r < round.received.size(); ++r) {
        round.receive_starts[r] = static_cast<int>(total);
        round.receive_counts[r] = static_cast<int>(round.received[r].byte_count);
        total += round.received[r].byte_count;
    }
    round.inbox.clear();
    round.inbox.extend(total);
    comm::wait_in("MPI_Alltoallv", [&] {
        return MPI_Alltoallv(round.outbox.data(), round.send_counts.data(),
                             round.send_starts.data(), MPI_BYTE, round.inbox.data(),
                             round.receive_counts.data(), round.receive_starts.data(), MPI_BYTE,
                             comm_.handle());
    });
}

}  // namespace serry
