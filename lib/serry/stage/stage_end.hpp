#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "serry/stage/stage_setting.hpp"
#include "serry/stage/task.hpp"

namespace serry {

/// What a rank has to send in an exchange. Bytes are a stream for each receiving rank, cut
/// anywhere.
struct Outgoing {
    struct Filled {
        std::size_t byte_count = 0;
        bool is_last = false;  ///< the receiver's stream ends with these bytes
    };

    virtual ~Outgoing() = default;
    /// Whether enough waits to be sent that the rank should ask for an exchange now.
    virtual bool is_full() const = 0;
    /// Start the streams of one exchange. `is_final`: no task will add to them any more.
    virtual void open(bool is_final) = 0;
    /// Of the streams that are open: to how many ranks they lead, and their bytes, about.
    struct Load {
        std::uint64_t receivers = 0;
        std::uint64_t byte_count = 0;
    };
    virtual Load load() const = 0;
    /// Write the next bytes for `rank` into `room`: some, if there are any and there is room.
    virtual Filled fill(int rank, std::span<char> room) = 0;
    /// All streams have ended.
    virtual void close() = 0;
    /// Counted over all exchanges so far.
    virtual std::uint64_t record_count() const = 0;
};

/// What the ends of a stage tell each other, on all ranks together. Collective: every rank makes
/// the same calls in the same order.
struct Collectives {
    virtual ~Collectives() = default;
    /// Every number becomes the sum of the ranks'; as many on every rank.
    virtual void all_reduce_sum(std::span<std::uint64_t> values) = 0;
    /// Everyone's bytes, in order of rank.
    virtual std::string all_gather(std::string_view bytes) = 0;
};

/// What a rank does with what it receives.
struct Incoming {
    virtual ~Incoming() = default;
    /// `window_bytes`: most bytes that may wait for each sending rank.
    virtual void open(bool is_final, std::size_t window_bytes) = 0;
    /// How many bytes may come from `rank` now.
    virtual std::size_t room(int rank) const = 0;
    virtual void take(int rank, std::span<char const> bytes, bool is_last) = 0;
    /// Use what has come; calls the user's combiner, and may throw.
    virtual void advance() = 0;
    /// All streams have ended and have been used.
    virtual void close() = 0;
    virtual std::uint64_t record_count() const = 0;
    /// Bytes that wait now.
    virtual std::size_t waiting_bytes() const = 0;
};

/// What a stage's records run into on one rank: an exchange, or an action.
struct StageEnd {
    virtual ~StageEnd() = default;
    /// Called first, when the stage is planned.
    virtual void prepare(StageSetting const&) {}
    /// Connect this end below its parent step.
    virtual void attach(Pipeline& pipeline) = 0;
    virtual void begin_task(TaskContext&) {}
    virtual void end_task(TaskContext&) {}
    /// After the rank's last task, if none failed.
    virtual void end_tasks() {}
    /// Collective: between the last rank's last task and the last exchange, if no task failed
    /// anywhere. What fails here must go on through all the calls, with nothing to tell, and throw
    /// after the last one: the stage then fails on all ranks.
    virtual void agree(Collectives&) {}

    /// The two ends of the stage's exchange; null in a stage that has none.
    virtual Outgoing* outgoing() { return nullptr; }
    virtual Incoming* incoming() { return nullptr; }
    /// The partition of the result that is being merged, for messages.
    virtual std::uint64_t merging_partition() const { return 0; }
    /// Bytes that this end wrote to scratch.
    virtual std::uint64_t spilled_bytes() const { return 0; }

    /// All ranks agreed that the stage succeeded: keep its result.
    virtual void commit() {}
};

/// A step whose stage ends in an exchange.
struct WideStep {
    virtual ~WideStep() = default;
    /// This rank's end of the stage that runs the records of `input` into the step. Committed, it
    /// leaves what the step needs of them held by it; destroyed without, nothing.
    virtual std::unique_ptr<StageEnd> open_end(std::size_t input, StageSetting const& setting) = 0;
};

}  // namespace serry
