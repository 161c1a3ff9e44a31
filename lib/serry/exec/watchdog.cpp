#include "serry/exec/watchdog.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <random>
#include <utility>

#include <execinfo.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/error.hpp"
#include "serry/base/pulse.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

constexpr double longest_interval_seconds = 1;
constexpr double listening_seconds = 0.02;
constexpr char const* advice =
    "; the job is ended, and goes on from its checkpoints, if it has any, when it is run again; "
    "--hang-timeout sets how long it may take";

// The thread that works shows where it is when it is sent this signal.
int const backtrace_signal = SIGRTMIN + 4;
std::array<void*, 64> frames;
std::atomic<int> frame_count{-1};
pthread_t worker;

void take_backtrace(int) {
    frame_count = backtrace(frames.data(), static_cast<int>(frames.size()));
}

void prepare_backtrace() {
    worker = pthread_self();
    backtrace(frames.data(), 1);  // loads what it needs, which a handler must not
    struct sigaction action {};
    action.sa_handler = take_backtrace;
    action.sa_flags = SA_RESTART;
    sigaction(backtrace_signal, &action, nullptr);
}

void print_backtrace() {
    frame_count = -1;
    pthread_kill(worker, backtrace_signal);
    for (int i = 0; frame_count < 0 && i < 100; ++i) usleep(10'000);
    if (frame_count < 0) {
        std::fputs("serry: it does not say where it is: it is in the kernel\n", stderr);
        return;
    }
    std::fputs("serry: it is at (addr2line -Cfe PROGRAM ADDRESS tells more):\n", stderr);
    std::fflush(stderr);
    constexpr int of_handler = 2;
    backtrace_symbols_fd(frames.data() + of_handler, std::max(0, frame_count - of_handler),
                         STDERR_FILENO);
}

sockaddr_in address_from(std::uint64_t packed) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = static_cast<in_addr_t>(packed >> 16);
    address.sin_port = static_cast<in_port_t>(packed);
    return address;
}

/// An address of this node that others reach; 0 if it has none.
in_addr_t own_address() {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    addrinfo hints{};
    hints.ai_family = AF_INET;
    addrinfo* found = nullptr;
    if (getaddrinfo(name, nullptr, &hints, &found) != 0) return 0;
    in_addr_t address = 0;
    for (addrinfo const* one = found; one; one = one->ai_next) {
        auto const* const at = reinterpret_cast<sockaddr_in const*>(one->ai_addr);
        if ((ntohl(at->sin_addr.s_addr) >> 24) != 127) address = at->sin_addr.s_addr;
    }
    freeaddrinfo(found);
    return address;
}

void copy_text(char const* from, char (&to)[32]) {
    std::snprintf(to, sizeof to, "%s", from ? from : "");
}

std::string place_in_words(std::uint64_t stage, std::uint64_t partition) {
    if (stage == 0) return "between stages";
    if (partition == Pulse::no_partition) return fmt::format("in stage {}", stage);
    return fmt::format("in stage {}, partition {}", stage, partition);
}

}  // namespace

Watchdog::Watchdog(comm::Communicator const& comm,
                   double hang_seconds,
                   std::string const& heartbeat_file)
    : comm_(comm),
      rank_(comm.rank()),
      rank_count_(comm.rank_count()),
      hang_seconds_(hang_seconds),
      heartbeat_file_(rank_ == 0 ? heartbeat_file : ""),
      node_(comm::local_node_name()),
      beaten_at_(now_seconds()) {
    if (hang_seconds_ > 0) {
        agree_on_place();
        prepare_backtrace();
    }
    touch_file();
    if (hang_seconds_ > 0 || !heartbeat_file_.empty()) thread_ = std::thread([this] { watch(); });
}

Watchdog::~Watchdog() {
    {
        std::lock_guard const lock(mutex_);
        is_over_ = true;
    }
    is_over_changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    if (socket_ >= 0) close(socket_);
}

/// Where rank 0 listens, and by which word it knows the others.
void Watchdog::agree_on_place() {
    socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    std::string const of_0 = comm_.broadcast(node_, 0);
    bool const is_one_node = comm_.all_reduce_sum(of_0 != node_) == 0;
    std::uint64_t place[2] = {};
    if (rank_ == 0) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = is_one_node ? htonl(INADDR_LOOPBACK) : own_address();
        socklen_t size = sizeof address;
        bool const listens =
            address.sin_addr.s_addr != 0
            && bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0
            && getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        if (listens) place[0] = std::uint64_t{address.sin_addr.s_addr} << 16 | address.sin_port;
        std::random_device random;
        place[1] = std::uint64_t{random()} << 32 | random();
    }
    comm_.broadcast(std::span(reinterpret_cast<char*>(place), sizeof place), 0);
    address_ = place[0];
    token_ = place[1];
}

void Watchdog::watch() {
    // A few looks in the time that a hang may take; with very many ranks, fewer.
    double const shortest = rank_count_ / 10'000.0;
    double const interval = hang_seconds_ > 0 ? std::max(
                                std::min(hang_seconds_ / 10, longest_interval_seconds), shortest)
                                              : longest_interval_seconds;
    // Rank 0 empties its mailbox before it is full; to wake up more often than needed is noise to
    // those that compute.
    bool const listens = rank_ == 0 && address_ != 0;
    double next = now_seconds();
    do {
        double const now = now_seconds();
        if (listens) listen(now);
        if (now < next) continue;
        next = now + interval;
        if (hang_seconds_ > 0) {
            look_at_own(now);
            tell(now);
            if (rank_ == 0) look_at_others(now);
        }
        touch_file();
    } while (!is_over_within(listens ? listening_seconds : interval));
}

bool Watchdog::is_over_within(double seconds) {
    std::unique_lock lock(mutex_);
    return is_over_changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                                     [this] { return is_over_; });
}

void Watchdog::look_at_own(double now) {
    Pulse const& own = pulse();
    std::uint64_t const beats = own.beats;
    if (std::exchange(beats_, beats) != beats) beaten_at_ = now;
    if (now - beaten_at_ < hang_seconds_ || own.waits_in.load()) return;
    char const* const steps = own.stage ? own.steps.load() : nullptr;
    std::string text = fmt::format(
        "rank {} ({}) has done nothing for {}, and waits for nobody: it is "
        "{}",
        rank_, node_, format_seconds(now - beaten_at_), place_in_words(own.stage, own.partition));
    if (steps) text += fmt::format(" ({})", steps);
    std::fprintf(stderr, "serry: error: %s%s\n", text.c_str(), advice);
    print_backtrace();
    std::fflush(stderr);
    _exit(static_cast<int>(ExitCode::hang));
}

void Watchdog::tell(double now) {
    if (address_ == 0) return;
    Pulse const& own = pulse();
    Heartbeat beat{
        token_, static_cast<std::uint64_t>(rank_), own.stage, own.partition, now - beaten_at_, "",
        ""};
    copy_text(own.waits_in, beat.waits_in);
    copy_text(node_.c_str(), beat.node);
    if (rank_ == 0) {
        heard_[0] = {now, beat};
        return;
    }
    sockaddr_in const address = address_from(address_);
    // One that is lost does not matter.
    sendto(socket_, &beat, sizeof beat, 0, reinterpret_cast<sockaddr const*>(&address),
           sizeof address);
}

void Watchdog::listen(double now) {
    Heartbeat beat;
    while (recv(socket_, &beat, sizeof beat, 0) == sizeof beat)
        if (beat.token == token_) {
            beat.waits_in[sizeof beat.waits_in - 1] = beat.node[sizeof beat.node - 1] = '\0';
            heard_[beat.rank] = {now, beat};
        }
}

void Watchdog::look_at_others(double now) {
    Heard const* busiest = nullptr;
    for (auto const& [rank, heard] : heard_) {
        if (now - heard.at > hang_seconds_)
            end_job(fmt::format(
                "rank {} ({}) has not been heard of for {}; it was {}: its process is stopped, or "
                "its node or the network to it is lost",
                rank, heard.beat.node, format_seconds(now - heard.at),
                place_in_words(heard.beat.stage, heard.beat.partition)));
        if (!busiest || heard.beat.idle_seconds < busiest->beat.idle_seconds) busiest = &heard;
    }
    // Half as long again, so that a rank that computes names itself first.
    bool const all_are_here = heard_.size() == static_cast<std::size_t>(rank_count_);
    if (!all_are_here || busiest->beat.idle_seconds < 1.5 * hang_seconds_) return;
    Heartbeat const& own = heard_[0].beat;
    auto const other = std::find_if(heard_.begin(), heard_.end(), [&](auto const& entry) {
        return std::strcmp(entry.second.beat.waits_in, own.waits_in) != 0;
    });
    Heartbeat const& shown =
        other == heard_.end() ? heard_.rbegin()->second.beat : other->second.beat;
    end_job(
        fmt::format("all ranks have waited for each other for {}: rank 0 ({}) in {}, {}, rank {} "
                    "({}) in {}, {}: "
                    "one has left out a call that all must make",
                    format_seconds(busiest->beat.idle_seconds), own.node, own.waits_in,
                    place_in_words(own.stage, own.partition), shown.rank, shown.node,
                    shown.waits_in, place_in_words(shown.stage, shown.partition)));
}

void Watchdog::touch_file() const {
    if (heartbeat_file_.empty()) return;
    int const file = open(heartbeat_file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return;
    futimens(file, nullptr);
    close(file);
}

void Watchdog::end_job(std::string const& text) const {
    std::fprintf(stderr, "serry: error: %s%s\n", text.c_str(), advice);
    std::fflush(stderr);
    _exit(static_cast<int>(ExitCode::hang));
}

}  // namespace serry
