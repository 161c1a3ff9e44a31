#include "serry/comm/mpi_error.hpp"

#include <string>

#include <mpi.h>

#include "serry/base/error.hpp"

namespace serry::comm {

void check(char const* routine, int code) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw CommError(std::string(routine) + ": "
                    + std::string(text, static_cast<std::size_t>(length)));
}

}  // namespace serry::comm
