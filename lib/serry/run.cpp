#include "serry/run.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/exec/checkpoints.hpp"
#include "serry/exec/command_line.hpp"
#include "serry/exec/exit_guard.hpp"
#include "serry/exec/session.hpp"
#include "serry/shuffle/spill_file.hpp"

namespace serry {
namespace {

CommandLineSpec spec_of(char const* path, Program const& program) {
    CommandLineSpec spec;
    spec.program = std::filesystem::path(path).filename().string();
    spec.summary = program.summary;
    spec.arguments = program.arguments;
    for (OptionHelp const& option : program.options) {
        std::size_t const space = option.name.find(' ');
        spec.options.push_back({option.name.substr(0, space),
                                space == std::string::npos ? "" : option.name.substr(space + 1),
                                option.help});
    }
    return spec;
}

void say_error(std::string const& text) {
    std::fprintf(stderr, "serry: error: %s\n", text.c_str());
    std::fflush(stderr);
}

/// The other ranks may be anywhere: no collective would end.
[[noreturn]] void abort_all(CommError const& error) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    say_error(fmt::format("rank {} ({}): {}; the job is given up", rank, comm::local_node_name(),
                          error.what()));
    MPI_Abort(MPI_COMM_WORLD, static_cast<int>(error.exit_code()));
    std::abort();
}

/// An error that the user knows of.
struct SaidAlready {
    ExitCode code;
};

struct Ending {
    ExitCode code = ExitCode::ok;
    std::string text;  ///< of the error, if any

    static Ending of_current_exception() {
        return {code_of_current_exception(), describe_current_exception()};
    }
    bool is_error() const { return code != ExitCode::ok; }
};

/// What this rank's command line and environment say, or what is wrong with them.
struct Start {
    CommandLine line;
    Ending ending;

    bool is_end() const { return ending.is_error() || line.answer; }
};

/// Now rather than when hours of work have filled the memory. Local: folders differ between nodes.
void check_scratch(std::string const& folder) {
    std::string const wrong = SpillFile::what_is_wrong_with(folder);
    if (wrong.empty()) return;
    throw StorageError(
        fmt::format("scratch: {} ({}) cannot be written to: {}; choose another "
                    "folder by --scratch",
                    folder, comm::local_node_name(), wrong));
}

Start read_start(int argc, char** argv, Program const& program) {
    Start start;
    try {
        start.line = read_command_line(argc, argv, spec_of(argv[0], program));
        if (!start.line.answer) check_scratch(start.line.options.scratch);
    } catch (Error const&) {
        start.ending = Ending::of_current_exception();
    }
    return start;
}

/// Whether the job ends before it has begun, on any rank: the lowest of these says why. Collective.
std::optional<int> ended_at_start(Start const& start) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    std::uint64_t const nobody = ~std::uint64_t{0};
    auto const own = static_cast<std::uint64_t>(comm.rank());
    std::uint64_t const speaker = comm.all_reduce_min(start.is_end() ? own : nobody);
    if (speaker == nobody) return std::nullopt;
    if (speaker == own) {
        if (start.line.answer) std::fputs(start.line.answer->c_str(), stdout);
        if (start.ending.is_error()) say_error(start.ending.text);
    }
    std::string const code = std::to_string(static_cast<int>(start.ending.code));
    return std::stoi(comm.broadcast(code, static_cast<int>(speaker)));
}

/// The job on this rank, and the agreement on how it ended.
Ending run_job(Session& session,
               CommandLine const& line,
               std::function<void(Context&)> const& job) {
    ExitGuard const guard(session);
    Ending ending;
    try {
        std::vector<Context::Given> given;
        for (auto const& option : line.given) given.push_back({option.name, option.value});
        Context context(session, line.arguments, std::move(given));
        job(context);
    } catch (CommError const& error) {
        abort_all(error);
    } catch (...) {
        ending = Ending::of_current_exception();
    }
    try {
        session.close(ending.is_error() ? Announcement::Kind::threw : Announcement::Kind::returned,
                      ending.text);
    } catch (CommError const& error) {
        abort_all(error);
    } catch (Error const&) {
        ending = Ending::of_current_exception();
    }
    return ending;
}

void say_settings(Session const& session) {
    Options const& options = session.options();
    std::fprintf(stderr, "serry: job %s: %d ranks, %s of memory each, scratch %s\n",
                 session.job_id().c_str(), session.comm().rank_count(),
                 format_bytes(options.memory_bytes).c_str(), options.scratch.c_str());
    if (Checkpoints const* const checkpoints = session.checkpoints())
        if (std::string const resumption = checkpoints->resumption(); !resumption.empty())
            std::fprintf(stderr, "serry: %s\n", resumption.c_str());
}

bool is_rank_0() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank == 0;
}

/// What the results of a job follow from, for rank 0 to compare: reads the program's file.
JobIdentity identity_of(char const* path, CommandLine const& line) {
    if (line.options.checkpoint.empty() || !is_rank_0()) return {};
    JobIdentity identity;
    identity.program = std::filesystem::path(path).filename().string();
    identity.binary_hash = hash_of_this_program();
    identity.partition_count = line.options.partition_count;
    identity.arguments = line.arguments;
    for (auto const& option : line.given)
        identity.options.push_back(option.name + '=' + option.value);
    return identity;
}

void say_checkpoints(Checkpoints const& checkpoints, bool has_failed) {
    Checkpoints::Totals const& totals = checkpoints.totals();
    std::fprintf(stderr, "serry: checkpoints: %llu committed, %s in %s; ",
                 static_cast<unsigned long long>(totals.committed),
                 format_bytes(totals.file_bytes).c_str(),
                 format_seconds(totals.commit_seconds).c_str());
    std::fprintf(stderr, "%llu restored in %s; %llu results from the journal\n",
                 static_cast<unsigned long long>(totals.restored),
                 format_seconds(totals.restore_seconds).c_str(),
                 static_cast<unsigned long long>(totals.replayed_results));
    if (has_failed)
        std::fputs("serry: run again with the same --checkpoint, the job goes on from there\n",
                   stderr);
}

/// What fails here fails on all ranks alike, and rank 0 says so.
std::unique_ptr<Session> open_session(char const* path, CommandLine const& line) {
    try {
        return std::make_unique<Session>(MPI_COMM_WORLD, line.options, identity_of(path, line));
    } catch (CommError const&) {
        throw;
    } catch (Error const& error) {
        if (is_rank_0()) say_error(error.what());
        throw SaidAlready{error.exit_code()};
    }
}

int run_on_ranks(int argc,
                 char** argv,
                 std::function<void(Context&)> const& job,
                 Program const& program) {
    Start const start = read_start(argc, argv, program);
    if (auto const code = ended_at_start(start)) return *code;
    CommandLine const& line = start.line;
    std::unique_ptr<Session> const opened = open_session(argv[0], line);
    Session& session = *opened;
    bool const speaks = session.comm().rank() == 0;
    if (speaks && !line.options.quiet) say_settings(session);
    Ending const ending = run_job(session, line, job);
    if (speaks && !line.options.quiet && !session.reports().empty())
        std::fputs(stage_table(session.reports(), session.comm().rank_count()).c_str(), stderr);
    if (speaks && !line.options.quiet && session.checkpoints())
        say_checkpoints(*session.checkpoints(), ending.is_error());
    if (speaks && ending.is_error()) say_error(ending.text);
    return static_cast<int>(ending.code);
}

}  // namespace

int run(int argc, char** argv, std::function<void(Context&)> const& job, Program const& program) {
    try {
        comm::Environment const environment(argc, argv);
        try {
            return run_on_ranks(argc, argv, job, program);
        } catch (CommError const& error) {
            abort_all(error);
        } catch (SaidAlready const& error) {
            return static_cast<int>(error.code);
        }
    } catch (Error const& error) {
        say_error(error.what());
        return static_cast<int>(error.exit_code());
    }
}

}  // namespace serry
