#include "serry/shuffle/wire.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shuffle/explore.hpp"
#include "shuffle/simulated_rounds.hpp"
#include "shuffle/simulated_stage.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// All sequences of up to `most` polls; a failure and a departure come last.
std::vector<std::string> all_polls(std::size_t most) {
    std::vector<std::string> whole{""};
    std::vector<std::string> result{"", "f", "l"};
    for (std::size_t length = 1; length <= most; ++length) {
        std::vector<std::string> longer;
        for (std::string const& polls : whole)
            for (char const* next : {".", "w"}) longer.push_back(polls + next);
        for (std::string const& polls : longer) {
            result.push_back(polls);
            if (length < most) result.insert(result.end(), {polls + "f", polls + "l"});
        }
        whole = longer;
    }
    return result;
}

template <std::size_t ranks, typename P>
struct Programs {
    std::uint64_t programs = 0;
    Exploration seen;

    void add(std::array<RankProgram, ranks> const& program, int fan_out) {
        Exploration const one = explore(SimulatedStage<ranks, P>(program, fan_out));
        ++programs;
        seen.states += one.states;
        seen.ends += one.ends;
        if (one.mistake.empty() || !seen.mistake.empty()) return;
        seen.mistake = one.mistake + ", in";
        for (RankProgram const& own : program) seen.mistake += " \"" + own.polls + "\"";
    }
};

/// Every combination of programs of up to `most` polls; where nobody fails, also with each rank's
/// consumer failing.
template <std::size_t ranks, typename P = Protocol>
Programs<ranks, P> explore_all(std::size_t most, int fan_out) {
    Programs<ranks, P> all;
    auto const polls = all_polls(most);
    std::array<std::size_t, ranks> choice{};
    for (bool is_done = false; !is_done && all.seen.mistake.empty();) {
        std::array<RankProgram, ranks> program;
        for (std::size_t r = 0; r < ranks; ++r) program[r].polls = polls[choice[r]];
        // Of three ranks two are alike: of mirrored programs one will do.
        bool const is_mirrored = ranks == 3 && choice[1] < choice[2];
        if (!is_mirrored) all.add(program, fan_out);
        bool const ends_early = std::any_of(program.begin(), program.end(),
                                            [](auto const& own) { return own.ever_fails(); });
        for (std::size_t r = 0; r < ranks && !ends_early && !is_mirrored; ++r)
            for (int exchange : {0, 1})
                for (bool late : {false, true}) {
                    auto failing = program;
                    failing[r].failing_exchange = exchange;
                    failing[r].fails_late = late;
                    all.add(failing, fan_out);
                }
        is_done = true;
        for (std::size_t r = 0; r < ranks && is_done; ++r) {
            choice[r] = (choice[r] + 1) % polls.size();
            is_done = choice[r] == 0;
        }
    }
    return all;
}

template <std::size_t ranks, typename P>
void report(std::string const& network, Programs<ranks, P> const& all) {
    MESSAGE(network << ": " << all.programs << " programs, " << all.seen.states << " states, "
                    << all.seen.ends << " of them ends");
}

}  // namespace

TEST_CASE("two ranks meet and leave together in every interleaving") {
    auto const all = explore_all<2>(3, 4);
    report("0-1", all);
    CHECK(all.seen.mistake == "");
    CHECK(all.seen.ends >= all.programs);
}

TEST_CASE("three ranks meet and leave together in every interleaving") {
    auto const all = explore_all<3>(2, 4);
    report("1-0-2", all);
    CHECK(all.seen.mistake == "");
    CHECK(all.seen.ends >= all.programs);
}

TEST_CASE("seven ranks meet and leave together in many interleavings") {
    std::mt19937_64 random(7);
    auto const polls = all_polls(4);
    std::uint64_t states = 0;
    for (int i = 0; i < 20000; ++i) {
        std::array<RankProgram, 7> program;
        for (RankProgram& own : program) own.polls = polls[random() % polls.size()];
        // Most programs end early when any of seven ranks may fail.
        if (i % 4 != 0)
            for (RankProgram& own : program)
                if (own.ever_fails()) own.polls.pop_back();
        if (i % 8 == 0) program[random() % 7].failing_exchange = static_cast<int>(random() % 3);
        Exploration const seen = walk(SimulatedStage<7>(program, i % 2 ? 4 : 2), random);
        states += seen.states;
        if (!seen.mistake.empty()) FAIL(seen.mistake);
    }
    MESSAGE("seven ranks: " << states << " steps");
}

// Does the exploration find mistakes? Each of these breaks one rule of wire.hpp.

namespace {

struct SilentWhenDone : Protocol {
    struct Attendant : wire::Attendant {
        using wire::Attendant::Attendant;
        bool must_ring() const {
            return state() != wire::State::done && wire::Attendant::must_ring();
        }
    };
};

struct DeafToBells : Protocol {
    struct Attendant : wire::Attendant {
        using wire::Attendant::Attendant;
        bool must_meet() const { return state() != wire::State::running; }
    };
};

struct NeverSettles : Protocol {
    struct Attendant : wire::Attendant {
        using wire::Attendant::Attendant;
        bool must_settle(wire::Tally const&) const { return false; }
    };
};

struct SettlesTooEarly : Protocol {
    struct Attendant : wire::Attendant {
        using wire::Attendant::Attendant;
        bool has_heard_all() const { return true; }
    };
};

struct FailsInSilence : Protocol {
    struct Attendant : wire::Attendant {
        using wire::Attendant::Attendant;
        bool must_ring() const {
            return state() != wire::State::failed && wire::Attendant::must_ring();
        }
    };
};

struct DrainsWhenSomeAreDone : Protocol {
    static wire::Verdict judge(wire::Tally const& sum, std::uint64_t) {
        return wire::judge(sum, std::max<std::uint64_t>(1, sum.done));
    }
};

template <typename Mutation>
Exploration explore_broken(std::array<std::string, 3> const& polls) {
    std::array<RankProgram, 3> program;
    for (std::size_t r = 0; r < 3; ++r) program[r].polls = polls[r];
    CHECK(explore(SimulatedStage<3>(program, 4)).mistake == "");
    return explore(SimulatedStage<3, Mutation>(program, 4));
}

}  // namespace

TEST_CASE("the exploration finds a protocol that is broken") {
    CHECK(explore_broken<SilentWhenDone>({"w", "", ""}).can_deadlock);
    CHECK(explore_broken<FailsInSilence>({"..", "f", ".."}).mistake
          == "a failed rank waits without having called the others");
    CHECK(explore_broken<DeafToBells>({"..", "w", ".."}).mistake
          == "a rank that was called went on with its tasks");
    CHECK(explore_broken<NeverSettles>({"", "w", ""}).mistake == "a bell belongs to no meeting");
    CHECK(explore_broken<SettlesTooEarly>({"", "w", "w"}).mistake != "");
    CHECK(explore_broken<DrainsWhenSomeAreDone>({"", "w..", ".."}).mistake == "tasks were left");
}

TEST_CASE("two ranks' rounds with windows of a few bytes end, and deliver all in order") {
    std::uint64_t exchanges = 0;
    for (std::size_t sizes = 0; sizes < 81; ++sizes) {
        RoundSetup const setup{.rank_count = 2,
                               .window_bytes = {1 + sizes % 3, 1 + sizes / 3 % 3},
                               .message_bytes = {1 + sizes / 9 % 3, 1 + sizes / 27}};
        exchanges += for_all_record_counts(setup, 3, [](RoundSetup const& one) {
            std::string const mistake = SimulatedExchange(one).run();
            if (!mistake.empty()) FAIL(mistake);
        });
    }
    MESSAGE(exchanges << " exchanges");
}

TEST_CASE("three ranks' rounds with windows of a few bytes end, and deliver all in order") {
    for (std::size_t shift : {0, 1}) {
        RoundSetup const setup{.rank_count = 3,
                               .window_bytes = {1, 2 - shift, 3 - shift},
                               .message_bytes = {3, 1 + shift, 2}};
        auto const exchanges = for_all_record_counts(setup, 2, [](RoundSetup const& one) {
            std::string const mistake = SimulatedExchange(one).run();
            if (!mistake.empty()) FAIL(mistake);
        });
        CHECK(exchanges == 19683);
    }
}

TEST_CASE(
    "rounds that never grant more than a window to a longer record are found to stand still") {
    RoundSetup setup{.rank_count = 2, .window_bytes = {3, 3}, .message_bytes = {3, 3}};
    setup.grants_more_to_long_records = false;
    setup.record_counts[1][0] = 1;
    CHECK(SimulatedExchange(setup).run() == "deadlock");
}

TEST_CASE("one rank's failure in a round is every rank's verdict") {
    wire::RoundHeader const finished{.state = wire::RoundHeader::finished_all};
    wire::RoundHeader const going_on{.state = wire::RoundHeader::finished_none};
    wire::RoundHeader const failed{.state = wire::RoundHeader::failed};
    using Headers = std::vector<wire::RoundHeader>;
    CHECK(wire::judge(Headers{finished, finished}) == wire::RoundVerdict::complete);
    CHECK(wire::judge(Headers{finished, going_on}) == wire::RoundVerdict::again);
    CHECK(wire::judge(Headers{finished, failed}) == wire::RoundVerdict::abandon);
    CHECK(wire::judge(Headers{failed, going_on}) == wire::RoundVerdict::abandon);
}
