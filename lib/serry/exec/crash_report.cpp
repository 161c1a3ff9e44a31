#include "serry/exec/crash_report.hpp"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>

#include <unistd.h>

#include "serry/base/pulse.hpp"
#include "serry/comm/communicator.hpp"

namespace serry {
namespace {

constexpr std::array signals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::array<struct sigaction, signals.size()> before;
char who[300];

/// Text for a handler of signals, which may call next to nothing.
class Line {
public:
    void put(char const* text) {
        while (*text && size_ < sizeof bytes_) bytes_[size_++] = *text++;
    }
    void put(std::uint64_t number) {
        char digits[21];
        char* at = digits + sizeof digits - 1;
        *at = '\0';
        do *--at = static_cast<char>('0' + number % 10);
        while (number /= 10);
        put(at);
    }
    void print() const {
        [[maybe_unused]] auto const written = write(STDERR_FILENO, bytes_, size_);
    }

private:
    char bytes_[1024];
    std::size_t size_ = 0;
};

void print_report(int signal) {
    Pulse const& own = pulse();
    Line line;
    line.put(who);
    line.put(" was ended by signal ");
    line.put(static_cast<std::uint64_t>(signal));
    if (std::uint64_t const stage = own.stage) {
        line.put(" in stage ");
        line.put(stage);
        if (char const* const steps = own.steps) {
            line.put(" (");
            line.put(steps);
            line.put(")");
        }
        if (std::uint64_t const partition = own.partition; partition != Pulse::no_partition) {
            line.put(", partition ");
            line.put(partition);
            line.put(" of ");
            line.put(own.partition_count);
        }
    }
    line.put("\n");
    line.print();
}

void on_crash(int signal) {
    print_report(signal);
    for (std::size_t i = 0; i < signals.size(); ++i)
        if (signals[i] == signal) sigaction(signal, &before[i], nullptr);
    raise(signal);
}

void on_leave(int) { pulse().is_told_to_leave = true; }

}  // namespace

void report_crashes(int rank) {
    std::string const text =
        "serry: crash: rank " + std::to_string(rank) + " (" + comm::local_node_name() + ')';
    std::strncpy(who, text.c_str(), sizeof who - 1);
    struct sigaction action {};
    action.sa_handler = on_crash;
    for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &action, &before[i]);
}

void leave_when_told() {
    struct sigaction action {};
    action.sa_handler = on_leave;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
}

}  // namespace serry
