#include "serry/exec/executor.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "exec/numbers_stage.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::uint64_t number_count = 1000;
constexpr std::uint64_t task_count = 10;

/// A rank's executor, and a source of the numbers 0 to 999 in 10 partitions.
struct Stages {
    Stages() { numbers.set_splits(numbers.list_splits({.partition_count = task_count})); }

    Executor::Outcome run(StageEvents const& events, TaskRange range = {}) {
        NumbersEnd end(numbers, events);
        return executor.run({.number = 3,
                             .transformation = 0,
                             .ends_in_exchange = false,
                             .tasks = Placement(task_count),
                             .name = "iota > test"},
                            {}, end, range);
    }

    /// What all ranks throw alike.
    std::string failure(StageEvents const& events, TaskRange range = {}) {
        std::string const text = thrown([&] { run(events, range); });
        CHECK(comm.broadcast(text, 0) == text);
        return text;
    }

    std::uint64_t rank() const { return static_cast<std::uint64_t>(comm.rank()); }
    std::uint64_t ranks() const { return static_cast<std::uint64_t>(comm.rank_count()); }
    std::string owner(std::uint64_t partition) const {
        return std::to_string(rank_of_partition(partition, task_count, ranks())) + ' '
               + this_host();
    }

    comm::Communicator comm{MPI_COMM_WORLD};
    comm::Nodes nodes{comm};
    ExchangeGear gear{comm, nodes, 4096};
    Progress progress{"off", false};
    Executor executor{gear, progress};
    Lineage lineage;
    IotaSource numbers{lineage, {"test.cpp", 1}, number_count, 0};
};

}  // namespace

TEST_CASE("every task runs once, in order, on the rank that has its partition") {
    Stages stages;
    std::vector<std::uint64_t> begun, ended;
    std::uint64_t sum = 0;
    int commits = 0;
    int ends = 0;
    StageEvents events;
    events.begin_task = [&](std::uint64_t partition) { begun.push_back(partition); };
    events.use = [&](std::int64_t number) { sum += static_cast<std::uint64_t>(number); };
    events.end_task = [&](std::uint64_t partition) { ended.push_back(partition); };
    events.end_tasks = [&] { ++ends; };
    events.commit = [&] { ++commits; };

    Executor::Outcome const outcome = stages.run(events);

    std::vector<std::uint64_t> owned;
    for (std::uint64_t p = 0; p < task_count; ++p)
        if (rank_of_partition(p, task_count, stages.ranks()) == stages.rank()) owned.push_back(p);
    CHECK(begun == owned);
    CHECK(ended == owned);
    CHECK(ends == 1);
    CHECK(commits == 1);
    CHECK(stages.comm.all_reduce_sum(sum) == number_count * (number_count - 1) / 2);
    CHECK(outcome.own.records_in == owned.size() * number_count / task_count);
    CHECK(outcome.own.records_out == outcome.own.records_in);
    CHECK(outcome.all.records_in == number_count);
    CHECK(outcome.all.records_out == number_count);
    CHECK(outcome.all.records.sum == number_count);
    CHECK(outcome.all.failed_partition == Vote::nobody);
    CHECK(outcome.all.abandoned == 0);
}

TEST_CASE("a range of tasks runs alone") {
    Stages stages;
    for (TaskRange range :
         {TaskRange{2, 5}, TaskRange{9, 50}, TaskRange{10, 20}, TaskRange{4, 4}}) {
        std::uint64_t const expected =
            std::min(range.end, task_count) - std::min(range.begin, task_count);
        CHECK(stages.run({}, range).all.records_in == expected * number_count / task_count);
    }
}

TEST_CASE("what a task throws becomes the same error on every rank, wherever it is thrown") {
    Stages stages;
    bool is_committed = false;
    auto const failing = [&](auto set) {
        StageEvents events;
        events.commit = [&] { is_committed = true; };
        set(events);
        return stages.failure(events);
    };
    std::string const prefix = "StageError 66: stage 3 (iota > test) failed on rank ";

    CHECK(failing([](StageEvents& events) {
              events.use = [](std::int64_t number) {
                  if (number == 650) throw std::runtime_error("bad");
              };
          })
          == prefix + stages.owner(6) + ", partition 6 of 10: std::runtime_error: bad");
    CHECK(failing([](StageEvents& events) {
              events.begin_task = [](std::uint64_t partition) {
                  if (partition == 2) throw std::runtime_error("bad");
              };
          })
          == prefix + stages.owner(2) + ", partition 2 of 10: std::runtime_error: bad");
    CHECK(failing([](StageEvents& events) {
              events.end_task = [](std::uint64_t partition) {
                  if (partition == 9) throw 5;
              };
          })
          == prefix + stages.owner(9) + ", partition 9 of 10: an exception of type int");
    CHECK(failing([&](StageEvents& events) {
              events.end_tasks = [&] {
                  if (stages.rank() == 0) throw std::runtime_error("bad");
              };
          })
          == prefix + stages.owner(0) + ", partition "
                 + std::to_string(first_partition_of(1, stages.ranks(), task_count) - 1)
                 + " of 10: std::runtime_error: bad");
    CHECK(failing([&](StageEvents& events) {
              events.attach = [&] {
                  if (stages.rank() == 0) throw std::bad_alloc();
              };
          })
          == "StageError 71: stage 3 (iota > test) failed on rank " + stages.owner(0)
                 + ", partition 0 of 10: out of memory (std::bad_alloc); run fewer ranks on a node, or "
                   "leave more to the job's functions by a smaller --memory");
    CHECK_FALSE(is_committed);
}

TEST_CASE("serry's own errors keep their exit codes and their texts") {
    Stages stages;
    StageEvents events;
    events.use = [](std::int64_t number) {
        if (number == 0) throw InputError("the input is bad; mend it");
    };
    CHECK(stages.failure(events)
          == "StageError 65: stage 3 (iota > test) failed on rank " + stages.owner(0)
                 + ", partition 0 of 10: the input is bad; mend it");
}

TEST_CASE("a stage after one that failed goes well") {
    Stages stages;
    for (std::int64_t bad = 0; bad < 1000; bad += 111) {
        StageEvents events;
        events.use = [bad](std::int64_t number) {
            if (number == bad) throw std::runtime_error("bad");
        };
        stages.failure(events);
        CHECK(stages.run({}).all.records_in == number_count);
    }
}

TEST_CASE("a failure of MPI's is no failure of a task: it passes at once") {
    Stages stages;
    StageEvents events;
    events.begin_task = [](std::uint64_t) { throw CommError("MPI_Test: broken"); };
    if (stages.ranks() <= task_count)
        CHECK(thrown([&] { stages.run(events); }) == "CommError 76: MPI_Test: broken");
}

TEST_CASE("while a stage runs, the rank is in a task") {
    Stages stages;
    bool is_always = true;
    StageEvents events;
    events.use = [&](std::int64_t) { is_always = is_always && stages.executor.is_in_task(); };
    events.end_tasks = [&] { is_always = is_always && stages.executor.is_in_task(); };
    bool is_in_commit = true;
    events.commit = [&] { is_in_commit = stages.executor.is_in_task(); };
    CHECK_FALSE(stages.executor.is_in_task());
    stages.run(events);
    CHECK(is_always);
    CHECK_FALSE(is_in_commit);
    CHECK_FALSE(stages.executor.is_in_task());
    events.begin_task = [](std::uint64_t) { throw std::runtime_error("bad"); };
    stages.failure(events);
    CHECK_FALSE(stages.executor.is_in_task());
}
