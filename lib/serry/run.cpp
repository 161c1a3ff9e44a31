#include "serry/run.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/exec/command_line.hpp"
#include "serry/exec/exit_guard.hpp"
#include "serry/exec/session.hpp"

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
                                space == std::string::npos ? "" : option.name.substr(space + 1), option.help});
    }
    return spec;
}

void say_error(std::string const& text) {
    std::fprintf(stderr, "serry: error: %s\n", text.c_str());
    std::fflush(stderr);
}

bool is_speaker() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank == 0;
}

struct Ending {
    ExitCode code = ExitCode::ok;
    std::string text;  ///< of the error, if any
};

/// The job on this rank, and the agreement on how it ended.
Ending run_job(Session& session, CommandLine const& line, std::function<void(Context&)> const& job) {
    ExitGuard const guard(session);
    Ending ending;
    try {
        std::vector<Context::Given> given;
        for (auto const& option : line.given) given.push_back({option.name, option.value});
        Context context(session, line.arguments, std::move(given));
        job(context);
    } catch (CommError const&) {
        throw;
    } catch (...) {
        ending = {code_of_current_exception(), describe_current_exception()};
    }
    if (ending.code == ExitCode::divergence) return ending;  // agreed on already
    try {
        session.close(ending.text.empty() ? Announcement::Kind::returned : Announcement::Kind::threw, ending.text);
    } catch (UsageError const& divergence) {
        ending = {divergence.exit_code(), divergence.what()};
    }
    return ending;
}

void say_settings(Session const& session) {
    Options const& options = session.options();
    std::fprintf(stderr, "serry: job %s: %d ranks, %s of memory each, scratch %s\n", session.job_id().c_str(),
                 session.comm().rank_count(), format_bytes(options.memory_bytes).c_str(), options.scratch.c_str());
}

int run_on_ranks(int argc, char** argv, std::function<void(Context&)> const& job, Program const& program) {
    CommandLine line;
    try {
        line = read_command_line(argc, argv, spec_of(argv[0], program));
    } catch (UsageError const& error) {
        if (is_speaker()) say_error(error.what());
        return static_cast<int>(error.exit_code());
    }
    if (line.answer) {
        if (is_speaker()) std::fputs(line.answer->c_str(), stdout);
        return static_cast<int>(ExitCode::ok);
    }
    Session session(MPI_COMM_WORLD, line.options);
    bool const speaks = session.comm().rank() == 0;
    if (speaks && !line.options.quiet) say_settings(session);
    Ending const ending = run_job(session, line, job);
    if (speaks && !line.options.quiet && !session.reports().empty())
        std::fputs(stage_table(session.reports(), session.comm().rank_count()).c_str(), stderr);
    if (speaks && !ending.text.empty()) say_error(ending.text);
    return static_cast<int>(ending.code);
}

}  // namespace

int run(int argc, char** argv, std::function<void(Context&)> const& job, Program const& program) {
    try {
        comm::Environment const environment(argc, argv);
        try {
            return run_on_ranks(argc, argv, job, program);
        } catch (CommError const& error) {
            say_error(error.what());
            MPI_Abort(MPI_COMM_WORLD, static_cast<int>(error.exit_code()));
        }
    } catch (Error const& error) {
        say_error(error.what());
        return static_cast<int>(error.exit_code());
    }
    return static_cast<int>(ExitCode::communication);
}

}  // namespace serry
