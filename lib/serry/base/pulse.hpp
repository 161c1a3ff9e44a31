#pragma once

#include <atomic>
#include <cstdint>

namespace serry {

/// What this process is doing, for the thread that watches it, and for the handlers of signals:
/// only words that are written and read whole. One a process, written by the thread that does the
/// work.
struct Pulse {
    static constexpr std::uint64_t no_partition = ~std::uint64_t{0};

    std::atomic<std::uint64_t> beats{0};         ///< grows with all that is done
    std::atomic<char const*> waits_in{nullptr};  ///< the call in which it waits for other ranks
    std::atomic<std::uint64_t> stage{0};         ///< its number; 0 between stages
    std::atomic<std::uint64_t> partition{no_partition};
    std::atomic<std::uint64_t> partition_count{0};
    std::atomic<char const*> steps{nullptr};    ///< of the stage; lives as long as stage is not 0
    std::atomic<bool> is_told_to_leave{false};  ///< by a signal
};

Pulse& pulse();

/// Something was done: a batch, a block, a round. For functions of yours that take longer for one
/// record than --hang-timeout allows: call it on the way. Costs about a nanosecond.
inline void beat() {
    std::atomic<std::uint64_t>& beats = pulse().beats;
    beats.store(beats.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// While this lives the process waits for others, in the call of this name.
class Waiting {
public:
    explicit Waiting(char const* call)
        : before_(pulse().waits_in.exchange(call, std::memory_order_relaxed)) {}
    ~Waiting() {
        pulse().waits_in.store(before_, std::memory_order_relaxed);
        beat();
    }
    Waiting(Waiting const&) = delete;
    Waiting& operator=(Waiting const&) = delete;

private:
    char const* before_;
};

}  // namespace serry
