#include "serry/exec/rank_0.hpp"

#include <fmt/format.h>

namespace serry {

void throw_error(ExitCode code, std::string const& text) {
    switch (code) {
        case ExitCode::usage:
        case ExitCode::divergence:
            throw UsageError(text, code);
        case ExitCode::input:
            throw InputError(text);
        case ExitCode::does_not_fit:
        case ExitCode::storage:
            throw StorageError(text, code);
        default:
            throw Error(code, text);
    }
}

std::string on_rank_0(comm::Communicator const& comm, std::function<std::string()> const& f) {
    int code = 0;
    std::string told;
    if (comm.rank() == 0) {
        try {
            told = f();
        } catch (...) {
            code = static_cast<int>(code_of_current_exception());
            told = describe_current_exception();
        }
        told = fmt::format("{} {}", code, told);
    }
    told = comm.broadcast(told, 0);
    std::size_t const space = told.find(' ');
    code = std::stoi(told.substr(0, space));
    if (code != 0) throw_error(static_cast<ExitCode>(code), told.substr(space + 1));
    return told.substr(space + 1);
}

}  // namespace serry
