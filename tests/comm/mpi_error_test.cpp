#include "serry/comm/mpi_error.hpp"

#include <string>

#include <doctest/doctest.h>
#include <mpi.h>

#include "serry/base/error.hpp"

using serry::CommError;
using serry::comm::check;

TEST_CASE("success is nothing to speak of") { CHECK_NOTHROW(check("MPI_Barrier", MPI_SUCCESS)); }

TEST_CASE("a failure names the routine, and MPI's own words for it") {
    for (int code : {MPI_ERR_COUNT, MPI_ERR_ROOT, MPI_ERR_TRUNCATE, MPI_ERR_OTHER}) {
        char text[MPI_MAX_ERROR_STRING] = "";
        int length = 0;
        MPI_Error_string(code, text, &length);
        REQUIRE(length > 0);
        std::string const expected = std::string("MPI_Alltoallv: ") + text;
        try {
            check("MPI_Alltoallv", code);
            FAIL("nothing thrown");
        } catch (CommError const& error) {
            CHECK(error.what() == expected);
            CHECK(error.exit_code() == serry::ExitCode::communication);
        }
    }
}
