#include "serry/tool/exit_cause.hpp"

#include <csignal>
#include <cstring>

#include <fmt/format.h>
#include <sys/wait.h>

#include "serry/base/error.hpp"

namespace serry {
namespace {

constexpr int signal_base = 128;
/// Of mpirun, when it loses a daemon on another node.
constexpr int daemon_lost = 205;
/// Of mpirun's --timeout, and of coreutils' timeout.
constexpr int mpirun_timeout = 110, other_timeout = 124;

std::string signal_in_words(int signal) {
    return fmt::format("signal {} ({})", signal, strsignal(signal));
}

ExitCause cause_of_code(int code) {
    using Kind = ExitCause::Kind;
    switch (static_cast<ExitCode>(code)) {
        case ExitCode::ok:
            return {Kind::done, "it succeeded"};
        case ExitCode::usage:
        case ExitCode::divergence:
        case ExitCode::input:
        case ExitCode::user_function:
        case ExitCode::does_not_fit:
        case ExitCode::storage:
            return {Kind::hopeless,
                    fmt::format("it ended with exit code {}, and would again", code)};
        case ExitCode::preempted:
            return {Kind::preempted, "it was told to leave"};
        case ExitCode::too_few_nodes:
            return {Kind::fault, "too few nodes are left"};
        case ExitCode::communication:
            return {Kind::fault, "MPI failed"};
        case ExitCode::hang:
            return {Kind::fault, "it hung"};
    }
    if (code == daemon_lost) return {Kind::fault, "a node, or the network to it, was lost"};
    if (code == mpirun_timeout || code == other_timeout) return {Kind::fault, "it ran out of time"};
    if (code > signal_base && code < signal_base + NSIG)
        return {Kind::fault, "a rank was ended by " + signal_in_words(code - signal_base)};
    return {Kind::fault, fmt::format("it ended with exit code {}", code)};
}

}  // namespace

ExitCause cause_of_exit(int wait_status, bool was_ended) {
    if (was_ended) return {ExitCause::Kind::fault, "it hung, and was ended"};
    if (WIFSIGNALED(wait_status))
        return {ExitCause::Kind::fault,
                "the launcher was ended by " + signal_in_words(WTERMSIG(wait_status))};
    return cause_of_code(WEXITSTATUS(wait_status));
}

int exit_code_of(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace serry
