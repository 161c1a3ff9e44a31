#include "serry/shuffle/exchange.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "shuffle/exchange_ends.hpp"
#include "shuffle/ways.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// How many records each rank sends to each, and how large they are.
struct Matrix {
    std::vector<std::vector<std::uint64_t>> counts;  ///< [from][to]
    std::size_t value_bytes = 20;

    static Matrix zeros(std::size_t ranks) {
        return {.counts = std::vector(ranks, std::vector<std::uint64_t>(ranks, 0))};
    }
    static Matrix random(std::size_t ranks, std::uint64_t seed, std::uint64_t most) {
        Matrix matrix = zeros(ranks);
        std::mt19937_64 random(seed);
        for (auto& row : matrix.counts)
            for (std::uint64_t& count : row) count = random() % 3 == 0 ? 0 : random() % (most + 1);
        return matrix;
    }
};

TestRecord record(Matrix const& matrix, std::size_t from, std::size_t to, std::uint64_t number) {
    std::uint64_t const mixed = mix_fingerprint(from * 1000 + to, number);
    return {std::to_string(mixed % 1000),
            std::to_string(from) + ':' + std::to_string(number)
                + std::string(mixed % (2 * matrix.value_bytes + 1), 'v')};
}

std::vector<TestRecord> expected_records(Matrix const& matrix, std::size_t to) {
    std::vector<TestRecord> all;
    for (std::size_t from = 0; from < matrix.counts.size(); ++from)
        for (std::uint64_t i = 0; i < matrix.counts[from][to]; ++i)
            all.push_back(record(matrix, from, to, i));
    std::sort(all.begin(), all.end());
    return all;
}

/// A rank's data in an exchange: of what it sends and what it receives the larger.
std::uint64_t data_bytes(Matrix const& matrix, std::size_t rank) {
    std::uint64_t sent = 0, received = 0;
    for (std::size_t other = 0; other < matrix.counts.size(); ++other) {
        for (std::uint64_t i = 0; i < matrix.counts[rank][other]; ++i)
            sent += record(matrix, rank, other, i).value.size() + 6;
        for (std::uint64_t i = 0; i < matrix.counts[other][rank]; ++i)
            received += record(matrix, other, rank, i).value.size() + 6;
    }
    return std::max(sent, received);
}

struct Stage {
    std::size_t round_bytes = 4096;
    std::size_t limit_bytes = ~std::size_t{0};
    ExchangeCounters counters = {};
};

/// Send and receive what the matrix says, and check all of it.
Stage run_way(comm::Communicator const& comm, Matrix const& matrix, Stage stage, Way const& way) {
    CAPTURE(way.name());
    auto const own = static_cast<std::size_t>(comm.rank());
    WayGear on_way(comm, stage.round_bytes, way);
    TestEnd end(comm, stage.limit_bytes, "/tmp");
    Exchange exchange(on_way.gear, end);
    std::uint64_t most = 0;
    for (std::uint64_t const count : matrix.counts[own]) most = std::max(most, count);
    for (std::uint64_t i = 0; i < most; ++i) {
        for (std::size_t to = 0; to < matrix.counts.size(); ++to)
            if (i < matrix.counts[own][to]) end.sender.add(to, record(matrix, own, to, i));
        exchange.poll();
    }
    CHECK(exchange.finish(false));
    CHECK_FALSE(exchange.failure());
    CHECK(end.has_agreed);
    CHECK(end.groups.has_ended);
    std::vector<TestRecord> received = end.groups.records;
    CHECK(std::is_sorted(
        received.begin(), received.end(), [](TestRecord const& a, TestRecord const& b) {
            return std::tuple(hash_key(a.key), a.key) < std::tuple(hash_key(b.key), b.key);
        }));
    std::sort(received.begin(), received.end());
    CHECK((received == expected_records(matrix, own)));
    CHECK(end.receiver.record_count() == received.size());
    stage.counters = exchange.counters();
    // Conservation.
    CHECK(comm.all_reduce_sum(stage.counters.bytes_sent)
          == comm.all_reduce_sum(stage.counters.bytes_received));
    CHECK(comm.all_reduce_sum(end.sender.record_count())
          == comm.all_reduce_sum(end.receiver.record_count()));
    CHECK(stage.counters.exchanges == comm.all_reduce_min(stage.counters.exchanges));
    CHECK(stage.counters.rounds == comm.all_reduce_min(stage.counters.rounds));
    return stage;
}

/// The same on all ways; counts the fewest exchanges and rounds and the most bytes of them.
Stage run(comm::Communicator const& comm, Matrix const& matrix, Stage const& stage) {
    Stage all = stage;
    all.counters.exchanges = all.counters.rounds = ~std::uint64_t{0};
    for (Way const& way : all_ways()) {
        ExchangeCounters const counters = run_way(comm, matrix, stage, way).counters;
        all.counters.exchanges = std::min(all.counters.exchanges, counters.exchanges);
        all.counters.rounds = std::min(all.counters.rounds, counters.rounds);
        all.counters.peak_bytes = std::max(all.counters.peak_bytes, counters.peak_bytes);
    }
    return all;
}

Stage run(comm::Communicator const& comm, Matrix const& matrix, std::size_t round_bytes) {
    return run(comm, matrix, {.round_bytes = round_bytes});
}

}  // namespace

TEST_CASE("one rank's records reach all, and all ranks' records reach one") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    for (std::size_t one = 0; one < ranks; ++one) {
        Matrix from_one = Matrix::zeros(ranks), to_one = Matrix::zeros(ranks);
        for (std::size_t other = 0; other < ranks; ++other)
            from_one.counts[one][other] = to_one.counts[other][one] = 500 + other;
        run(comm, from_one, 4096);
        run(comm, to_one, 4096);
    }
}

TEST_CASE("random matrices of records are delivered once and in order, in rounds of any size") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    for (std::uint64_t seed = 0; seed < 30; ++seed) {
        std::size_t const round_bytes = std::size_t{1} << (10 + seed % 10);
        Matrix matrix = Matrix::random(ranks, seed, 2000 / ranks);
        matrix.value_bytes = round_bytes > 50000 ? 500 : 20;
        run(comm, matrix, round_bytes);
    }
    run(comm, Matrix::zeros(ranks), 4096);
}

TEST_CASE("rounds of 64 bytes, and windows of one byte, deliver the same") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    Stage const small = run(comm, Matrix::random(ranks, 1, 60), 64);
    CHECK(small.counters.rounds > 20);
    Matrix few = Matrix::random(ranks, 2, 8);
    few.counts[0][ranks - 1] = 8;
    Stage const smallest = run(comm, few, 1);
    CHECK(smallest.counters.rounds > 60);
}

TEST_CASE("ranks may have budgets of their own") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own = static_cast<std::size_t>(comm.rank());
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        std::size_t const round_bytes = std::size_t{128} << (own * 5 + seed) % 11;
        run(comm, Matrix::random(ranks, 100 + seed, 600 / ranks), round_bytes);
        Stage const stage{.round_bytes = round_bytes,
                          .limit_bytes = 500 + 3000 * ((own + seed) % 3)};
        run(comm, Matrix::random(ranks, 200 + seed, 600 / ranks), stage);
    }
}

TEST_CASE("an exchange holds at most four budgets on every rank") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own = static_cast<std::size_t>(comm.rank());
    Matrix even = Matrix::zeros(ranks), to_one = even, from_one = even;
    for (std::size_t from = 0; from < ranks; ++from)
        for (std::size_t to = 0; to < ranks; ++to) {
            even.counts[from][to] = 20000 / ranks;
            to_one.counts[from][to] = to == ranks / 2 ? 20000 / ranks : 0;
            from_one.counts[from][to] = from == ranks / 2 ? 20000 / ranks : 0;
        }
    for (Matrix const& matrix : {even, to_one, from_one}) {
        std::uint64_t const budget = std::max<std::uint64_t>(4096, data_bytes(matrix, own) / 16);
        CHECK(run(comm, matrix, budget).counters.peak_bytes <= 4 * budget);
        Stage const in_parts{.round_bytes = budget, .limit_bytes = 50000};
        CHECK(run(comm, matrix, in_parts).counters.peak_bytes <= 4 * budget);
    }
}

TEST_CASE("full ranks are exchanged with while others still work, wait, or have nothing to do") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        Matrix matrix = Matrix::random(ranks, 300 + seed, 40);
        matrix.counts[seed % ranks].assign(ranks, 800);  // the last to be done
        matrix.counts[(seed + 1) % ranks][0] = 2000 / (1 + seed);
        Stage const stage = run(comm, matrix, {.round_bytes = 2048, .limit_bytes = 4000});
        CHECK(stage.counters.exchanges > 2);
    }
}

// Failure: no rank waits for ever, and all of them know.

namespace {

enum class Ending { through, abandoned };

struct FailedStage {
    Ending ending;
    bool has_failed_here;
};

/// A stage in which `failing_rank` fails, and every rank has `exchanges` exchanges before its last.
FailedStage run_failing(ExchangeGear& gear, int failing_rank, Failing where, int exchanges) {
    comm::Communicator const& comm = gear.comm;
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own = static_cast<std::size_t>(comm.rank());
    TestEnd end(comm, 1000, "/tmp");
    if (comm.rank() == failing_rank) end.fail(where);
    Exchange exchange(gear, end);
    Matrix const matrix = Matrix::zeros(ranks);
    end.groups.left = 60 * ranks;
    try {
        for (std::uint64_t i = 0; i < 60; ++i) {
            for (std::size_t to = 0; to < ranks; ++to)
                end.sender.add(to, record(matrix, own, to, i));
            if (exchanges > 0) exchange.poll();
        }
    } catch (StageAbandoned const&) {
        CHECK_THROWS_AS(exchange.poll(), StageAbandoned);
        CHECK_FALSE(exchange.finish(false));
        return {Ending::abandoned, exchange.failure() != nullptr};
    }
    bool const is_through = exchange.finish(false);
    return {is_through ? Ending::through : Ending::abandoned, exchange.failure() != nullptr};
}

}  // namespace

TEST_CASE("a rank that fails in an exchange ends the stage on all ranks") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    WayGear on_way(comm, 1024, {});
    ExchangeGear& gear = on_way.gear;
    for (int failing_rank = 0; failing_rank < comm.rank_count(); ++failing_rank)
        for (Failing const where : {Failing::at_agree, Failing::at_open, Failing::at_fill,
                                    Failing::at_merge, Failing::at_last_record, Failing::at_close})
            for (int exchanges : {0, 1}) {
                FailedStage const stage = run_failing(gear, failing_rank, where, exchanges);
                CHECK(stage.has_failed_here == (comm.rank() == failing_rank));
                // Of what fails when all have been told that this was the last round, the vote
                // tells.
                if (where == Failing::at_agree || where == Failing::at_open
                    || where == Failing::at_fill)
                    CHECK(stage.ending == Ending::abandoned);
                auto const through = static_cast<std::uint64_t>(stage.ending == Ending::through);
                std::uint64_t const all = comm.all_reduce_sum(through);
                CHECK((all == 0 || all == static_cast<std::uint64_t>(comm.rank_count())));
            }
    CHECK(run_failing(gear, -1, Failing::never, 1).ending == Ending::through);
}

TEST_CASE("a rank whose task fails calls the others away from theirs") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    WayGear on_way(comm, 1024, {});
    ExchangeGear& gear = on_way.gear;
    for (int failing_rank = 0; failing_rank < comm.rank_count(); ++failing_rank) {
        TestEnd end(comm, 1000, "/tmp");
        Exchange exchange(gear, end);
        if (comm.rank() == failing_rank) {
            CHECK_FALSE(exchange.finish(true));
        } else {
            // Without end, unless they are called.
            CHECK_THROWS_AS(([&] {
                                for (;;) exchange.poll();
                            }()),
                            StageAbandoned);
            CHECK_FALSE(exchange.finish(false));
        }
        CHECK_FALSE(exchange.failure());
        comm.barrier();  // for the vote
    }
}

namespace {

/// A stage's end that exchanges nothing.
struct Agreeing final : StageEnd {
    void attach(Pipeline&) override {}
    void agree(Collectives& ranks) override {
        has_agreed = true;
        if (fails_to_agree) throw std::runtime_error(ranks.all_gather("r"));
        ranks.all_gather("r");
    }
    bool has_agreed = false;
    bool fails_to_agree = false;
};

}  // namespace

TEST_CASE("stages without an exchange end together, or fail together") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    WayGear on_way(comm, 1024, {});
    ExchangeGear& gear = on_way.gear;
    for (int failing_rank = -1; failing_rank < comm.rank_count(); ++failing_rank) {
        Agreeing end;
        Exchange exchange(gear, end);
        bool const fails = comm.rank() == failing_rank;
        if (!fails && failing_rank % 2 == 0) {
            CHECK_THROWS_AS(([&] {
                                for (;;) exchange.poll();
                            }()),
                            StageAbandoned);
        }
        CHECK(exchange.finish(fails) == (failing_rank < 0));
        CHECK(end.has_agreed == (failing_rank < 0));
        CHECK(exchange.counters().rounds == 0);
        comm.barrier();  // for the vote
    }
}

TEST_CASE("what fails to agree is kept for the vote, also in a stage without an exchange") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    WayGear on_way(comm, 1024, {});
    ExchangeGear& gear = on_way.gear;
    for (int failing_rank = 0; failing_rank < comm.rank_count(); ++failing_rank) {
        Agreeing end;
        end.fails_to_agree = comm.rank() == failing_rank;
        Exchange exchange(gear, end);
        CHECK(exchange.finish(false));
        CHECK((exchange.failure() != nullptr) == (comm.rank() == failing_rank));
    }
}

TEST_CASE("hundreds of stages, one after the other, some of which fail, leave nothing behind") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const ranks = static_cast<std::size_t>(comm.rank_count());
    auto const own = static_cast<std::size_t>(comm.rank());
    WayGear on_way(comm, 512, {{.way = "two-hop"}, 2});
    ExchangeGear& gear = on_way.gear;
    std::mt19937_64 shared(5), random(own);
    for (int stage = 0; stage < 300; ++stage) {
        std::uint64_t const kind = shared() % 8;
        auto const failing = static_cast<std::size_t>(shared() % ranks);
        Matrix const matrix = Matrix::random(ranks, shared(), 20);
        TestEnd end(comm, random() % 600, "/tmp");
        if (own == failing && kind == 0) end.fail(Failing::at_merge);
        if (own == failing && kind == 1) end.fail(Failing::at_fill);
        Exchange exchange(gear, end);
        bool is_through = false;
        bool fails = false;
        try {
            for (std::uint64_t i = 0; i < 20 && !fails; ++i) {
                for (std::size_t to = 0; to < ranks; ++to)
                    if (i < matrix.counts[own][to]) end.sender.add(to, record(matrix, own, to, i));
                if (random() % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(250));
                fails = own == failing && kind == 2 && i == 10;
                if (!fails) exchange.poll();
            }
            is_through = exchange.finish(fails);
        } catch (StageAbandoned const&) {
            CHECK_FALSE(exchange.finish(false));
        }
        bool const has_failed =
            comm.all_reduce_sum(fails || exchange.failure() != nullptr ? 1 : 0) > 0;
        auto const through = comm.all_reduce_sum(is_through ? 1 : 0);
        CHECK((through == 0 || through == ranks));
        if (kind > 2) CHECK(is_through);
        if (has_failed) continue;
        std::sort(end.groups.records.begin(), end.groups.records.end());
        CHECK((end.groups.records == expected_records(matrix, own)));
    }
}
