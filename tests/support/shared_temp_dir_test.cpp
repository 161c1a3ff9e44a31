#include "support/shared_temp_dir.hpp"

#include <string>

#include <doctest/doctest.h>
#include <mpi.h>

using namespace serry::test;

TEST_CASE("all ranks see one folder, until all are done with it") {
    int rank = 0;
    int rank_count = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &rank_count);

    std::filesystem::path path;
    {
        SharedTempDir const dir;
        path = dir.path();
        write_file(dir / std::to_string(rank), "here");
        MPI_Barrier(MPI_COMM_WORLD);
        for (int other = 0; other < rank_count; ++other) {
            CHECK(read_file(dir / std::to_string(other)) == "here");
        }
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_FALSE(std::filesystem::exists(path));
}
