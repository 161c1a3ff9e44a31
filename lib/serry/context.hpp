#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mpi.h>

#include "serry/base/call_site.hpp"

namespace serry {

class Session;

/// A job's connection to its ranks, handed to the job by run(): what datasets are made from, and
/// the program's command line. The same on every rank.
class Context {
public:
    /// The words of the command line that are no options, in their order.
    std::vector<std::string> const& arguments() const { return arguments_; }
    std::string const& argument(std::size_t index) const;

    /// Whether `--name` was given.
    bool has(std::string_view name) const;
    /// The value of `--name VALUE`; nothing if it was not given.
    std::optional<std::string> option(std::string_view name) const;
    /// The same as a whole number. Throws UsageError if it is none.
    std::uint64_t count_option(std::string_view name, std::uint64_t otherwise) const;

    /// Write to the standard output, once: rank 0 does.
    void print(std::string_view text) const;

    int rank_count() const;

    /// Collective: MPI of your own between tasks. f(communicator) is called on every rank with a
    /// duplicate of the job's communicator, which is freed afterwards; requests on it must be
    /// complete by then. If f throws on any rank, every rank throws the same StageError, once f has
    /// ended on all of them. A rank must not leave f while others wait for it in MPI: they would
    /// wait for ever, and the job is given up (CommError) after a minute.
    void mpi_stage(std::function<void(MPI_Comm)> const& f, CallSite at = CallSite::here()) const;

    /// For what datasets are built on; programs have no use for it.
    Session& session() const { return *session_; }

    struct Given {
        std::string name;
        std::string value;
    };
    Context(Session& session, std::vector<std::string> arguments, std::vector<Given> options)
        : session_(&session), arguments_(std::move(arguments)), options_(std::move(options)) {}

private:
    Session* session_;
    std::vector<std::string> arguments_;
    std::vector<Given> options_;
};

}  // namespace serry
