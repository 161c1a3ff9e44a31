#pragma once

namespace serry::comm {

/// Throw CommError naming `routine` and MPI's own text unless `code` is MPI_SUCCESS.
void check(char const* routine, int code);

}  // namespace serry::comm
