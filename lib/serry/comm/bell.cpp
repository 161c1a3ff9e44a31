#include "serry/comm/bell.hpp"

#include "serry/comm/mpi_error.hpp"

namespace serry::comm {
namespace {

constexpr int fan_out = 4;
constexpr int bell_tag = 7;

std::vector<int> neighbours_of(int rank, int rank_count) {
    std::vector<int> neighbours;
    if (rank > 0) neighbours.push_back((rank - 1) / fan_out);
    for (int child = fan_out * rank + 1; child <= fan_out * rank + fan_out && child < rank_count;
         ++child)
        neighbours.push_back(child);
    return neighbours;
}

}  // namespace

Bell::Bell(Communicator const& communicator) {
    auto const neighbours = neighbours_of(communicator.rank(), communicator.rank_count());
    for (int neighbour : neighbours) {
        check("MPI_Recv_init", MPI_Recv_init(nullptr, 0, MPI_BYTE, neighbour, bell_tag,
                                             communicator.handle(), &receives_.emplace_back()));
        check("MPI_Send_init", MPI_Send_init(nullptr, 0, MPI_BYTE, neighbour, bell_tag,
                                             communicator.handle(), &sends_.emplace_back()));
    }
    indices_.resize(neighbours.size());
    if (!receives_.empty())
        check("MPI_Startall", MPI_Startall(neighbour_count(), receives_.data()));
}

Bell::~Bell() {
    int is_down = 0;
    MPI_Finalized(&is_down);
    if (is_down) return;
    for (MPI_Request& request : receives_) {
        MPI_Cancel(&request);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        MPI_Request_free(&request);
    }
    for (MPI_Request& request : sends_) MPI_Request_free(&request);
}

void Bell::local_ring() {
    if (!sends_.empty()) check("MPI_Startall", MPI_Startall(neighbour_count(), sends_.data()));
}

int Bell::local_hear() {
    if (receives_.empty()) return 0;
    int heard = 0;
    check("MPI_Testsome", MPI_Testsome(neighbour_count(), receives_.data(), &heard, indices_.data(),
                                       MPI_STATUSES_IGNORE));
    return heard == MPI_UNDEFINED ? 0 : heard;
}

void Bell::local_settle() {
    if (sends_.empty()) return;
    check("MPI_Waitall", MPI_Waitall(neighbour_count(), sends_.data(), MPI_STATUSES_IGNORE));
    check("MPI_Startall", MPI_Startall(neighbour_count(), receives_.data()));
}

}  // namespace serry::comm
