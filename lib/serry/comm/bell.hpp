#pragma once

#include <vector>

#include <mpi.h>

#include "serry/comm/communicator.hpp"

namespace serry::comm {

/// Empty messages along a tree of the ranks (rank r's parent is (r-1)/4), by which one rank calls
/// all others without a collective and without knowing what they do. A rank has at most five
/// neighbours. Between two settle() calls each rank rings either never or once. Local functions
/// all, but settle(). One to a communicator: a second would take the first one's bells.
class Bell {
public:
    explicit Bell(Communicator const& communicator);
    ~Bell();
    Bell(Bell const&) = delete;
    Bell& operator=(Bell const&) = delete;

    int neighbour_count() const { return static_cast<int>(receives_.size()); }
    /// To every neighbour; returns at once.
    void local_ring();
    /// Bells heard since the last call; returns at once.
    int local_hear();
    /// After a meeting in which everyone rang, once every neighbour was heard: ready for the next.
    void local_settle();

private:
    std::vector<MPI_Request> receives_;  ///< persistent, always started but for those heard
    std::vector<MPI_Request> sends_;     ///< persistent
    std::vector<int> indices_;
};

}  // namespace serry::comm
