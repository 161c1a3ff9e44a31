#include "serry/shuffle/sparse_route.hpp"

#include <algorithm>
#include <cstring>

#include <sched.h>

#include "serry/comm/mpi_error.hpp"
#include "serry/shuffle/make_room.hpp"

namespace serry {
namespace {

constexpr int first_tag = 51;
constexpr std::size_t header_bytes = sizeof(wire::RoundHeader);

}  // namespace

SparseRoute::SparseRoute(comm::Communicator const& communicator,
                         comm::NodeMap const& nodes,
                         std::size_t outbox_bytes)
    : comm_(communicator), nodes_(nodes) {
    auto const ranks = static_cast<std::size_t>(comm_.rank_count());
    auto const least = static_cast<std::size_t>(comm_.all_reduce_min(outbox_bytes));
    pair_bytes_ = std::max(least / ranks, header_bytes + 1) - header_bytes;
    outbox_.reserve(std::max(least, ranks));
    inbox_.reserve(ranks * (pair_bytes_ + header_bytes));
}

void SparseRoute::open() {
    auto const ranks = static_cast<std::size_t>(comm_.rank_count());
    is_first_round_ = true;
    told_to_.assign(ranks, pair_bytes_);
    told_by_.assign(ranks, pair_bytes_);
}

std::size_t SparseRoute::held_bytes() const {
    return outbox_.capacity() + staging_.capacity() + inbox_.capacity();
}

void SparseRoute::exchange_grants(RoundBuffers& round) {
    if (!is_first_round_) {
        for (std::size_t r = 0; r < told_to_.size(); ++r) {
            std::uint64_t const granted = std::min<std::uint64_t>(round.granted_to[r], pair_bytes_);
            if (granted == told_to_[r]) continue;
            told_to_[r] = granted;
            counters_.control_bytes += sizeof granted;
            send(reinterpret_cast<char const*>(&told_to_[r]), sizeof granted, static_cast<int>(r));
        }
        consent({});
        for (Message const& message : messages_)
            std::memcpy(&told_by_[static_cast<std::size_t>(message.from)],
                        inbox_.data() + message.begin, sizeof(std::uint64_t));
    }
    round.granted_from = told_by_;
}

/// What is to be sent does not move until it has been: the staging has room for all of it.
void SparseRoute::write_block(RoundBuffers const& round, std::size_t to) {
    wire::RoundHeader const& header = round.sent[to];
    char* const begin = staging_.data() + staging_.size();
    staging_.put(&header, header_bytes);
    staging_.put(outbox_.data() + round.send_starts[to], header.byte_count);
    counters_.control_bytes += header_bytes;
    send(begin, header_bytes + header.byte_count, static_cast<int>(to));
}

void SparseRoute::exchange_bytes(RoundBuffers& round) {
    auto const is_told = [&](std::size_t r) {
        return round.sent[r].byte_count > 0 || (round.sent[r].is_last && !is_first_round_);
    };
    std::size_t total = 0;
    for (std::size_t r = 0; r < round.sent.size(); ++r)
        if (is_told(r)) total += header_bytes + round.sent[r].byte_count;
    make_room(staging_, total);
    for (std::size_t r = 0; r < round.sent.size(); ++r)
        if (is_told(r)) write_block(round, r);
    std::uint32_t const state = round.sent[static_cast<std::size_t>(comm_.rank())].state;
    States const all = consent({.is_anyone_failed = state == wire::RoundHeader::failed,
                                .is_anyone_unfinished = state == wire::RoundHeader::finished_none});
    std::uint32_t const state_of_all = all.is_anyone_failed       ? wire::RoundHeader::failed
                                       : all.is_anyone_unfinished ? wire::RoundHeader::finished_none
                                                                  : wire::RoundHeader::finished_all;
    wire::RoundHeader const of_silent{
        .byte_count = 0, .is_last = is_first_round_, .state = state_of_all};
    std::fill(round.received.begin(), round.received.end(), of_silent);
    std::fill(round.received_at.begin(), round.received_at.end(), inbox_.data());
    for (Message const& message : messages_) {
        auto const from = static_cast<std::size_t>(message.from);
        std::memcpy(&round.received[from], inbox_.data() + message.begin, header_bytes);
        round.received[from].state = state_of_all;
        round.received_at[from] = inbox_.data() + message.begin + header_bytes;
    }
    is_first_round_ = false;
}

int SparseRoute::tag() const { return first_tag + step_ % 2; }

void SparseRoute::send(char const* bytes, std::size_t byte_count, int to) {
    comm::check("MPI_Issend", MPI_Issend(bytes, static_cast<int>(byte_count), MPI_BYTE, to, tag(),
                                         comm_.handle(), &sends_.emplace_back()));
    if (nodes_.node_of(to) == nodes_.node_of(comm_.rank())) return;
    ++counters_.messages_across;
    counters_.bytes_across += byte_count;
}

SparseRoute::States SparseRoute::consent(States own) {
    Waiting const waiting("a sparse exchange");
    inbox_.clear();
    messages_.clear();
    States all;
    MPI_Request reduction = MPI_REQUEST_NULL;
    for (int is_complete = 0; !is_complete;) {
        while (receive_one()) {
        }
        if (reduction != MPI_REQUEST_NULL) {
            comm::check("MPI_Test", MPI_Test(&reduction, &is_complete, MPI_STATUS_IGNORE));
            if (is_complete) break;
        } else {
            int are_received = 0;
            comm::check("MPI_Testall", MPI_Testall(static_cast<int>(sends_.size()), sends_.data(),
                                                   &are_received, MPI_STATUSES_IGNORE));
            if (are_received)
                comm::check("MPI_Iallreduce",
                            MPI_Iallreduce(&own, &all, sizeof all / sizeof(std::uint64_t),
                                           MPI_UINT64_T, MPI_MAX, comm_.handle(), &reduction));
        }
        sched_yield();
    }
    sends_.clear();
    ++step_;
    return all;
}

bool SparseRoute::receive_one() {
    int is_there = 0;
    MPI_Message found = MPI_MESSAGE_NULL;
    MPI_Status status;
    comm::check("MPI_Improbe",
                MPI_Improbe(MPI_ANY_SOURCE, tag(), comm_.handle(), &is_there, &found, &status));
    if (!is_there) return false;
    int byte_count = 0;
    comm::check("MPI_Get_count", MPI_Get_count(&status, MPI_BYTE, &byte_count));
    messages_.push_back({status.MPI_SOURCE, inbox_.size(), static_cast<std::size_t>(byte_count)});
    char* const to = inbox_.extend(static_cast<std::size_t>(byte_count));
    comm::check("MPI_Mrecv", MPI_Mrecv(to, byte_count, MPI_BYTE, &found, MPI_STATUS_IGNORE));
    return true;
}

}  // namespace serry
