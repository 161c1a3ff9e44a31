// Run two commands in turn, A B A B ..., and compare what they cost.
//
//   run_pairs --a 'COMMAND' --b 'COMMAND' [--a-name X] [--b-name Y] [--before 'COMMAND']
//             [--pairs N (default 11)] [--warmup N (default 1)]
//
// Each command runs through `/bin/sh -c 'exec COMMAND'`; what it prints is shown only if it fails,
// and then the exit code is 1. --before runs ahead of each run and is not measured; nor do the
// pairs of --warmup count. The figures of a run:
//   wall        from before the fork until the command has ended
//   user+sys    of the command and all descendants that were waited for
//   private     RssAnon + RssShmem of the largest process at its largest, sampled every 5 ms from
//               /proc. Launchers and shells do not count, their descendants do.
// A ratio is taken within a pair, so that a slow minute of the machine slows both; a row ends with
// the median of the ratios and their range.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void fail_with_reason(std::string const& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// An open file descriptor.
class File {
public:
    explicit File(int descriptor = -1) : descriptor_(descriptor) {}
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    int descriptor() const { return descriptor_; }

    /// What the file holds from its start, up to the size of the buffer; empty on errors.
    template <std::size_t size>
    std::string_view read(std::array<char, size>& buffer) const {
        ssize_t const got = ::pread(descriptor_, buffer.data(), size, 0);
        return {buffer.data(), got < 0 ? 0 : std::size_t(got)};
    }

private:
    int descriptor_;
};

// ---- memory of a tree of processes --------------------------------------------------------------

/// The ids of the processes that a thread of `process` has started and that still run.
std::vector<pid_t> children_of(pid_t process) {
    std::vector<pid_t> children;
    std::string const tasks = "/proc/" + std::to_string(process) + "/task";
    DIR* const dir = ::opendir(tasks.c_str());
    if (dir == nullptr) return children;
    while (dirent const* const entry = ::readdir(dir)) {
        if (entry->d_name[0] == '.') continue;
        std::string const path = tasks + "/" + entry->d_name + "/children";
        File const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        std::array<char, 4096> buffer;
        std::string_view const ids = file.read(buffer);
        for (char const *at = ids.data(), *end = at + ids.size(); at < end; ++at) {
            pid_t child = 0;
            auto const parsed = std::from_chars(at, end, child);
            if (parsed.ec != std::errc()) break;
            children.push_back(child);
            at = parsed.ptr;
        }
    }
    ::closedir(dir);
    return children;
}

/// The value of a line `NAME:   VALUE` of /proc/PID/status.
std::string_view status_field(std::string_view status, std::string_view name) {
    std::size_t const found = status.find(name);
    if (found == std::string_view::npos) return {};
    std::string_view rest = status.substr(found + name.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    return rest.substr(0, rest.find('\n'));
}

std::uint64_t status_kib(std::string_view status, std::string_view name) {
    std::string_view const text = status_field(status, name);
    std::uint64_t kib = 0;
    std::from_chars(text.data(), text.data() + text.size(), kib);
    return kib;
}

bool is_launcher(std::string_view name) {
    constexpr std::array<std::string_view, 9> launchers{
        "mpirun", "mpiexec", "orterun", "orted", "prterun", "srun", "sh", "dash", "bash"};
    return std::find(launchers.begin(), launchers.end(), name) != launchers.end();
}

/// Sample the private memory of a process and its descendants from a thread of its own.
class MemorySampler {
public:
    explicit MemorySampler(pid_t root) : root_(root), thread_([this] { run(); }) {}
    MemorySampler(MemorySampler const&) = delete;
    MemorySampler& operator=(MemorySampler const&) = delete;
    ~MemorySampler() { stop(); }

    void stop() {
        stopped_ = true;
        if (thread_.joinable()) thread_.join();
    }

    /// Valid after `stop`.
    double peak_mib() const { return double(peak_kib_) / 1024; }
    double cpu_seconds() const { return cpu_seconds_; }

private:
    static constexpr auto period = std::chrono::milliseconds(5);
    static constexpr int periods_between_searches = 10;

    void run() {
        auto next = Clock::now();
        for (int turn = 0; !stopped_; ++turn) {
            if (turn % periods_between_searches == 0) search(root_);
            sample();
            std::this_thread::sleep_until(next += period);
        }
        timespec used{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
        cpu_seconds_ = double(used.tv_sec) + 1e-9 * double(used.tv_nsec);
    }

    void search(pid_t process) {
        if (!status_files_.contains(process)) {
            std::string const path = "/proc/" + std::to_string(process) + "/status";
            status_files_.emplace(process, ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        }
        for (pid_t const child : children_of(process)) search(child);
    }

    void sample() {
        std::array<char, 4096> buffer;
        for (auto file = status_files_.begin(); file != status_files_.end();) {
            std::string_view const status = file->second.read(buffer);
            if (status.empty()) {
                file = status_files_.erase(file);
                continue;
            }
            ++file;
            if (is_launcher(status_field(status, "Name:"))) continue;
            peak_kib_ = std::max(peak_kib_,
                                 status_kib(status, "RssAnon:") + status_kib(status, "RssShmem:"));
        }
    }

    pid_t root_;
    std::map<pid_t, File> status_files_;
    std::uint64_t peak_kib_ = 0;
    double cpu_seconds_ = 0;
    std::atomic<bool> stopped_ = false;
    std::thread thread_;
};

// ---- a run --------------------------------------------------------------------------------------

struct Cost {
    double wall_seconds = 0;
    double cpu_seconds = 0;
    double private_mib = 0;
    double sampler_seconds = 0;
};

/// Start the command with its output in `output`; return its id.
pid_t start(std::string const& command, File const& output) {
    pid_t const child = ::fork();
    if (child < 0) fail_with_reason("cannot fork");
    if (child > 0) return child;
    int const nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(output.descriptor(), STDOUT_FILENO);
    ::dup2(output.descriptor(), STDERR_FILENO);
    ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
    ::_exit(127);
}

std::string text_of(File const& file) {
    std::string text;
    std::array<char, 65536> buffer;
    ssize_t got = 0;
    while ((got = ::pread(file.descriptor(), buffer.data(), buffer.size(), off_t(text.size()))) > 0)
        text.append(buffer.data(), std::size_t(got));
    return text;
}

[[noreturn]] void fail_with_output(std::string const& command, int status, File const& output) {
    std::string const how = WIFEXITED(status) ? "exit code " + std::to_string(WEXITSTATUS(status))
                                              : "signal " + std::to_string(WTERMSIG(status));
    throw std::runtime_error("a command ended with " + how + ": " + command + "\nIts output:\n"
                             + text_of(output));
}

Cost run(std::string const& command) {
    File const output(::memfd_create("output", MFD_CLOEXEC));
    if (output.descriptor() < 0) fail_with_reason("cannot create a file in memory");
    auto const begin = Clock::now();
    pid_t const child = start(command, output);
    MemorySampler sampler(child);
    int status = 0;
    rusage usage{};
    while (::wait4(child, &status, 0, &usage) < 0)
        if (errno != EINTR) fail_with_reason("cannot wait for a command");
    double const wall_seconds = seconds_since(begin);
    sampler.stop();
    if (status != 0) fail_with_output(command, status, output);
    auto const seconds = [](timeval time) {
        return double(time.tv_sec) + 1e-6 * double(time.tv_usec);
    };
    return {wall_seconds, seconds(usage.ru_utime) + seconds(usage.ru_stime), sampler.peak_mib(),
            sampler.cpu_seconds()};
}

// ---- the machine --------------------------------------------------------------------------------

/// Bytes copied per second by one thread between two warm buffers of 256 MB, best of several.
double memcpy_gb_per_second() {
    constexpr std::size_t byte_count = 256'000'000;
    std::vector<char> const from(byte_count, 'a');
    std::vector<char> to(byte_count, 'b');
    double best_seconds = 1e9;
    for (int i = 0; i < 7; ++i) {
        auto const begin = Clock::now();
        std::memcpy(to.data(), from.data(), byte_count);
        asm volatile("" : : "r"(to.data()) : "memory");
        best_seconds = std::min(best_seconds, seconds_since(begin));
    }
    return double(byte_count) / best_seconds / 1e9;
}

// ---- program ------------------------------------------------------------------------------------

struct Options {
    std::string a;
    std::string b;
    std::string a_name = "A";
    std::string b_name = "B";
    std::string before;
    int pairs = 11;
    int warmup = 1;
};

int parse_count(std::string const& name, std::string const& text) {
    int count = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 0)
        throw std::invalid_argument(name + " is \"" + text + "\", expected a number of runs");
    return count;
}

Options parse_options(std::vector<std::string> const& arguments) {
    Options options;
    if (arguments.size() % 2 != 0) throw std::invalid_argument("each option needs a value");
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
        std::string const& name = arguments[i];
        std::string const& value = arguments[i + 1];
        if (name == "--a")
            options.a = value;
        else if (name == "--b")
            options.b = value;
        else if (name == "--a-name")
            options.a_name = value;
        else if (name == "--b-name")
            options.b_name = value;
        else if (name == "--before")
            options.before = value;
        else if (name == "--pairs")
            options.pairs = parse_count(name, value);
        else if (name == "--warmup")
            options.warmup = parse_count(name, value);
        else
            throw std::invalid_argument("unknown option " + name);
    }
    if (options.a.empty() || options.b.empty())
        throw std::invalid_argument("give both --a 'COMMAND' and --b 'COMMAND'");
    if (options.pairs == 0) throw std::invalid_argument("--pairs must be at least 1");
    return options;
}

struct Pair {
    Cost a;
    Cost b;
};

std::vector<Pair> run_all(Options const& options) {
    std::vector<Pair> pairs;
    auto const prepared_run = [&](std::string const& command) {
        if (!options.before.empty()) run(options.before);
        return run(command);
    };
    for (int i = -options.warmup; i < options.pairs; ++i) {
        Cost const a = prepared_run(options.a);
        Cost const b = prepared_run(options.b);
        if (i >= 0) pairs.push_back({a, b});
    }
    return pairs;
}

struct Spread {
    double least = 0;
    double median = 0;
    double most = 0;
};

Spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::size_t const middle = values.size() / 2;
    double const median =
        values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {values.front(), median, values.back()};
}

/// Print the row of one figure; return the median ratio.
double print_row(char const* title, std::vector<Pair> const& pairs, double Cost::*figure) {
    std::vector<double> a;
    std::vector<double> b;
    std::vector<double> ratios;
    for (auto const& pair : pairs) {
        a.push_back(pair.a.*figure);
        b.push_back(pair.b.*figure);
        ratios.push_back(pair.b.*figure > 0 ? pair.a.*figure / (pair.b.*figure) : 0);
    }
    Spread const of_a = spread_of(a);
    Spread const of_b = spread_of(b);
    Spread const ratio = spread_of(ratios);
    std::printf("%-12s %9.3f %9.3f %9.3f   %9.3f %9.3f %9.3f   %7.3f %7.3f %7.3f\n", title,
                of_a.least, of_a.median, of_a.most, of_b.least, of_b.median, of_b.most, ratio.least,
                ratio.median, ratio.most);
    return ratio.median;
}

double sampler_share(std::vector<Pair> const& pairs) {
    double sampling = 0;
    double wall = 0;
    for (auto const& pair : pairs) {
        sampling += pair.a.sampler_seconds + pair.b.sampler_seconds;
        wall += pair.a.wall_seconds + pair.b.wall_seconds;
    }
    return wall > 0 ? sampling / wall : 0;
}

void print_report(Options const& options, std::vector<Pair> const& pairs, double gb_per_second) {
    std::string const ratio_title = "ratio " + options.a_name + " / " + options.b_name;
    std::printf("%-12s %-29s   %-29s   %s\n", "", options.a_name.c_str(), options.b_name.c_str(),
                ratio_title.c_str());
    std::printf("%-12s %9s %9s %9s   %9s %9s %9s   %7s %7s %7s\n", "", "min", "median", "max",
                "min", "median", "max", "min", "median", "max");
    double const wall = print_row("wall s", pairs, &Cost::wall_seconds);
    double const cpu = print_row("user+sys s", pairs, &Cost::cpu_seconds);
    double const memory = print_row("private MiB", pairs, &Cost::private_mib);
    std::printf("memcpy, 1 thread, 256 MB: %.1f GB/s; sampling took %.1f %% of one core\n",
                gb_per_second, 100 * sampler_share(pairs));
    std::printf("summary: wall %.3f user+sys %.3f private %.3f memcpy %.1f GB/s\n", wall, cpu,
                memory, gb_per_second);
}

}  // namespace

int main(int argc, char** argv) try {
    Options const options = parse_options({argv + 1, argv + argc});
    double const gb_per_second = memcpy_gb_per_second();
    print_report(options, run_all(options), gb_per_second);
    return 0;
} catch (std::exception const& error) {
    std::fprintf(stderr, "run_pairs: %s\n", error.what());
    return 1;
}
