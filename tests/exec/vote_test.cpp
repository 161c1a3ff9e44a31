#include "serry/exec/vote.hpp"

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("of failures the lowest partition counts, and of that the lowest rank") {
    Vote low;
    low.failed_partition = 3;
    low.failed_rank = 5;
    Vote same = low;
    same.failed_rank = 2;
    Vote high;
    high.failed_partition = 4;
    high.failed_rank = 0;

    for (bool is_first : {true, false}) {
        Vote all = is_first ? low : high;
        all.merge(is_first ? high : low);
        CHECK(all.failed_partition == 3);
        CHECK(all.failed_rank == 5);
        all.merge(same);
        all.merge(Vote());
        CHECK(all.failed_partition == 3);
        CHECK(all.failed_rank == 2);
    }
    Vote none;
    none.merge(Vote());
    CHECK(none.failed_partition == Vote::nobody);
}

TEST_CASE("a spread knows its sum, its largest and how uneven it is") {
    Spread spread;
    CHECK(spread.skew(4) == 1);
    for (double value : {1.0, 5.0, 2.0, 0.0}) spread.add(value);
    CHECK(spread.sum == 8);
    CHECK(spread.largest == 5);
    CHECK(spread.skew(4) == 2.5);
}

TEST_CASE("all ranks take the same vote: sums, and the largest of what is no sum") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const rank = static_cast<std::uint64_t>(comm.rank());
    auto const ranks = static_cast<std::uint64_t>(comm.rank_count());
    Vote own;
    std::uint64_t scale = 1;
    for (std::uint64_t* sum :
         {&own.abandoned, &own.records_sent, &own.records_received, &own.bytes_sent,
          &own.bytes_received, &own.records_in, &own.records_out, &own.bytes_in, &own.bytes_out,
          &own.bad_lines, &own.spilled_bytes, &own.messages_across, &own.bytes_across,
          &own.control_bytes})
        *sum = scale++ << 33 | rank;
    own.exchanges = 20 + rank;
    own.rounds = 10 + rank;
    own.peak_exchange_bytes = 1000 - rank;
    for (Spread* spread :
         {&own.records, &own.seconds, &own.task_seconds, &own.exchange_seconds, &own.wait_seconds})
        spread->add(static_cast<double>(scale++ + rank));
    if (rank % 2 == 1) {
        own.failed_partition = 100 - rank;
        own.failed_rank = rank;
    }

    Vote all = take_vote(comm, own);

    std::uint64_t const ranks_sum = ranks * (ranks - 1) / 2;
    scale = 1;
    for (std::uint64_t const* sum :
         {&all.abandoned, &all.records_sent, &all.records_received, &all.bytes_sent,
          &all.bytes_received, &all.records_in, &all.records_out, &all.bytes_in, &all.bytes_out,
          &all.bad_lines, &all.spilled_bytes, &all.messages_across, &all.bytes_across,
          &all.control_bytes})
        CHECK(*sum == (scale++ << 33) * ranks + ranks_sum);
    CHECK(all.exchanges == 20 + ranks - 1);
    CHECK(all.rounds == 10 + ranks - 1);
    CHECK(all.peak_exchange_bytes == 1000);
    for (Spread const* spread : {&all.records, &all.seconds, &all.task_seconds,
                                 &all.exchange_seconds, &all.wait_seconds}) {
        CHECK(spread->sum == static_cast<double>(scale * ranks + ranks_sum));
        CHECK(spread->largest == static_cast<double>(scale + ranks - 1));
        ++scale;
    }
    std::uint64_t const highest_odd = ranks < 2 ? Vote::nobody : (ranks - 1) - (ranks % 2);
    CHECK(all.failed_rank == highest_odd);
    CHECK(all.failed_partition == (ranks < 2 ? Vote::nobody : 100 - highest_odd));
}
