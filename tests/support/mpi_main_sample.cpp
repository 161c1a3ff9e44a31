// Test cases that go wrong on rank 1, for mpi_main_test.
#include <stdexcept>

#include <doctest/doctest.h>
#include <mpi.h>

#include "support/shared_temp_dir.hpp"

static int rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

TEST_CASE("passes") { MPI_Barrier(MPI_COMM_WORLD); }

TEST_CASE("a check fails") {
    serry::test::SharedTempDir const dir;
    CHECK(rank() != 1);
    MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("a requirement fails") {
    REQUIRE(rank() != 1);
    MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("an exception leaves") {
    serry::test::SharedTempDir const dir;
    if (rank() == 1) throw std::runtime_error("thrown on purpose");
    MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("fails in words") {
    if (rank() == 1) FAIL("failed on purpose");
    MPI_Barrier(MPI_COMM_WORLD);
}
