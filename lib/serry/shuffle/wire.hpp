#pragma once

#include <cstdint>
#include <span>

namespace serry::wire {

/// The protocol by which the ranks of a stage meet, exchange and leave together: all of it is on
/// this page, and none of it calls MPI. tests/shuffle/wire_test.cpp runs it through every
/// interleaving of 2 and 3 ranks on a simulated network.
///
/// A stage, seen from one rank:
///
///     tasks ──► (meeting ──► exchange)* ──► meeting ──► agree ──► final exchange ──► vote
///                  │                           │
///                  └── somebody failed: abandon ◄──┘
///
/// - A rank works on its tasks in state `running` and looks up between batches. When too much waits
/// to
///   be sent it is `wanted`: it rings its bell and goes to the meeting. Every rank that hears a
///   bell rings its own, so that the sound crosses the tree of ranks, and comes.
/// - A rank without tasks left is `done` and goes to the meeting at once, silently; it rings later
/// if it
///   hears a bell there. So a meeting comes together when somebody wants one, or when all are done.
/// - A meeting is one reduction of everybody's Tally; all ranks draw the same Verdict from the sum.
/// - If anyone rang, everyone has rung by the end of the meeting, and every rank then waits for one
/// bell
///   from each neighbour in the tree: no bell is left over for the next meeting.
/// - Agree is a hook of the stage's end: after the verdict `drain` all ranks make the same
///   collective calls there, most stages none. A rank that fails in it makes them all the same, and
///   announces its failure in the first round of the final exchange.
/// - An exchange is a number of rounds. A round: every rank grants every other the bytes it has
/// room
///   for; fills at most that much; announces it by a RoundHeader; the bytes move. The headers say
///   to all alike whether another round follows.
///
/// Who may call MPI, and what for:
///
///     running            test for bells, between batches
///     wanted             ring; then the meeting
///     failed, leaving    ring; then the meeting. They bring nothing, and join the rounds of an
///     exchange
///                        that is under way with empty messages, until its headers tell everyone
///     done               the meeting; ring when a bell is heard there; agree's calls
enum class State : std::uint8_t { running, wanted, failed, leaving, done };

/// What ranks bring to a meeting; the sum over all is what they judge by.
struct Tally {
    std::uint64_t wanted = 0;
    std::uint64_t failed = 0;
    std::uint64_t leaving = 0;
    std::uint64_t done = 0;
    std::uint64_t ringing = 0;  ///< ranks that had heard or rung a bell when they came

    friend bool operator==(Tally const&, Tally const&) = default;
};

enum class Verdict : std::uint8_t {
    exchange,  ///< exchange what waits, then go on with the tasks
    drain,     ///< all are done: agree, exchange all that is left, then vote
    abandon,   ///< somebody failed or must leave: vote
};

/// Requires a sum over `rank_count` ranks.
constexpr Verdict judge(Tally const& sum, std::uint64_t rank_count) {
    if (sum.failed > 0 || sum.leaving > 0) return Verdict::abandon;
    return sum.done == rank_count ? Verdict::drain : Verdict::exchange;
}

/// One rank's part in the meetings of a stage.
class Attendant {
public:
    explicit Attendant(int neighbour_count) : neighbour_count_(neighbour_count) {}

    State state() const { return state_; }

    void want() { leave_for(State::wanted); }
    void finish_tasks() { leave_for(State::done); }
    void leave() { leave_for(State::leaving); }
    /// Allowed in every state: an exchange's consumer may fail on a rank whose tasks are done.
    void fail() { state_ = State::failed; }

    void hear() { ++heard_; }

    bool must_ring() const {
        return !rang_
               && (heard_ > 0 || state_ == State::wanted || state_ == State::failed
                   || state_ == State::leaving);
    }
    void ring() { rang_ = true; }

    bool must_meet() const { return state_ != State::running || heard_ > 0; }

    Tally tally() const {
        return {.wanted = state_ == State::wanted,
                .failed = state_ == State::failed,
                .leaving = state_ == State::leaving,
                .done = state_ == State::done,
                .ringing = rang_ || must_ring()};
    }

    /// Whether bells belong to the meeting with this sum: then ring, if not done yet, and hear()
    /// until has_heard_all().
    bool must_settle(Tally const& sum) const { return sum.ringing > 0; }
    bool has_heard_all() const { return heard_ == neighbour_count_; }

    /// After the meeting, its bells settled: ready for the next.
    void end_meeting() {
        heard_ = 0;
        rang_ = false;
        if (state_ == State::wanted) state_ = State::running;
    }

private:
    void leave_for(State next) {
        if (state_ == State::running || state_ == State::wanted) state_ = next;
    }

    int neighbour_count_;
    State state_ = State::running;
    int heard_ = 0;
    bool rang_ = false;
};

/// Opens what a rank sends to another in a round, empty or not.
struct RoundHeader {
    std::uint64_t byte_count = 0;
    std::uint32_t is_last = 0;  ///< the stream to this receiver ends with these bytes
    std::uint32_t state = finished_none;

    static constexpr std::uint32_t finished_none = 0;
    static constexpr std::uint32_t finished_all =
        1;  ///< the sender's streams to all receivers have ended
    static constexpr std::uint32_t failed = 2;  ///< the sender failed; nothing more comes from it
};

enum class RoundVerdict : std::uint8_t { again, complete, abandon };

/// Every rank has one header from every rank, with the same `state`s, and so draws the same
/// verdict.
constexpr RoundVerdict judge(std::span<RoundHeader const> from_all) {
    bool all_finished = true;
    for (RoundHeader const& header : from_all) {
        if (header.state == RoundHeader::failed) return RoundVerdict::abandon;
        all_finished = all_finished && header.state == RoundHeader::finished_all;
    }
    return all_finished ? RoundVerdict::complete : RoundVerdict::again;
}

}  // namespace serry::wire
