#include "serry/comm/bell.hpp"

#include <cstdint>
#include <random>
#include <vector>

#include <doctest/doctest.h>
#include <sched.h>

#include "serry/comm/communicator.hpp"
#include "serry/comm/mpi_error.hpp"
#include "serry/shuffle/wire.hpp"

using namespace serry;
using namespace serry::comm;

namespace {

/// The ranks beside this one in the tree in which r's parent is (r - 1) / 4, counted in another
/// way.
int expected_neighbour_count(int rank, int rank_count) {
    int count = rank > 0;
    for (int r = 1; r < rank_count; ++r) count += (r - 1) / 4 == rank;
    return count;
}

/// One rank's part in the meetings of a stage, as Exchange plays it; counts the bells.
class Rank {
public:
    explicit Rank(Communicator const& comm)
        : comm_(comm), bell_(comm), attendant_(bell_.neighbour_count()) {}

    Bell& bell() { return bell_; }
    wire::Attendant& attendant() { return attendant_; }
    /// The vote of the stage before has ended it everywhere: without it, a bell of this stage could
    /// be heard by a rank that is still in that one's last, silent meeting.
    void begin_stage() {
        comm_.barrier();
        attendant_ = wire::Attendant(bell_.neighbour_count());
    }

    /// Works until somebody wants a meeting.
    void work() {
        while (!attendant_.must_meet()) {
            listen();
            sched_yield();
        }
    }

    struct Meeting {
        wire::Tally sum;
        int heard = 0;  ///< bells, on this rank
        bool rang = false;
    };
    Meeting meet() {
        ring_if_due();
        wire::Tally const own = attendant_.tally();
        Meeting meeting;
        MPI_Request request = MPI_REQUEST_NULL;
        check("MPI_Iallreduce",
              MPI_Iallreduce(&own, &meeting.sum, sizeof own / sizeof(std::uint64_t), MPI_UINT64_T,
                             MPI_SUM, comm_.handle(), &request));
        for (;;) {
            int is_complete = 0;
            check("MPI_Test", MPI_Test(&request, &is_complete, MPI_STATUS_IGNORE));
            if (is_complete) break;
            listen();
            ring_if_due();
            sched_yield();
        }
        if (attendant_.must_settle(meeting.sum)) {
            while (!attendant_.has_heard_all()) {
                listen();
                ring_if_due();
                sched_yield();
            }
            bell_.local_settle();
        }
        attendant_.end_meeting();
        meeting.heard = heard_;
        meeting.rang = rang_;
        heard_ = 0;
        rang_ = false;
        return meeting;
    }

private:
    void listen() {
        int const heard = bell_.local_hear();
        heard_ += heard;
        for (int i = 0; i < heard; ++i) attendant_.hear();
    }
    void ring_if_due() {
        if (!attendant_.must_ring()) return;
        attendant_.ring();
        bell_.local_ring();
        rang_ = true;
    }

    Communicator const& comm_;
    Bell bell_;
    wire::Attendant attendant_;
    int heard_ = 0;
    bool rang_ = false;
};

bool is_in(std::uint64_t set, int rank) { return (set >> rank & 1) != 0; }

/// One meeting that the ranks in `initiators` want while the others work: every rank rings, and
/// hears each neighbour once.
void check_meeting(Rank& rank,
                   int own_rank,
                   std::uint64_t initiators,
                   std::uint64_t initiator_count) {
    if (is_in(initiators, own_rank)) rank.attendant().want();
    rank.work();
    auto const meeting = rank.meet();
    CHECK(meeting.sum.wanted == initiator_count);
    CHECK(meeting.sum.ringing >= initiator_count);
    CHECK(meeting.rang);
    // Never more than one from a neighbour, since its receive was started once.
    CHECK(meeting.heard == rank.bell().neighbour_count());
    CHECK(rank.attendant().state() == wire::State::running);
}

std::uint64_t size_of(std::uint64_t set) {
    return static_cast<std::uint64_t>(__builtin_popcountll(set));
}

}  // namespace

TEST_CASE("the bells hang in a tree of the ranks, four below each") {
    Communicator const comm(MPI_COMM_WORLD);
    Bell const bell(comm);
    CHECK(bell.neighbour_count() == expected_neighbour_count(comm.rank(), comm.rank_count()));
    CHECK(comm.all_reduce_sum(static_cast<std::uint64_t>(bell.neighbour_count()))
          == 2 * static_cast<std::uint64_t>(comm.rank_count() - 1));
}

TEST_CASE("a bell that nobody rings is not heard, and can be taken down") {
    Communicator const comm(MPI_COMM_WORLD);
    for (int i = 0; i < 20; ++i) {
        Bell bell(comm);
        comm.barrier();
        CHECK(bell.local_hear() == 0);
        comm.barrier();
    }
}

TEST_CASE("whichever ranks want a meeting, every rank hears each neighbour exactly once") {
    Communicator const comm(MPI_COMM_WORLD);
    Rank rank(comm);
    std::uint64_t const all = (std::uint64_t{1} << comm.rank_count()) - 1;
    for (std::uint64_t initiators = 1; initiators <= all; ++initiators)
        check_meeting(rank, comm.rank(), initiators, size_of(initiators));
    comm.barrier();
    CHECK(rank.bell().local_hear() == 0);
}

TEST_CASE("one rank calls many meetings in a row, and none loses a bell") {
    Communicator const comm(MPI_COMM_WORLD);
    Rank rank(comm);
    for (int round = 0; round < 50; ++round) {
        int const initiator = round / 7 % comm.rank_count();
        check_meeting(rank, comm.rank(), std::uint64_t{1} << initiator, 1);
    }
}

TEST_CASE("a meeting of all that are done is silent") {
    Communicator const comm(MPI_COMM_WORLD);
    Rank rank(comm);
    for (int stage = 0; stage < 20; ++stage) {
        rank.begin_stage();
        rank.attendant().finish_tasks();
        auto const meeting = rank.meet();
        CHECK(meeting.sum.done == static_cast<std::uint64_t>(comm.rank_count()));
        CHECK(meeting.sum.ringing == 0);
        CHECK(meeting.heard == 0);
        CHECK_FALSE(meeting.rang);
    }
}

TEST_CASE("stages of random meetings, with ranks that are done early, leave no bell behind") {
    Communicator const comm(MPI_COMM_WORLD);
    Rank rank(comm);
    std::mt19937_64 random(61);  // the same on every rank
    std::uint64_t const all = (std::uint64_t{1} << comm.rank_count()) - 1;
    for (int stage = 0; stage < 15; ++stage) {
        rank.begin_stage();
        std::uint64_t done = 0;
        while (done != all) {
            done |= random() & random() & all;
            std::uint64_t const wanting = random() & random() & all & ~done;
            // Who is done waits in silence until somebody else wants a meeting, or all are done.
            if (wanting == 0 && done != all) continue;
            if (is_in(done, comm.rank())) rank.attendant().finish_tasks();
            if (is_in(wanting, comm.rank())) rank.attendant().want();
            rank.work();
            auto const meeting = rank.meet();
            CHECK(meeting.sum.wanted == size_of(wanting));
            CHECK(meeting.sum.done == size_of(done));
            CHECK(meeting.heard == (wanting ? rank.bell().neighbour_count() : 0));
            CHECK(meeting.rang == (wanting != 0));
        }
    }
    comm.barrier();
    CHECK(rank.bell().local_hear() == 0);
}

TEST_CASE("a rank that fails calls the others to a meeting that gives the stage up") {
    Communicator const comm(MPI_COMM_WORLD);
    Rank rank(comm);
    for (int failed = 0; failed < comm.rank_count(); ++failed) {
        rank.begin_stage();
        if (comm.rank() == failed) rank.attendant().fail();
        rank.work();
        auto const meeting = rank.meet();
        CHECK(wire::judge(meeting.sum, static_cast<std::uint64_t>(comm.rank_count()))
              == wire::Verdict::abandon);
        CHECK(meeting.heard == rank.bell().neighbour_count());
    }
}

TEST_CASE("bells of two communicators do not mix") {
    Communicator const first(MPI_COMM_WORLD), second(MPI_COMM_WORLD);
    Rank in_first(first), in_second(second);
    for (int round = 0; round < 10; ++round) {
        check_meeting(in_first, first.rank(), 1, 1);
        check_meeting(in_second, second.rank(), 1, 1);
    }
}
