#include "serry/tool/scale.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/units.hpp"
#include "serry/tool/exit_cause.hpp"
#include "serry/tool/process.hpp"
#include "serry/tool/scale_report.hpp"
#include "serry/tool/shell_output.hpp"

extern char** environ;

namespace serry {
namespace {

namespace fs = std::filesystem;

std::array const watched_signals = {SIGTERM, SIGINT, SIGHUP};
volatile std::sig_atomic_t pending_signal = 0;

void note_watched_signal(int signal) { pending_signal = signal; }

void say_of_series(std::string const& text) {
    std::fprintf(stderr, "serry scale: %s\n", text.c_str());
    std::fflush(stderr);
}

std::string content_of(fs::path const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

StorageError cannot_write(std::string const& path, int error) {
    return StorageError(
        fmt::format("serry scale: {} cannot be written: {}; choose another --output", path,
                    describe_errno(error)));
}

/// In one rename: others may write the same file.
void write_file(std::string const& path, std::string const& content) {
    std::string const part = fmt::format("{}.{}", path, getpid());
    std::ofstream file(part, std::ios::binary);
    file << content;
    file.close();
    if (file && std::rename(part.c_str(), path.c_str()) == 0) return;
    int const error = errno;
    std::error_code ignored;
    fs::remove(part, ignored);
    throw cannot_write(path, error);
}

int number_in_environment(char const* name) {
    char const* const text = std::getenv(name);
    return text ? std::atoi(text) : 0;
}

int core_count_here() {
    if (int const told = number_in_environment("SLURM_CPUS_ON_NODE"); told > 0) return told;
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    return CPU_COUNT(&allowed);
}

std::string describe_system() {
    utsname kernel{};
    uname(&kernel);
    std::ifstream cpus("/proc/cpuinfo");
    std::string line, model;
    while (model.empty() && std::getline(cpus, line))
        if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
    return fmt::format("{} {}, {}", kernel.sysname, kernel.release, model);
}

/// What may change how a job runs.
std::vector<EnvironmentVariable> telling_environment() {
    constexpr std::array prefixes = {"OMPI_MCA_", "PRTE_MCA_",  "UCX_",
                                     "OMP_",      "SLURM_JOB_", "SERRY_"};
    std::vector<EnvironmentVariable> found;
    for (char** at = environ; *at; ++at) {
        std::string_view const entry = *at;
        std::size_t const equals = entry.find('=');
        bool const tells = std::any_of(prefixes.begin(), prefixes.end(), [&](char const* prefix) {
            return entry.starts_with(prefix);
        });
        if (tells && equals != std::string_view::npos)
            found.push_back(
                {std::string(entry.substr(0, equals)), std::string(entry.substr(equals + 1))});
    }
    std::sort(found.begin(), found.end(),
              [](auto const& a, auto const& b) { return a.name < b.name; });
    return found;
}

/// As the shell would find it.
fs::path find_program(std::string const& name) {
    auto const is_program = [](fs::path const& path) {
        return fs::is_regular_file(path) && access(path.c_str(), X_OK) == 0;
    };
    if (name.find('/') != std::string::npos && is_program(name)) return fs::absolute(name);
    char const* const given = std::getenv("PATH");
    std::string_view folders = name.find('/') == std::string::npos && given ? given : "";
    while (!folders.empty()) {
        std::size_t const end = std::min(folders.find(':'), folders.size());
        fs::path path = fs::path(folders.substr(0, end)) / name;
        if (is_program(path)) return path;
        folders.remove_prefix(std::min(end + 1, folders.size()));
    }
    throw UsageError(fmt::format("serry scale: {} is no program here", name));
}

/// Of the repository that the program lies in, if it lies in one.
std::string revision_of(fs::path const& program) {
    std::string const git = "git -C " + shell_quoted(fs::canonical(program).parent_path().string());
    ShellOutput const head = shell_output(git + " rev-parse HEAD 2>/dev/null");
    if (!head.is_good) return "";
    std::string const hash = head.text.substr(0, head.text.find('\n'));
    ShellOutput const changes =
        shell_output(git + " status --porcelain --untracked-files=no 2>/dev/null");
    return changes.text.empty() ? hash : hash + " with changes";
}

std::string now_in_utc() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// Starts a run, whose output goes to a file, with more in its environment.
pid_t start(std::vector<std::string> const& words,
            std::string const& log,
            std::vector<EnvironmentVariable> const& settings) {
    int const output = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (output < 0) throw cannot_write(log, errno);
    pid_t const process = start_process("serry scale", words, [&] {
        dup2(output, STDOUT_FILENO);
        dup2(output, STDERR_FILENO);
        for (auto const& [name, value] : settings) setenv(name.c_str(), value.c_str(), 1);
    });
    int const error = errno;
    close(output);
    if (process < 0)
        throw StorageError("serry scale: no process: " + describe_errno(error),
                           ExitCode::does_not_fit);
    return process;
}

}  // namespace

std::vector<Shape> order_of_round(std::vector<Shape> shapes, int round) {
    auto const begin = static_cast<std::size_t>(round) % shapes.size();
    std::rotate(shapes.begin(), shapes.begin() + static_cast<std::ptrdiff_t>(begin), shapes.end());
    if (round % 2 == 0) std::reverse(shapes.begin(), shapes.end());
    return shapes;
}

Scale::Scale(ScaleOptions options) : options_(std::move(options)) {
    char const* const job = std::getenv("SLURM_JOB_ID");
    if (options_.launcher == "auto") options_.launcher = job ? "srun" : "mpirun";
    if (options_.core_count == 0) options_.core_count = core_count_here();
    if (job) node_count_ = std::max(1, number_in_environment("SLURM_JOB_NUM_NODES"));
    // Jobs of one series may run side by side.
    runs_path_ = options_.folder + (job ? fmt::format("/runs-{}.jsonl", job) : "/runs.jsonl");
}

int Scale::run() {
    if (options_.is_report_only) {
        read_runs();
        if (runs_.empty())
            throw UsageError(fmt::format(
                "serry scale: {} holds no runs; expected the --output of an earlier serry "
                "scale",
                options_.folder));
        write_report();
        return 0;
    }
    check();
    known_ = what_all_runs_share();
    if (!options_.is_fresh) {
        read_runs();
        check_same_series();
    }
    if (options_.is_dry_run) return run_missing();
    prepare_folder();
    struct sigaction action {};
    action.sa_handler = note_watched_signal;
    for (int const signal : watched_signals) sigaction(signal, &action, nullptr);
    int const code = run_missing();
    read_runs();  // of other jobs, too
    bool const has_good = std::any_of(runs_.begin(), runs_.end(), [](ScaleRun const& run) {
        return run.is_good() && run.round > 0;
    });
    if (has_good) write_report();
    return code;
}

void Scale::check() {
    if (options_.command.empty())
        throw UsageError(
            "serry scale: no program was given; expected serry scale --shapes LIST [options] -- "
            "PROGRAM ARGUMENTS...");
    if (options_.shapes.empty())
        throw UsageError(
            "serry scale: no shapes were given; expected for instance --shapes 1,2,4 or "
            "--shapes 1x32,2x32,4x32");
    if (options_.round_count < 1) throw UsageError("serry scale: --repeats: expected 1 or more");
    std::sort(options_.shapes.begin(), options_.shapes.end(), [](Shape const& a, Shape const& b) {
        return std::pair(a.ranks(), a) < std::pair(b.ranks(), b);
    });
    auto const twice = std::unique(options_.shapes.begin(), options_.shapes.end());
    options_.shapes.erase(twice, options_.shapes.end());
    for (Shape const& shape : options_.shapes)
        if (shape.nodes > node_count_)
            throw UsageError(fmt::format(
                "serry scale: shape {} needs {} nodes, here are {}; ask Slurm for as many (salloc, "
                "sbatch, slurm/scaling.sh), or leave it out",
                shape.name(), shape.nodes, node_count_));
    for (std::string const& word : options_.command)
        if (word == "--events" || word.starts_with("--events="))
            throw UsageError(
                "serry scale: --events is what the runs tell serry scale by; leave it out, "
                "runs.jsonl holds what it says");
    if (options_.is_weak && !depends_on_shape(options_.command))
        throw UsageError(
            "serry scale: --weak: the work is the same for all shapes; have the command hold "
            "{ranks}, {nodes} or {ranks*N}, such as points-{ranks}.txt");
}

ScaleRun Scale::what_all_runs_share() const {
    ScaleRun run;
    run.program = options_.command;
    run.is_weak = options_.is_weak;
    fs::path const program = find_program(options_.command[0]);
    run.program_hash = fmt::format("{:016x}", hash_long(content_of(program)));
    run.revision = revision_of(program);
    run.system = describe_system();
    run.cores = options_.core_count;
    return run;
}

/// Makes it fit to be written to.
void Scale::prepare_folder() const {
    std::error_code error;
    if (options_.is_fresh) {
        for (auto const& entry : fs::directory_iterator(options_.folder, error))
            if (entry.path().extension() == ".jsonl") fs::remove(entry.path(), error);
        fs::remove_all(options_.folder + "/logs", error);
    }
    fs::create_directories(options_.folder + "/logs", error);
    if (error)
        throw StorageError(
            fmt::format("serry scale: {} cannot be made: {}; choose another --output",
                        options_.folder, error.message()));
    // A line that is not whole must not become part of the next one.
    std::string const text = content_of(runs_path_);
    std::size_t const whole = text.rfind('\n') + 1;
    if (whole < text.size()) fs::resize_file(runs_path_, whole);
}

int Scale::run_missing() {
    std::vector<std::pair<int, Shape>> missing;
    for (int round = 1; round <= options_.round_count; ++round)
        for (Shape const& shape : order_of_round(options_.shapes, round))
            if (!is_done(shape, round)) missing.emplace_back(round, shape);
    // What is read first comes from the disk, and caches are cold.
    if (!missing.empty())
        missing.insert(missing.begin(), static_cast<std::size_t>(options_.warm_up_count),
                       {0, options_.shapes.back()});
    std::size_t const first_count = missing.size();
    for (std::size_t i = 0; i < missing.size() && !pending_signal; ++i) {
        auto const [round, shape] = missing[i];
        if (options_.is_dry_run) {
            fmt::print("{}\n", fmt::join(launch_words(shape, round), " "));
            continue;
        }
        ScaleRun const run = run_one(shape, round);
        if (pending_signal) break;
        note(run);
        // A rank that crashes may be MPI's start or the machine: once more, when the others are
        // done.
        if (run.exit_code > 128 && round > 0 && i < first_count) missing.emplace_back(round, shape);
        say_of_series(fmt::format(
            "run {} of {}: {}, {}: {}", i + 1, missing.size(),
            round == 0 ? "to warm up" : fmt::format("round {}", round), shape.name(),
            run.is_good()
                ? format_seconds(run.seconds())
                : fmt::format("failed with exit code {}, {} says why", run.exit_code, run.log)));
    }
    if (pending_signal) {
        say_of_series(
            fmt::format("ended by signal {}; run again, it does what is missing", pending_signal));
        return 128 + pending_signal;
    }
    bool const is_whole =
        std::all_of(missing.begin(), missing.end(), [this](auto const& round_and_shape) {
            auto const& [round, shape] = round_and_shape;
            return round == 0 || is_done(shape, round);
        });
    return is_whole || options_.is_dry_run ? 0 : 1;
}

bool Scale::is_done(Shape shape, int round) const {
    return std::any_of(runs_.begin(), runs_.end(), [&](ScaleRun const& run) {
        return run.is_good() && run.shape() == shape && run.round == round;
    });
}

ScaleRun Scale::run_one(Shape shape, int round) {
    ScaleRun run = known_;
    run.round = round;
    run.nodes = shape.nodes;
    run.ranks_a_node = shape.ranks_a_node;
    run.is_oversubscribed = is_crowded(shape);
    run.launched = launch_words(shape, round);
    run.log = fmt::format("{}/logs/{}-{}.log", options_.folder, shape.name(), round);
    std::string const events =
        fs::absolute(options_.folder).string() + fmt::format("/events-{}-{}", shape.name(), round);
    std::error_code ignored;
    fs::remove(events, ignored);
    std::vector<EnvironmentVariable> settings = {{"SERRY_EVENTS", events},
                                                 {"SERRY_PROGRESS", "off"}};
    // Ranks that spin would keep others from the core that they wait for.
    if (run.is_oversubscribed) settings.push_back({"OMPI_MCA_mpi_yield_when_idle", "1"});
    run.environment = telling_environment();
    run.environment.insert(run.environment.end(), settings.begin(), settings.end());
    run.started_at = now_in_utc();
    double const started = now_seconds();
    pid_t const process = start(run.launched, run.log, settings);
    run.exit_code = wait_for_end(process, started);
    run.wall_seconds = now_seconds() - started;
    add_events(events, content_of(events), run);
    fs::remove(events, ignored);
    if (!run.is_good()) run.job_seconds.reset();
    return run;
}

std::vector<std::string> Scale::launch_words(Shape shape, int round) const {
    std::vector<std::string> words = {options_.launcher};
    std::string const ranks = std::to_string(shape.ranks());
    if (options_.launcher == "srun") {
        words.insert(words.end(), {"--mpi=pmix", "--kill-on-bad-exit=1",
                                   fmt::format("--nodes={}", shape.nodes), "--ntasks=" + ranks,
                                   fmt::format("--ntasks-per-node={}", shape.ranks_a_node)});
        if (is_crowded(shape)) words.emplace_back("--overcommit");
    } else {
        words.insert(words.end(), {"-np", ranks});
        if (node_count_ > 1)
            words.insert(words.end(), {"--map-by", fmt::format("ppr:{}:node", shape.ranks_a_node),
                                       "-x", "SERRY_EVENTS", "-x", "SERRY_PROGRESS"});
        if (is_crowded(shape)) words.emplace_back("--oversubscribe");
    }
    words.insert(words.end(), options_.launcher_words.begin(), options_.launcher_words.end());
    for (std::string const& word : options_.command) words.push_back(fill_in(word, shape, round));
    return words;
}

/// Ends it when its time is over, or when we are told to end.
int Scale::wait_for_end(int process, double started) const {
    int status = 0;
    std::optional<double> told_at;
    while (waitpid(process, &status, WNOHANG) != process) {
        double const now = now_seconds();
        bool const is_over = options_.limit_seconds > 0 && now - started > options_.limit_seconds;
        if (!told_at && (pending_signal || is_over)) {
            kill(process, SIGTERM);
            told_at = now;
        }
        if (told_at && now - *told_at > patience_with_launcher_seconds) kill(-process, SIGKILL);
        usleep(2'000);
    }
    // What is left of its group.
    kill(-process, SIGKILL);
    if (told_at && !pending_signal) return 124;
    return exit_code_of(status);
}

void Scale::read_runs() {
    runs_.clear();
    std::vector<std::string> paths;
    std::error_code error;
    for (auto const& entry : fs::directory_iterator(options_.folder, error))
        if (entry.path().extension() == ".jsonl") paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    for (std::string const& path : paths) {
        for (ScaleRun& run : runs_from_text(path, content_of(path)))
            runs_.push_back(std::move(run));
    }
    std::stable_sort(runs_.begin(), runs_.end(), [](ScaleRun const& a, ScaleRun const& b) {
        return a.started_at < b.started_at;
    });
}

void Scale::check_same_series() const {
    for (ScaleRun const& run : runs_) {
        std::string different;
        if (run.program != known_.program)
            different = fmt::format("of \"{}\", now \"{}\" was given", fmt::join(run.program, " "),
                                    fmt::join(known_.program, " "));
        else if (run.is_weak != known_.is_weak)
            different = run.is_weak ? "of weak scaling" : "of strong scaling";
        else if (run.program_hash != known_.program_hash)
            different = "of another build of the program";
        if (!different.empty())
            throw UsageError(fmt::format(
                "serry scale: {} holds runs {}; give another --output, or --fresh to start over",
                options_.folder, different));
    }
}

void Scale::note(ScaleRun const& run) {
    std::ofstream file(runs_path_, std::ios::app | std::ios::binary);
    file << to_line(run);
    if (!file.flush()) throw cannot_write(runs_path_, errno);
    runs_.push_back(run);
}

void Scale::write_report() const {
    ScaleReport const report = report_of(runs_);
    write_file(options_.folder + "/report.csv", report.csv);
    write_file(options_.folder + "/report.html", report.html);
    std::fputs(report.text.c_str(), stdout);
    say_of_series(fmt::format(
        "the report is {0}/report.html; {0}/report.csv has its figures, {0}/*.jsonl the "
        "runs",
        options_.folder));
}

}  // namespace serry
