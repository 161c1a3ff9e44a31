#include "serry/context.hpp"

#include <algorithm>
#include <cstdio>

#include "serry/base/error.hpp"
#include "serry/exec/mpi_stage.hpp"
#include "serry/exec/session.hpp"

namespace serry {

std::string const& Context::argument(std::size_t index) const {
    if (index < arguments_.size()) return arguments_[index];
    throw UsageError("argument " + std::to_string(index + 1) + " is missing; "
                     + std::to_string(arguments_.size())
                     + " were given; --help shows what is expected");
}

bool Context::has(std::string_view name) const {
    return std::any_of(options_.begin(), options_.end(),
                       [&](Given const& given) { return given.name == name; });
}

std::optional<std::string> Context::option(std::string_view name) const {
    for (Given const& given : options_)
        if (given.name == name) return given.value;
    return std::nullopt;
}

std::uint64_t Context::count_option(std::string_view name, std::uint64_t otherwise) const {
    auto const text = option(name);
    return text ? serry::count_option(std::string(name), *text) : otherwise;
}

void Context::print(std::string_view text) const {
    if (session_->comm().rank() != 0) return;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

void Context::mpi_stage(std::function<void(MPI_Comm)> const& f, CallSite at) const {
    run_mpi_stage(*session_, f, at);
}

int Context::rank_count() const { return session_->comm().rank_count(); }

}  // namespace serry
