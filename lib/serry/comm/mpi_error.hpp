#pragma once

#include "serry/base/pulse.hpp"

namespace serry::comm {

/// Throw CommError naming `routine` and MPI's own text unless `code` is MPI_SUCCESS.
void check(char const* routine, int code);

/// The same of call(), which returns when other ranks have made theirs: told to who watches.
template <typename Call>
void wait_in(char const* routine, Call const& call) {
    Waiting const waiting(routine);
    check(routine, call());
}

}  // namespace serry::comm
