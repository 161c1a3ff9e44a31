#include "serry/tool.hpp"

#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "serry/base/error.hpp"
#include "serry/base/options.hpp"
#include "serry/examine_ranks.hpp"
#include "serry/tool/checkpoint_tool.hpp"
#include "serry/tool/doctor_report.hpp"
#include "serry/tool/scale.hpp"
#include "serry/tool/supervisor.hpp"

namespace serry {
namespace {

/// What a command line asked for; gives the exit code.
using Action = std::function<int()>;

int print(ToolReport const& report) {
    std::fputs(report.text.c_str(), stdout);
    return report.is_good ? 0 : static_cast<int>(ExitCode::storage);
}

/// The value of --checkpoint among a program's own words.
std::string checkpoint_in(std::vector<std::string> const& words) {
    std::string const name = "--checkpoint";
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == name && i + 1 < words.size()) return words[i + 1];
        if (words[i].starts_with(name + '=')) return words[i].substr(name.size() + 1);
    }
    return "";
}

/// Help with a usage line of its own.
class UsageHelp final : public CLI::Formatter {
public:
    explicit UsageHelp(std::string usage) : usage_(std::move(usage)) {}
    std::string make_usage(CLI::App const*, std::string) const override { return usage_; }

private:
    std::string usage_;
};

/// The words of `serry run`, until parsing is over.
struct RunWords {
    SupervisorOptions options;
    std::string hang_timeout = "10m", pause = "2s";

    void add_to(CLI::App& app, Action& action) {
        CLI::App& run = *app.add_subcommand(
            "run",
            "start a job, and start it again from its checkpoints when a process, a node or "
            "the network fails");
        run.formatter(
            std::make_shared<UsageHelp>("usage: serry run [options] -- PROGRAM ARGUMENTS...\n"));
        run.add_option("-n,--ranks", options.rank_count,
                       "how many ranks (default: as the launcher decides)");
        run.add_option("--checkpoint", options.checkpoint,
                       "folder for checkpoints, which all nodes share");
        run.add_option("--launcher", options.launcher, "mpirun, srun or auto (default)")
            ->check(CLI::IsMember({"auto", "mpirun", "srun"}));
        run.add_option("--launcher-option", options.launcher_words,
                       "a word for the launcher; may be given several times")
            ->allow_extra_args(false);
        run.add_option("--hosts", options.hosts, "nodes and their ranks: n1:32,n2:32")
            ->delimiter(',')
            ->allow_extra_args(false);
        run.add_option("--hosts-from", options.hosts_from,
                       "a command of the shell's that prints them, run before each attempt");
        run.add_option("--min-nodes", options.least_hosts,
                       "give up (75) when fewer of --hosts are left (default: 1)");
        run.add_option("--max-restarts", options.most_restarts,
                       "attempts in a row that get no further (default: 5)");
        run.add_option("--pause", pause, "before the next attempt; doubles (default: 2s)");
        run.add_option("--hang-timeout", hang_timeout,
                       "end an attempt without a sign of life for so long, or off (default: 10m)");
        run.add_option("command", options.command, "")->group("");
        run.callback([this, &action] {
            if (options.command.empty())
                throw UsageError(
                    "serry run: no program was given; expected serry run [options] -- "
                    "PROGRAM ARGUMENTS...");
            options.hang_seconds = hang_seconds_option("--hang-timeout", hang_timeout);
            options.pause_seconds = seconds_option("--pause", pause);
            if (options.checkpoint.empty()) options.checkpoint = checkpoint_in(options.command);
            action = [this] { return Supervisor(options).run(); };
        });
    }
};

/// The same of `serry checkpoints`.
struct CheckpointWords {
    std::string folder;
    std::optional<std::uint64_t> number;
    std::uint64_t kept = 2;

    void add_to(CLI::App& app, Action& action) {
        CLI::App& checkpoints =
            *app.add_subcommand("checkpoints", "look at the folder of --checkpoint, and tidy it");
        checkpoints.require_subcommand(1);
        add(checkpoints, "ls", "list the checkpoints", action,
            [this] { return list_checkpoints(folder); });
        add(checkpoints, "verify", "read all of them, and say which are valid", action,
            [this] { return verify_checkpoints(folder); });
        add(checkpoints, "show", "the job and its journal, or one checkpoint", action, [this] {
            return show_checkpoint(folder, number);
        }).add_option("number", number, "of a checkpoint");
        add(checkpoints, "prune", "delete old and damaged ones", action, [this] {
            return prune_checkpoints(folder, kept);
        }).add_option("--keep", kept, "how many valid ones to keep (default: 2)");
    }

    CLI::App& add(CLI::App& above,
                  char const* name,
                  char const* help,
                  Action& action,
                  std::function<ToolReport()> report) {
        CLI::App& app = *above.add_subcommand(name, help);
        app.add_option("folder", folder, "that jobs were given as --checkpoint")->required();
        app.callback([&action, report = std::move(report)] {
            action = [report] { return print(report()); };
        });
        return app;
    }
};

/// The same of `serry scale`.
struct ScaleWords {
    ScaleOptions options;
    std::vector<std::string> shapes;
    std::string limit;

    void add_to(CLI::App& app, Action& action) {
        CLI::App& scale = *app.add_subcommand(
            "scale", "run a program over numbers of nodes and ranks, and report how it scales");
        scale.formatter(std::make_shared<UsageHelp>(
            "usage: serry scale --shapes LIST [options] -- PROGRAM ARGUMENTS...\n"
            "       serry scale --report [--output DIR]\n\n"
            "In the program's words {ranks}, {nodes}, {ranks*N}, {nodes*N} and {round} are filled "
            "in.\n"));
        scale
            .add_option("--shapes", shapes,
                        "NODESxRANKS_A_NODE, or ranks on one node: 1x32,2x32,4x32 or 1,2,4")
            ->delimiter(',')
            ->allow_extra_args(false);
        scale.add_flag("--weak", options.is_weak,
                       "the work grows with the ranks (default: it stays the same)");
        scale.add_option("--repeats", options.round_count, "runs of each shape (default: 5)");
        scale
            .add_option("--warm-ups", options.warm_up_count,
                        "runs before the first, not counted (default: 1)")
            ->check(CLI::Range(0, 1000));
        scale.add_option("--output", options.folder,
                         "folder for runs and report (default: scaling); holds it some runs of "
                         "this series, only what is missing is run");
        scale.add_flag("--fresh", options.is_fresh, "forget what --output holds");
        scale.add_option("--launcher", options.launcher, "mpirun, srun or auto (default)")
            ->check(CLI::IsMember({"auto", "mpirun", "srun"}));
        scale
            .add_option("--launcher-option", options.launcher_words,
                        "a word for the launcher; may be given several times")
            ->allow_extra_args(false);
        scale.add_option("--cores", options.core_count,
                         "of a node; shapes with more ranks are marked, and never fitted (default: "
                         "as Slurm or the system says)");
        scale.add_option("--limit", limit, "end a run that takes longer, such as 10m");
        scale.add_flag("--dry-run", options.is_dry_run, "print what would be run");
        scale.add_flag("--report", options.is_report_only,
                       "make the report again, and run nothing");
        scale.add_option("command", options.command, "")->group("");
        scale.callback([this, &action] {
            for (std::string const& shape : shapes)
                options.shapes.push_back(shape_option("--shapes", shape));
            if (!limit.empty()) options.limit_seconds = seconds_option("--limit", limit);
            action = [this] { return Scale(options).run(); };
        });
    }
};

/// The same of `serry doctor`.
struct DoctorWords {
    DoctorOptions options;
    bool as_json = false;

    void add_to(CLI::App& app, Action& action) {
        CLI::App& doctor = *app.add_subcommand("doctor",
                                               "say whether this place can run jobs well, and what "
                                               "to change; under mpirun or srun, of "
                                               "all their ranks");
        doctor.add_option("--scratch", options.scratch, "as jobs are given it (default: /tmp)");
        doctor.add_option("--checkpoint", options.checkpoint, "as jobs are given it");
        doctor.add_flag("--json", as_json, "print a JSON object");
        doctor.callback([this, &action] {
            action = [this] {
                auto const ranks = examine_ranks(options);
                if (ranks.empty()) return 0;  // rank 0 tells
                ToolReport const report = describe(ranks, as_json);
                std::fputs(report.text.c_str(), stdout);
                return report.is_good ? 0 : 1;
            };
        });
    }
};

}  // namespace

int run_tool(int argc, char** argv) {
    CLI::App app(
        "Run jobs of serry's until they are done, look at their checkpoints, measure how they "
        "scale, and see whether a place is fit for them.",
        "serry");
    app.require_subcommand(1);
    Action action;
    RunWords run;
    CheckpointWords checkpoints;
    DoctorWords doctor;
    ScaleWords scale;
    run.add_to(app, action);
    checkpoints.add_to(app, action);
    doctor.add_to(app, action);
    scale.add_to(app, action);
    try {
        app.parse(argc, argv);
        return action();
    } catch (CLI::CallForHelp const& help) {
        return app.exit(help);
    } catch (CLI::ParseError const& error) {
        std::fprintf(stderr, "serry: error: %s; --help shows what is expected\n", error.what());
        return static_cast<int>(ExitCode::usage);
    } catch (Error const& error) {
        std::fprintf(stderr, "serry: error: %s\n", error.what());
        return static_cast<int>(error.exit_code());
    }
}

}  // namespace serry
