#include "support/run_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace serry::test {
namespace {

using Clock = std::chrono::steady_clock;

int checked(int result, char const* call) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), call);
    return result;
}

class Pipe {
public:
    Pipe() { checked(pipe2(ends_.data(), O_CLOEXEC), "pipe2"); }
    ~Pipe() {
        for (int end : ends_) {
            if (end >= 0) close(end);
        }
    }
    Pipe(Pipe const&) = delete;
    Pipe& operator=(Pipe const&) = delete;

    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    void close_write_end() { close(std::exchange(ends_[1], -1)); }

private:
    std::array<int, 2> ends_ = {-1, -1};
};

pid_t start(std::vector<std::string> const& command, Pipe const& out, Pipe const& err) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (std::string const& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    pid_t const child = checked(fork(), "fork");
    if (child != 0) return child;
    setpgid(0, 0);  // so that a signal reaches the children of a script too
    int const nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(out.write_end(), STDOUT_FILENO);
    dup2(err.write_end(), STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

/// Gather from both pipes until they are closed or the time is over; false for the latter.
bool gather(Pipe const& out, Pipe const& err, CommandResult& result, Clock::time_point end) {
    std::array<pollfd, 2> polled = {{{out.read_end(), POLLIN, 0}, {err.read_end(), POLLIN, 0}}};
    std::array<std::string*, 2> texts = {&result.out, &result.err};
    std::array<char, 65536> bytes;
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
        auto const left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) return false;
        int const ready = poll(polled.data(), polled.size(), static_cast<int>(left.count()));
        if (ready < 0 && errno != EINTR) checked(ready, "poll");
        if (ready <= 0) continue;
        for (std::size_t i = 0; i < polled.size(); ++i) {
            if (polled[i].fd < 0 || polled[i].revents == 0) continue;
            ssize_t const got = read(polled[i].fd, bytes.data(), bytes.size());
            if (got > 0) {
                texts[i]->append(bytes.data(), static_cast<std::size_t>(got));
            } else if (got == 0 || errno != EINTR) {
                polled[i].fd = -1;  // poll passes over it
            }
        }
    }
    return true;
}

}  // namespace

CommandResult run_command(std::vector<std::string> const& command,
                          std::chrono::milliseconds limit) {
    Pipe out;
    Pipe err;
    CommandResult result;
    pid_t const child = start(command, out, err);
    out.close_write_end();
    err.close_write_end();
    setpgid(child, child);  // both sides do, since either may be first

    if (!gather(out, err, result, Clock::now() + limit)) {
        result.timed_out = true;
        kill(-child, SIGTERM);  // mpirun then ends its ranks
        if (!gather(out, err, result, Clock::now() + std::chrono::seconds(5))) {
            kill(-child, SIGKILL);
        }
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) checked(-1, "waitpid");
    }
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

std::vector<std::string> on_ranks(int rank_count, std::vector<std::string> const& command) {
    std::vector<std::string> line = {MPIEXEC, MPIEXEC_NUMPROC_FLAG, std::to_string(rank_count)};
    line.insert(line.end(), command.begin(), command.end());
    return line;
}

}  // namespace serry::test
