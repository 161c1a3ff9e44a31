#pragma once

#include <functional>
#include <string>

#include "serry/base/error.hpp"
#include "serry/comm/communicator.hpp"

namespace serry {

/// Throw what another rank threw, by its code.
[[noreturn]] void throw_error(ExitCode code, std::string const& text);

/// Collective: do `f` on rank 0 alone and give everyone its result; what it throws as serry's
/// Error, everyone throws.
std::string on_rank_0(comm::Communicator const& comm, std::function<std::string()> const& f);

}  // namespace serry
