#include "serry/shuffle/route.hpp"

#include "serry/comm/mpi_error.hpp"
#include "serry/shuffle/make_room.hpp"

namespace serry {

void RoundBuffers::resize(std::size_t rank_count) {
    granted_to.assign(rank_count, 0);
    granted_from.assign(rank_count, 0);
    sent.assign(rank_count, {});
    received.assign(rank_count, {});
    send_starts.assign(rank_count, 0);
    received_at.assign(rank_count, nullptr);
}

FlatRoute::FlatRoute(comm::Communicator const& communicator,
                     comm::NodeMap const& nodes,
                     std::size_t outbox_bytes)
    : comm_(communicator), nodes_(nodes) {
    auto const ranks = static_cast<std::size_t>(comm_.rank_count());
    for (auto* counts : {&send_counts_, &send_starts_, &receive_counts_, &receive_starts_})
        counts->assign(ranks, 0);
    outbox_.reserve(outbox_bytes);
    inbox_.reserve(outbox_bytes);
}

bool FlatRoute::is_across(std::size_t rank) const {
    return nodes_.node_of(static_cast<int>(rank)) != nodes_.node_of(comm_.rank());
}

void FlatRoute::count_control(std::size_t bytes_a_rank) {
    auto const ranks = static_cast<std::size_t>(comm_.rank_count());
    std::size_t const others = ranks - nodes_.ranks_of(nodes_.node_of(comm_.rank())).size();
    counters_.control_bytes += bytes_a_rank * ranks;
    counters_.messages_across += others;
    counters_.bytes_across += bytes_a_rank * others;
}

void FlatRoute::exchange_grants(RoundBuffers& round) {
    comm::wait_in("MPI_Alltoall", [&] {
        return MPI_Alltoall(round.granted_to.data(), 1, MPI_UINT64_T, round.granted_from.data(), 1,
                            MPI_UINT64_T, comm_.handle());
    });
    count_control(sizeof(std::uint64_t));
}

void FlatRoute::exchange_bytes(RoundBuffers& round) {
    constexpr int header_bytes = sizeof(wire::RoundHeader);
    comm::wait_in("MPI_Alltoall", [&] {
        return MPI_Alltoall(round.sent.data(), header_bytes, MPI_BYTE, round.received.data(),
                            header_bytes, MPI_BYTE, comm_.handle());
    });
    count_control(header_bytes);
    std::size_t total = 0;
    for (std::size_t r = 0; r < round.received.size(); ++r) {
        send_starts_[r] = static_cast<int>(round.send_starts[r]);
        send_counts_[r] = static_cast<int>(round.sent[r].byte_count);
        receive_starts_[r] = static_cast<int>(total);
        receive_counts_[r] = static_cast<int>(round.received[r].byte_count);
        total += round.received[r].byte_count;
        if (send_counts_[r] > 0 && is_across(r)) {
            ++counters_.messages_across;
            counters_.bytes_across += round.sent[r].byte_count;
        }
    }
    make_room(inbox_, total);
    comm::wait_in("MPI_Alltoallv", [&] {
        return MPI_Alltoallv(outbox_.data(), send_counts_.data(), send_starts_.data(), MPI_BYTE,
                             inbox_.data(), receive_counts_.data(), receive_starts_.data(),
                             MPI_BYTE, comm_.handle());
    });
    for (std::size_t r = 0; r < round.received.size(); ++r)
        round.received_at[r] = inbox_.data() + receive_starts_[r];
}

}  // namespace serry
