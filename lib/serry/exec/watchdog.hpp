#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "serry/comm/communicator.hpp"

namespace serry {

/// What a watchdog tells the one of rank 0, a datagram of this: where its rank was when it last
/// looked.
struct Heartbeat {
    std::uint64_t token = 0;  ///< the job's; others' datagrams are dropped
    std::uint64_t rank = 0;
    std::uint64_t stage = 0;
    std::uint64_t partition = 0;
    double idle_seconds = 0;  ///< since the rank last did anything
    char waits_in[32] = "";   ///< for other ranks; empty if it does not
    char node[32] = "";
};

/// A thread on each rank that ends the job (exit code 86), with a message, when nothing comes of it
/// any more. It calls no MPI.
///
/// A rank that waits for nobody and does nothing for so many seconds (no batch, no block, no round)
/// ends itself, and shows where it is. All ranks tell rank 0 by UDP what they are about, which ends
/// the job when one is not heard of any more (its process is stopped, or its node gone), or when
/// all of them wait for each other. A rank that waits while another one works is no hang, however
/// long it takes. Rank 0 also writes a file, if asked to, for who looks on from outside.
class Watchdog {
public:
    /// Collective. `hang_seconds` 0: only the file, if there is one. `heartbeat_file`: rank 0
    /// touches it for as long as it lives and the job is none of the above; empty for none.
    Watchdog(comm::Communicator const& comm,
             double hang_seconds,
             std::string const& heartbeat_file);
    ~Watchdog();
    Watchdog(Watchdog const&) = delete;
    Watchdog& operator=(Watchdog const&) = delete;

private:
    struct Heard {
        double at = 0;
        Heartbeat beat;
    };

    void agree_on_place();
    void watch();
    bool is_over_within(double seconds);
    void look_at_own(double now);
    void tell(double now);
    void listen(double now);
    void look_at_others(double now);
    void touch_file() const;
    [[noreturn]] void end_job(std::string const& text) const;

    comm::Communicator const& comm_;
    int rank_;
    int rank_count_;
    double hang_seconds_;
    std::string heartbeat_file_;
    std::string node_;
    int socket_ = -1;
    std::uint64_t address_ = 0;  ///< of rank 0: IPv4 and port
    std::uint64_t token_ = 0;
    std::uint64_t beats_ = 0;
    double beaten_at_ = 0;
    std::map<std::uint64_t, Heard> heard_;  ///< on rank 0
    std::mutex mutex_;
    std::condition_variable is_over_changed_;
    bool is_over_ = false;
    std::thread thread_;
};

}  // namespace serry
