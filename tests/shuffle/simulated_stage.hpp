#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "serry/base/hash.hpp"
#include "serry/shuffle/wire.hpp"

namespace serry::test {

/// What one rank does in a stage. `polls`, one for every time that it looks up from its tasks: '.'
/// has nothing to say, 'w' wants an exchange, 'f' fails, 'l' must leave; after them its tasks are
/// done. The consumer of what it receives may fail in an exchange: early, so that the headers of a
/// round tell, or late, when the last headers are sent.
struct RankProgram {
    std::string polls;
    int failing_exchange = -1;
    bool fails_late = false;

    bool ever_fails() const {
        return failing_exchange >= 0 || polls.find_first_of("fl") != std::string::npos;
    }
};

/// The parts of the protocol, as they are; tests put broken ones in their place.
struct Protocol {
    using Attendant = wire::Attendant;
    static wire::Verdict judge(wire::Tally const& sum, std::uint64_t rank_count) {
        return wire::judge(sum, rank_count);
    }
};

/// A stage of `ranks` ranks on a network in memory, as Exchange and Bell carry out the protocol of
/// wire.hpp: bells are messages that arrive at any later moment; a meeting's reduction is over when
/// all have entered it, and each rank may see that late; so are the rounds of an exchange. A step
/// is what one rank, or the network, does at once.
template <std::size_t ranks, typename P = Protocol>
class SimulatedStage {
public:
    SimulatedStage(std::array<RankProgram, ranks> const& programs, int fan_out)
        : programs_(&programs) {
        for (std::size_t a = 0; a < ranks; ++a)
            for (std::size_t b = 0; b < ranks; ++b) are_neighbours_[a][b] = is_edge(a, b, fan_out);
        for (std::size_t r = 0; r < ranks; ++r)
            ranks_[r].attendant = typename P::Attendant(static_cast<int>(
                std::count(are_neighbours_[r].begin(), are_neighbours_[r].end(), true)));
    }

    static constexpr std::size_t step_count = 3 * ranks + ranks * ranks;

    /// Take a step; false when it cannot be taken now.
    bool step(std::size_t which) {
        if (which < ranks) return go_on(which);
        if (which < 2 * ranks) return hear_and_ring(which - ranks);
        if (which < 3 * ranks) return skip_poll(which - 2 * ranks);
        std::size_t const edge = which - 3 * ranks;
        return arrive(edge / ranks, edge % ranks);
    }

    bool is_over() const {
        return std::all_of(ranks_.begin(), ranks_.end(),
                           [](Rank const& rank) { return rank.place == Place::vote; });
    }

    /// What the protocol promises and was not kept, the first of it; empty when all is well.
    char const* broken_promise() const { return broken_promise_; }

    /// Promises about a stage that is over.
    char const* end_promises() const {
        bool ever_fails = false;
        for (std::size_t r = 0; r < ranks; ++r) {
            ever_fails = ever_fails || (*programs_)[r].ever_fails();
            for (std::size_t from = 0; from < ranks; ++from)
                if (bells_[from][r].under_way_count > 0
                    || bells_[from][r].receive != Receive::waits)
                    return "a bell is left over";
            if (ranks_[r].meetings != verdict_count_)
                return "ranks took part in different meetings";
        }
        if (ever_fails) return "";
        if (verdicts_[verdict_count_ - 1] != wire::Verdict::drain)
            return "the stage was not drained";
        for (std::size_t r = 0; r < ranks; ++r)
            if (ranks_[r].next_poll != (*programs_)[r].polls.size()) return "tasks were left";
        return "";
    }

    /// Equal states have equal hashes, and different ones hardly ever.
    std::uint64_t hash() const {
        std::array<char, 512> words;
        std::size_t count = 0;
        auto const put = [&](auto... values) {
            ((words[count++] = static_cast<char>(values)), ...);
        };
        for (Rank const& rank : ranks_) {
            put(rank.place, rank.next_poll, rank.meetings, rank.exchanges, rank.heard, rank.rang,
                rank.attendant.state(), rank.entered_meetings, rank.entered_rounds,
                rank.last_verdict);
            for (wire::Tally const& tally : rank.brought)
                put(tally.wanted + 2 * tally.failed + 4 * tally.leaving + 8 * tally.done
                    + 16 * tally.ringing);
            for (bool const has_failed : rank.header_failed) put(has_failed);
        }
        for (std::size_t a = 0; a < ranks; ++a)
            for (std::size_t b = 0; b < ranks; ++b) {
                if (!are_neighbours_[a][b]) continue;
                Bells const& bells = bells_[a][b];
                put(bells.receive, bells.heard_meeting, bells.under_way_count);
                for (std::uint8_t const meeting : bells.under_way) put(meeting);
            }
        for (wire::Verdict const verdict : verdicts_) put(verdict);
        return hash_long({words.data(), count});
    }

private:
    enum class Place : std::uint8_t { tasks, meeting, settling, round, vote };
    enum class Receive : std::uint8_t { waits, has_come, was_heard };

    struct Rank {
        typename P::Attendant attendant{0};
        Place place = Place::tasks;
        std::uint8_t next_poll = 0;
        std::uint8_t entered_meetings = 0, meetings = 0;  ///< those that have ended for this rank
        std::uint8_t entered_rounds = 0, exchanges = 0;
        std::uint8_t heard = 0, rang = 0;
        wire::Verdict last_verdict = wire::Verdict::exchange;
        // By the parity of the meeting or round: a rank may be one ahead of another.
        std::array<wire::Tally, 2> brought;
        std::array<bool, 2> header_failed{};
    };

    /// From one rank to another: Bell's persistent receive, and the bells that it has not got yet,
    /// each with the meeting that it was rung for.
    struct Bells {
        std::array<std::uint8_t, 2> under_way{};  ///< the first to arrive first
        std::uint8_t under_way_count = 0;
        Receive receive = Receive::waits;
        std::uint8_t heard_meeting = 0;
    };

    static bool is_edge(std::size_t a, std::size_t b, int fan_out) {
        auto const parent = [&](std::size_t rank) {
            return (rank - 1) / static_cast<std::size_t>(fan_out);
        };
        return (a > 0 && parent(a) == b) || (b > 0 && parent(b) == a);
    }

    bool promise(bool is_kept, char const* what) {
        if (!is_kept && !*broken_promise_) broken_promise_ = what;
        return is_kept;
    }

    bool arrive(std::size_t from, std::size_t to) {
        Bells& bells = bells_[from][to];
        if (bells.under_way_count == 0 || bells.receive != Receive::waits) return false;
        bells.receive = Receive::has_come;
        bells.heard_meeting = bells.under_way[0];
        bells.under_way = {bells.under_way[1], 0};
        --bells.under_way_count;
        return true;
    }

    bool hear(std::size_t r) {
        bool any = false;
        for (std::size_t from = 0; from < ranks; ++from) {
            Bells& bells = bells_[from][r];
            if (bells.receive != Receive::has_come) continue;
            promise(bells.heard_meeting == ranks_[r].meetings,
                    "a bell was heard in another meeting than its own");
            bells.receive = Receive::was_heard;
            ranks_[r].attendant.hear();
            ++ranks_[r].heard;
            any = true;
        }
        return any;
    }

    bool ring_if_due(std::size_t r) {
        Rank& rank = ranks_[r];
        if (!rank.attendant.must_ring()) return false;
        promise(rank.rang == 0, "a rank rang twice for one meeting");
        rank.attendant.ring();
        rank.rang = 1;
        for (std::size_t to = 0; to < ranks; ++to) {
            if (!are_neighbours_[r][to]) continue;
            Bells& bells = bells_[r][to];
            if (promise(bells.under_way_count < 2, "three bells on one way"))
                bells.under_way[bells.under_way_count++] = rank.meetings;
        }
        return true;
    }

    void enter_meeting(std::size_t r) {
        Rank& rank = ranks_[r];
        ring_if_due(r);
        rank.brought[rank.meetings % 2] = rank.attendant.tally();
        ++rank.entered_meetings;
        rank.place = Place::meeting;
        promise(rank.entered_meetings == rank.meetings + 1, "a rank is in two meetings");
        promise(rank.attendant.state() != wire::State::failed || rank.rang == 1,
                "a failed rank waits without having called the others");
    }

    wire::Tally sum_of(std::size_t meeting) const {
        wire::Tally sum;
        for (Rank const& rank : ranks_) {
            wire::Tally const& brought = rank.brought[meeting % 2];
            sum.wanted += brought.wanted;
            sum.failed += brought.failed;
            sum.leaving += brought.leaving;
            sum.done += brought.done;
            sum.ringing += brought.ringing;
        }
        return sum;
    }

    bool have_all_entered_meeting(std::size_t meeting) const {
        return std::all_of(ranks_.begin(), ranks_.end(),
                           [&](Rank const& rank) { return rank.entered_meetings > meeting; });
    }
    bool have_all_entered_round(std::size_t round) const {
        return std::all_of(ranks_.begin(), ranks_.end(),
                           [&](Rank const& rank) { return rank.entered_rounds > round; });
    }

    /// The next thing that the rank does by itself; false when it waits.
    bool go_on(std::size_t r) {
        Rank& rank = ranks_[r];
        switch (rank.place) {
            case Place::tasks:
                poll(r);
                return true;
            case Place::meeting:
                if (!have_all_entered_meeting(rank.meetings)) return false;
                rank.place = Place::settling;
                return true;
            case Place::settling:
                return end_meeting(r);
            case Place::round:
                return end_round(r);
            case Place::vote:
                return false;
        }
        return false;
    }

    void poll(std::size_t r) {
        Rank& rank = ranks_[r];
        std::string const& polls = (*programs_)[r].polls;
        char const what = rank.next_poll == polls.size() ? 'd' : polls[rank.next_poll++];
        if (what == '.') hear(r);
        if (what == 'w') rank.attendant.want();
        if (what == 'f') rank.attendant.fail();
        if (what == 'l') rank.attendant.leave();
        if (what == 'd') rank.attendant.finish_tasks();
        if (rank.attendant.must_meet()) enter_meeting(r);
        promise(rank.heard == 0 || rank.place == Place::meeting,
                "a rank that was called went on with its tasks");
    }

    /// Too soon after the last poll: seen from others only if the rank's consumer has failed.
    bool skip_poll(std::size_t r) {
        Rank& rank = ranks_[r];
        std::string const& polls = (*programs_)[r].polls;
        if (rank.place != Place::tasks || rank.attendant.state() != wire::State::failed
            || rank.next_poll == polls.size() || polls[rank.next_poll] != '.')
            return false;
        ++rank.next_poll;
        return true;
    }

    /// A turn of the loops in which a rank waits for the meeting's sum, and for its bells.
    bool hear_and_ring(std::size_t r) {
        Place const place = ranks_[r].place;
        if (place != Place::meeting && place != Place::settling) return false;
        bool const heard = hear(r);
        return ring_if_due(r) || heard;
    }

    bool end_meeting(std::size_t r) {
        Rank& rank = ranks_[r];
        wire::Tally const sum = sum_of(rank.meetings);
        if (rank.attendant.must_settle(sum)) {
            if (!rank.attendant.has_heard_all()) return false;
            ring_if_due(r);
            promise(rank.rang == 1, "a rank left a meeting with bells without ringing");
            for (auto& from : bells_) from[r].receive = Receive::waits;
        } else {
            promise(rank.heard == 0 && rank.rang == 0, "a bell belongs to no meeting");
        }
        rank.attendant.end_meeting();
        rank.heard = rank.rang = 0;
        rank.last_verdict = P::judge(sum, ranks);
        if (rank.meetings == verdict_count_) verdicts_.at(verdict_count_++) = rank.last_verdict;
        promise(verdicts_[rank.meetings] == rank.last_verdict, "ranks drew different verdicts");
        ++rank.meetings;
        promise(rank.attendant.state() != wire::State::failed
                    || rank.last_verdict == wire::Verdict::abandon,
                "a failed rank was taken along");
        if (rank.last_verdict == wire::Verdict::abandon)
            rank.place = Place::vote;
        else
            enter_round(r);
        return true;
    }

    void enter_round(std::size_t r) {
        Rank& rank = ranks_[r];
        RankProgram const& program = (*programs_)[r];
        bool const fails = program.failing_exchange == rank.exchanges && !program.fails_late;
        if (fails) rank.attendant.fail();
        rank.header_failed[rank.exchanges % 2] = fails;
        ++rank.entered_rounds;
        rank.place = Place::round;
    }

    bool end_round(std::size_t r) {
        Rank& rank = ranks_[r];
        if (!have_all_entered_round(rank.exchanges)) return false;
        std::array<wire::RoundHeader, ranks> headers;
        for (std::size_t from = 0; from < ranks; ++from)
            headers[from].state = ranks_[from].header_failed[rank.exchanges % 2]
                                      ? wire::RoundHeader::failed
                                      : wire::RoundHeader::finished_all;
        RankProgram const& program = (*programs_)[r];
        if (program.failing_exchange == rank.exchanges) rank.attendant.fail();
        ++rank.exchanges;
        if (wire::judge(headers) == wire::RoundVerdict::abandon
            || rank.last_verdict == wire::Verdict::drain)
            rank.place = Place::vote;
        else if (rank.attendant.state() == wire::State::done)
            enter_meeting(r);
        else
            rank.place = Place::tasks;
        return true;
    }

    std::array<RankProgram, ranks> const* programs_;
    std::array<std::array<bool, ranks>, ranks> are_neighbours_{};
    std::array<Rank, ranks> ranks_;
    std::array<std::array<Bells, ranks>, ranks> bells_;
    std::array<wire::Verdict, 32> verdicts_{};
    std::size_t verdict_count_ = 0;
    char const* broken_promise_ = "";
};

}  // namespace serry::test
