#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>

namespace serry {

/// What a program that ends in an error returns to the shell. 1, 110, 124 and codes from 128 on
/// belong to mpirun, timeout and signals, and are never used.
enum class ExitCode : int {
    ok = 0,
    usage = 2,           ///< wrong options, or an output that exists
    divergence = 64,     ///< ranks ran different programs; a plan or fingerprint does not match
    input = 65,          ///< missing, unreadable, broken or changing input
    user_function = 66,  ///< a function of the user's threw; never retried
    preempted = 70,      ///< told to leave; can be resumed
    does_not_fit = 71,   ///< memory or scratch is too small for what was asked
    storage = 74,        ///< output, scratch or checkpoint could not be written
    too_few_nodes = 75,
    communication = 76,
    hang = 86,
};

/// Base of everything that serry throws. The text is one sentence for the user: what failed, on
/// what, what was seen, what was expected, what to do.
class Error : public std::runtime_error {
public:
    Error(ExitCode code, std::string const& text) : std::runtime_error(text), code_(code) {}
    ExitCode exit_code() const noexcept { return code_; }

private:
    ExitCode code_;
};

/// The program or its command line is wrong.
class UsageError : public Error {
public:
    explicit UsageError(std::string const& text, ExitCode code = ExitCode::usage)
        : Error(code, text) {}
};

/// The data is wrong: missing, unreadable, broken, changed while it was read.
class InputError : public Error {
public:
    explicit InputError(std::string const& text) : Error(ExitCode::input, text) {}
};

/// MPI failed.
class CommError : public Error {
public:
    explicit CommError(std::string const& text) : Error(ExitCode::communication, text) {}
};

/// Files of ours could not be written or read back (output, scratch), or do not fit.
class StorageError : public Error {
public:
    explicit StorageError(std::string const& text, ExitCode code = ExitCode::storage)
        : Error(code, text) {}
};

/// A task failed somewhere. The same object, text and code on every rank, thrown by the action.
class StageError : public Error {
public:
    StageError(ExitCode code, std::string const& text) : Error(code, text) {}
};

/// "std::out_of_range: what()" of the exception being handled; serry's own errors give their text
/// alone. Call in a catch block only.
std::string describe_current_exception();

/// The exit code of the exception being handled: its own for serry's errors, user_function for
/// others. Call in a catch block only.
ExitCode code_of_current_exception();

/// "No such file or directory" for errno's value `error_number`.
std::string describe_errno(int error_number);

}  // namespace serry
