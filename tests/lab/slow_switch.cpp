// A switch with long cables, for a lab's hosts: this kernel has no delays of its own.
//
//     slow_switch MICROSECONDS PREFIX PID...
//
// Gives the network of each PID a second interface, `slow`, with the address PREFIX.1, PREFIX.2 and
// so on, and carries what is sent there to where it is bound, so many microseconds later. Prints
// "ready" when all are up; runs until it is ended.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;

struct Frame {
    Clock::time_point due;
    std::string bytes;
};

/// One host's cable: frames on their way to it, in the order in which they are due.
struct Port {
    int descriptor = -1;
    std::deque<Frame> coming;
};

[[noreturn]] void fail(std::string const& what) {
    std::fprintf(stderr, "slow_switch: %s: %s\n", what.c_str(), std::strerror(errno));
    std::exit(1);
}

void enter_network_of(std::string const& process) {
    int const network = open(("/proc/" + process + "/ns/net").c_str(), O_RDONLY | O_CLOEXEC);
    if (network < 0 || setns(network, CLONE_NEWNET) != 0) fail("network of " + process);
    close(network);
}

/// In the network that was entered last. Its hardware address ends in the port's number.
Port plug_in(std::string const& prefix, std::size_t number) {
    Port port{open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), {}};
    ifreq request{};
    std::strcpy(request.ifr_name, "slow");
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (port.descriptor < 0 || ioctl(port.descriptor, TUNSETIFF, &request) != 0)
        fail("/dev/net/tun");
    std::array<char, 256> command{};
    std::snprintf(command.data(), command.size(),
                  "ip link set slow address 02:00:00:00:00:%02zx mtu 9000 txqueuelen 10000 up && "
                  "ip address add %s.%zu/24 dev slow",
                  number, prefix.c_str(), number);
    if (std::system(command.data()) != 0) fail("ip");
    return port;
}

/// What has come from one port, to the one that it is for, or to all others.
void take_in(std::vector<Port>& ports, std::size_t from, Clock::duration delay) {
    std::array<char, 10000> frame{};
    for (int i = 0; i < 64; ++i) {
        ssize_t const length = read(ports[from].descriptor, frame.data(), frame.size());
        if (length < 14) return;
        bool const is_for_all = frame[0] & 1;
        auto const to = static_cast<std::size_t>(static_cast<unsigned char>(frame[5]));
        for (std::size_t port = 0; port < ports.size(); ++port)
            if (port != from && (is_for_all || port + 1 == to))
                ports[port].coming.push_back(
                    {Clock::now() + delay, {frame.data(), static_cast<std::size_t>(length)}});
    }
}

/// What is due, to the hosts. Returns when the next one will be.
Clock::time_point hand_out(std::vector<Port>& ports) {
    Clock::time_point next = Clock::now() + std::chrono::seconds(1);
    for (Port& port : ports) {
        while (!port.coming.empty() && port.coming.front().due <= Clock::now()) {
            std::string const& bytes = port.coming.front().bytes;
            // A host that is not listening loses it, as with any cable.
            [[maybe_unused]] auto const written =
                write(port.descriptor, bytes.data(), bytes.size());
            port.coming.pop_front();
        }
        if (!port.coming.empty()) next = std::min(next, port.coming.front().due);
    }
    return next;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) {
        std::fputs("usage: slow_switch MICROSECONDS PREFIX PID...\n", stderr);
        return 2;
    }
    Clock::duration const delay = std::chrono::microseconds(std::atoi(argv[1]));
    std::vector<Port> ports;
    for (int i = 3; i < argc; ++i) {
        enter_network_of(argv[i]);
        ports.push_back(plug_in(argv[2], static_cast<std::size_t>(i) - 2));
    }
    prctl(PR_SET_TIMERSLACK, 1000);
    std::puts("ready");
    std::fflush(stdout);
    std::vector<pollfd> waiting;
    for (Port const& port : ports) waiting.push_back({port.descriptor, POLLIN, 0});
    for (;;) {
        auto const left = hand_out(ports) - Clock::now();
        auto const nanoseconds = std::max<std::int64_t>(
            0, std::chrono::duration_cast<std::chrono::nanoseconds>(left).count());
        timespec const timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
        if (ppoll(waiting.data(), waiting.size(), &timeout, nullptr) <= 0) continue;
        for (std::size_t port = 0; port < ports.size(); ++port)
            if (waiting[port].revents & POLLIN) take_in(ports, port, delay);
    }
}
