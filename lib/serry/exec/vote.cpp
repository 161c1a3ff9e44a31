#include "serry/exec/vote.hpp"

#include <algorithm>
#include <tuple>
#include <type_traits>

#include "serry/comm/mpi_error.hpp"

namespace serry {
namespace {

void merge_spread(Spread& into, Spread const& other) {
    into.sum += other.sum;
    into.largest = std::max(into.largest, other.largest);
}

void merge_votes(void* in, void* in_out, int* count, MPI_Datatype*) {
    for (int i = 0; i < *count; ++i) static_cast<Vote*>(in_out)[i].merge(static_cast<Vote*>(in)[i]);
}

/// MPI's handles for votes. They live until MPI goes down; MPI frees what is left then.
struct VoteType {
    MPI_Datatype type = MPI_DATATYPE_NULL;
    MPI_Op merge = MPI_OP_NULL;

    VoteType() {
        static_assert(std::is_trivially_copyable_v<Vote>);
        MPI_Type_contiguous(sizeof(Vote), MPI_BYTE, &type);
        MPI_Type_commit(&type);
        MPI_Op_create(merge_votes, 1, &merge);
    }
};

}  // namespace

void Vote::merge(Vote const& other) {
    std::tie(failed_partition, failed_rank) =
        std::min(std::tuple(failed_partition, failed_rank),
                 std::tuple(other.failed_partition, other.failed_rank));
    abandoned += other.abandoned;
    tasks_cut_short += other.tasks_cut_short;
    records_sent += other.records_sent;
    records_received += other.records_received;
    bytes_sent += other.bytes_sent;
    bytes_received += other.bytes_received;
    records_in += other.records_in;
    records_out += other.records_out;
    bytes_in += other.bytes_in;
    bytes_out += other.bytes_out;
    bad_lines += other.bad_lines;
    spilled_bytes += other.spilled_bytes;
    exchanges = std::max(exchanges, other.exchanges);
    rounds = std::max(rounds, other.rounds);
    messages_across += other.messages_across;
    bytes_across += other.bytes_across;
    control_bytes += other.control_bytes;
    peak_exchange_bytes = std::max(peak_exchange_bytes, other.peak_exchange_bytes);
    merge_spread(records, other.records);
    merge_spread(seconds, other.seconds);
    merge_spread(task_seconds, other.task_seconds);
    merge_spread(exchange_seconds, other.exchange_seconds);
    merge_spread(wait_seconds, other.wait_seconds);
}

Vote take_vote(comm::Communicator const& comm, Vote const& own) {
    static VoteType const vote;
    Vote all;
    comm::wait_in("MPI_Allreduce", [&] {
        return MPI_Allreduce(&own, &all, 1, vote.type, vote.merge, comm.handle());
    });
    return all;
}

}  // namespace serry
