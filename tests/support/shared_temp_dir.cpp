#include "support/shared_temp_dir.hpp"

#include <array>
#include <climits>
#include <cstring>
#include <exception>

#include <mpi.h>

namespace serry::test {
namespace {

bool is_rank_0() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank == 0;
}

}  // namespace

SharedTempDir::SharedTempDir() {
    std::array<char, PATH_MAX> path = {};
    if (is_rank_0()) std::strncpy(path.data(), make_temp_dir().c_str(), path.size() - 1);
    MPI_Bcast(path.data(), static_cast<int>(path.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
    path_ = path.data();
}

SharedTempDir::~SharedTempDir() {
    // This rank leaves early, and the others will not come here: mpi_main is about to end the run.
    if (std::uncaught_exceptions() > 0) return;
    int failed = test_has_failed() ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (is_rank_0()) remove_or_keep(path_, failed != 0);
}

}  // namespace serry::test
