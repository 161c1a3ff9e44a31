#include "serry/tool/supervisor.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <regex>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/checkpoint/checkpoint_folder.hpp"
#include "serry/tool/process.hpp"
#include "serry/tool/shell_output.hpp"

namespace serry {
namespace {

namespace fs = std::filesystem;

constexpr double longest_pause_seconds = 60;
constexpr int most_faults_of_host = 2;
constexpr int most_crashes_of_task = 2;

std::array const forwarded_signals = {SIGUSR1, SIGTERM, SIGINT, SIGHUP};
volatile std::sig_atomic_t pending_signals[NSIG];

void note_forwarded_signal(int signal) { pending_signals[signal] = 1; }

void say_of_run(std::string const& text) {
    std::fprintf(stderr, "serry run: %s\n", text.c_str());
    std::fflush(stderr);
}

/// For what one attempt leaves in temporary folders; goes with it.
class AttemptFolder {
public:
    AttemptFolder() {
        char const* const base = std::getenv("TMPDIR");
        std::string path = std::string(base && *base ? base : "/tmp") + "/serry-run-XXXXXX";
        if (!mkdtemp(path.data()))
            throw StorageError(
                fmt::format("{}: cannot be made: {}; set TMPDIR to a folder that can "
                            "be written to",
                            path, describe_errno(errno)));
        path_ = path;
        // Segments of shared memory that ranks leave when they are killed.
        memory_path_ = "/dev/shm/" + fs::path(path).filename().string();
        std::error_code ignored;
        if (!fs::create_directory(memory_path_, ignored)) memory_path_ = path_;
    }
    ~AttemptFolder() {
        std::error_code ignored;
        fs::remove_all(memory_path_, ignored);
        fs::remove_all(path_, ignored);
    }
    AttemptFolder(AttemptFolder const&) = delete;
    AttemptFolder& operator=(AttemptFolder const&) = delete;

    std::string const& path() const { return path_; }
    std::string const& memory_path() const { return memory_path_; }

private:
    std::string path_, memory_path_;
};

std::string name_of_host(std::string const& host) { return host.substr(0, host.find(':')); }

int ranks_of_host(std::string const& host) {
    std::size_t const colon = host.find(':');
    return colon == std::string::npos ? 1 : std::max(1, std::atoi(host.c_str() + colon + 1));
}

/// How long a file has not been touched, by this process's clock: the file server's may differ.
class SignOfLife {
public:
    explicit SignOfLife(std::string path) : path_(std::move(path)) {}

    /// 0 as long as there is no such file: the job may be waiting for its nodes.
    double silent_seconds() {
        std::error_code error;
        fs::file_time_type const at = fs::last_write_time(path_, error);
        if (error) return 0;
        if (std::exchange(touched_at_, at) != at) seen_at_ = now_seconds();
        return now_seconds() - seen_at_;
    }

private:
    std::string path_;
    fs::file_time_type touched_at_{};
    double seen_at_ = 0;
};

}  // namespace

Supervisor::Supervisor(SupervisorOptions options) : options_(std::move(options)) {
    if (options_.launcher == "auto")
        options_.launcher = std::getenv("SLURM_JOB_ID") ? "srun" : "mpirun";
    struct sigaction action {};
    action.sa_handler = note_forwarded_signal;
    for (int const signal : forwarded_signals) sigaction(signal, &action, nullptr);
}

Supervisor::~Supervisor() { end_processes(); }

int Supervisor::run() {
    for (;;) {
        find_hosts();
        if (has_too_few_hosts()) {
            say_of_run(fmt::format("{} nodes are left, expected at least {}; given up",
                                   hosts_.size(), options_.least_hosts));
            return static_cast<int>(ExitCode::too_few_nodes);
        }
        mark_ = progress_mark();
        Attempt const ended = attempt();
        ExitCause const cause = cause_of_exit(ended.wait_status, ended.was_ended);
        if (cause.kind == ExitCause::Kind::fault && has_finished()) {
            say_of_run(fmt::format("attempt {} was ended when the job was done: {}", attempt_count_,
                                   cause.text));
            return 0;
        }
        int const code = exit_code_of(ended.wait_status);
        if (cause.kind == ExitCause::Kind::done) {
            if (attempt_count_ > 1) say_of_run(fmt::format("done, in {} attempts", attempt_count_));
            return 0;
        }
        say_of_run(fmt::format("attempt {} failed: {}", attempt_count_, cause.text));
        if (is_leaving_ || must_stop(cause, ended)) return ended.was_ended ? 86 : code;
        blame(ended);
        double const pause = std::min(
            longest_pause_seconds, options_.pause_seconds * (1 << std::min(failures_in_a_row_, 6)));
        say_of_run(fmt::format("the next attempt starts in {}", format_seconds(pause)));
        for (double const start = now_seconds(); now_seconds() - start < pause;) {
            usleep(20'000);
            if (pending_signals[SIGTERM] || pending_signals[SIGINT]) return code;
            if (pending_signals[SIGUSR1]) return static_cast<int>(ExitCode::preempted);
        }
    }
}

/// Notes that the attempt failed.
bool Supervisor::must_stop(ExitCause const& cause, Attempt const& attempt) {
    if (cause.kind == ExitCause::Kind::hopeless) return true;
    if (cause.kind == ExitCause::Kind::preempted) return true;
    if (!attempt.crash.empty() && ++crashes_[attempt.crash] == most_crashes_of_task) {
        say_of_run(
            fmt::format("twice it was ended {}: that is the program or its input, not the machine; "
                        "given up",
                        attempt.crash));
        return true;
    }
    bool const has_moved = progress_mark() != mark_;
    failures_in_a_row_ = has_moved ? 0 : failures_in_a_row_ + 1;
    if (failures_in_a_row_ <= options_.most_restarts) return false;
    say_of_run(fmt::format("{} attempts one after the other got no further; given up",
                           failures_in_a_row_));
    return true;
}

/// Leave out nodes that failed too often.
void Supervisor::blame(Attempt const& attempt) {
    for (std::string const& host : attempt.failed_hosts) {
        if (++faults_by_host_[host] < most_faults_of_host) continue;
        auto const is_host = [&](std::string const& one) { return name_of_host(one) == host; };
        bool const is_ours = std::any_of(hosts_.begin(), hosts_.end(), is_host);
        if (is_ours && left_out_.insert(host).second)
            say_of_run(
                fmt::format("{} has failed {} times and is left out", host, faults_by_host_[host]));
    }
}

bool Supervisor::has_too_few_hosts() const {
    bool const has_hosts = !options_.hosts.empty() || !options_.hosts_from.empty();
    return has_hosts && hosts_.size() < static_cast<std::size_t>(options_.least_hosts);
}

/// Those that were asked for and have not failed too often.
void Supervisor::find_hosts() {
    hosts_ = options_.hosts;
    if (!options_.hosts_from.empty()) {
        auto const [told, is_good] = shell_output(options_.hosts_from);
        if (!is_good) say_of_run("--hosts-from failed: " + options_.hosts_from);
        for (std::size_t at = 0; (at = told.find_first_not_of(" ,\n", at)) != std::string::npos;) {
            std::size_t const end = std::min(told.find_first_of(" ,\n", at), told.size());
            hosts_.push_back(told.substr(at, end - at));
            at = end;
        }
    }
    std::erase_if(hosts_,
                  [this](std::string const& one) { return left_out_.contains(name_of_host(one)); });
}

/// Whether the attempt that has ended said that the job is done.
bool Supervisor::has_finished() const {
    return !options_.checkpoint.empty()
           && fs::exists(CheckpointFolder(options_.checkpoint).finished_path());
}

/// Changes when a checkpoint or a result has been added.
std::string Supervisor::progress_mark() const {
    if (options_.checkpoint.empty()) return "";
    std::string mark;
    std::error_code error;
    for (auto at = fs::directory_iterator(options_.checkpoint, error);
         !error && at != fs::directory_iterator(); at.increment(error)) {
        std::string const name = at->path().filename().string();
        std::error_code ignored;
        if (name.ends_with(".manifest")) mark = std::max(mark, name);
        if (name == "journal") mark += fmt::format(" {}", fs::file_size(at->path(), ignored));
    }
    return mark;
}

std::vector<std::string> Supervisor::launcher_command(std::string const& memory_folder) const {
    std::vector<std::string> words = {options_.launcher};
    int rank_count = options_.rank_count;
    std::vector<std::string> names;
    int host_ranks = 0;
    for (std::string const& host : hosts_) {
        host_ranks += ranks_of_host(host);
        names.push_back(name_of_host(host));
    }
    // On fewer nodes, fewer ranks.
    if (host_ranks > 0) rank_count = rank_count ? std::min(rank_count, host_ranks) : host_ranks;
    if (options_.launcher == "srun") {
        words.insert(words.end(), {"--mpi=pmix", "--kill-on-bad-exit=1"});
        if (!names.empty()) words.push_back(fmt::format("--nodelist={}", fmt::join(names, ",")));
        if (!names.empty()) words.push_back(fmt::format("--nodes={}", names.size()));
    } else {
        if (!hosts_.empty())
            words.insert(words.end(), {"--host", fmt::format("{}", fmt::join(hosts_, ","))});
        else
            words.insert(words.end(), {"--mca", "btl_vader_backing_directory", memory_folder});
        for (auto const& [name, value] :
             {std::pair("oob_tcp_keepalive_time", "10"), std::pair("oob_tcp_keepalive_intvl", "5"),
              std::pair("oob_tcp_keepalive_probes", "3")})
            words.insert(words.end(), {"--mca", name, value});
    }
    if (rank_count > 0) words.insert(words.end(), {"-n", std::to_string(rank_count)});
    words.insert(words.end(), options_.launcher_words.begin(), options_.launcher_words.end());
    words.insert(words.end(), options_.command.begin(), options_.command.end());
    return words;
}

Supervisor::Attempt Supervisor::attempt() {
    ++attempt_count_;
    AttemptFolder const folder;
    std::string const heartbeat = options_.checkpoint.empty() ? folder.path() + "/heartbeat"
                                                              : options_.checkpoint + "/heartbeat";
    std::error_code ignored;
    if (!options_.checkpoint.empty()) {
        fs::create_directory(options_.checkpoint, ignored);
        fs::remove(CheckpointFolder(options_.checkpoint).finished_path(), ignored);
    }
    fs::remove(heartbeat, ignored);
    setenv("SERRY_HEARTBEAT", heartbeat.c_str(), 1);
    if (attempt_count_ > 1) {
        // --resume fresh is meant for the first attempt.
        setenv("SERRY_RESTARTED", "1", 1);
        // Slurm would hold back an srun as long as a node has not said that the last one's step is
        // over: one that lost the process that looks after the step says so after many minutes.
        setenv("SLURM_OVERLAP", "1", 0);
    }
    setenv("SERRY_HANG_TIMEOUT", fmt::format("{}s", options_.hang_seconds).c_str(), 0);
    if (!options_.checkpoint.empty()) setenv("SERRY_CHECKPOINT", options_.checkpoint.c_str(), 1);
    start(launcher_command(folder.memory_path()), folder.path());
    Attempt attempt;
    attempt.wait_status = wait_for_end(attempt, heartbeat);
    fs::remove(heartbeat, ignored);
    return attempt;
}

void Supervisor::start(std::vector<std::string> const& words, std::string const& folder) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw Error(ExitCode::usage, "serry run: no pipe: " + describe_errno(errno));
    launcher_ = start_process("serry run", words, [&] {
        dup2(ends[1], STDERR_FILENO);
        setenv("OMPI_MCA_orte_tmpdir_base", folder.c_str(), 1);
    });
    close(ends[1]);
    errors_ = ends[0];
    fcntl(errors_, F_SETFL, O_NONBLOCK);
    if (launcher_ < 0)
        throw Error(ExitCode::usage, "serry run: no process: " + describe_errno(errno));
}

/// Passes on what the job says and what we are told, and ends it when it shows no sign of life.
/// Returns waitpid()'s status.
int Supervisor::wait_for_end(Attempt& attempt, std::string const& heartbeat) {
    SignOfLife sign(heartbeat);
    int status = 0;
    for (;;) {
        read_errors(attempt);
        pass_on_signals();
        if (waitpid(launcher_, &status, WNOHANG) == launcher_) break;
        double const silent = sign.silent_seconds();
        if (options_.hang_seconds > 0 && silent > options_.hang_seconds) {
            say_of_run(fmt::format("rank 0 has given no sign of life for {}: the attempt is ended",
                                   format_seconds(silent)));
            attempt.was_ended = true;
            kill(-launcher_, SIGCONT);
            kill(launcher_, SIGTERM);
            double const told = now_seconds();
            while (waitpid(launcher_, &status, WNOHANG) != launcher_) {
                if (now_seconds() - told > patience_with_launcher_seconds) {
                    end_processes();
                    break;
                }
                read_errors(attempt);
                usleep(20'000);
            }
            break;
        }
        pollfd waited{errors_, POLLIN, 0};
        poll(&waited, 1, 50);
    }
    end_processes();
    read_errors(attempt);
    close(std::exchange(errors_, -1));
    return status;
}

/// What is left of the launcher's group. Ranks on other nodes go when their daemon does.
void Supervisor::end_processes() {
    if (launcher_ < 0) return;
    pid_t const group = std::exchange(launcher_, -1);
    kill(-group, SIGKILL);
    while (waitpid(-group, nullptr, 0) > 0) continue;
}

void Supervisor::pass_on_signals() {
    for (int const signal : forwarded_signals) {
        if (!pending_signals[signal]) continue;
        pending_signals[signal] = 0;
        if (signal != SIGUSR1) is_leaving_ = true;
        kill(launcher_, signal);
    }
}

void Supervisor::read_errors(Attempt& attempt) {
    char bytes[4096];
    for (;;) {
        ssize_t const got = read(errors_, bytes, sizeof bytes);
        if (got <= 0) return;
        std::fwrite(bytes, 1, static_cast<std::size_t>(got), stderr);
        std::fflush(stderr);
        unfinished_line_.append(bytes, static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = unfinished_line_.find('\n')) != std::string::npos;
             unfinished_line_.erase(0, end + 1))
            look_at_line(unfinished_line_.substr(0, end), attempt);
    }
}

void Supervisor::look_at_line(std::string const& line, Attempt& attempt) const {
    static std::regex const crash("serry: crash: rank \\d+ \\((.*?)\\) was ended (by signal .*)");
    static std::regex const hang(
        "serry: error: rank \\d+ \\((.*?)\\) has (done nothing|not been).*");
    static std::regex const by_mpirun("mpirun noticed that process .* on node (\\S+) exited.*");
    // Of serry's own exit codes no node is to blame, as whoever ends a hung job is not what hangs;
    // nor of what srun ends after that.
    static std::regex const by_srun(
        "srun: error: (\\S+): tasks? [^:]*: (?!Terminated|Exited with exit code "
        "(2|6[456]|7[01456]|86)$).*");
    static std::regex const by_pmix("slurmstepd-(\\S+): error: .*pmix.*: send failed.*");
    std::smatch found;
    bool const is_crash = std::regex_search(line, found, crash);
    // Stages are numbered by attempt.
    static std::regex const stage_number(" in stage \\d+ ");
    if (is_crash && attempt.crash.empty())
        attempt.crash = std::regex_replace(found[2].str(), stage_number, " in the stage ");
    for (std::regex const* const one : {&crash, &hang, &by_mpirun, &by_srun, &by_pmix})
        if (std::regex_search(line, found, *one)) {
            std::string const host = found[1];
            auto& hosts = attempt.failed_hosts;
            // The first to fail; the others are ended for it.
            if (hosts.empty()) hosts.push_back(host);
        }
}

}  // namespace serry
