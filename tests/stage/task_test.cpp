#include "serry/stage/task.hpp"

#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// What rethrow_located makes of what `call` throws, at record 42 of "map (job.cpp:9)".
template <typename Call>
void locate(Transformation const& step, Call call) {
    try {
        call();
    } catch (...) {
        rethrow_located(step, 42);
    }
}

Transformation::Recorded recorded(std::string name) {
    return {.name = std::move(name),
            .at = {"/src/job.cpp", 9},
            .dependency = Dependency::narrow,
            .parents = {}};
}

struct Noting final : Operator {
    Noting(std::string name_, std::vector<std::string>& notes_)
        : name(std::move(name_)), notes(notes_) {}
    void begin(TaskContext& task) override {
        notes.push_back(name + " begins " + std::to_string(task.partition().index));
    }
    std::string name;
    std::vector<std::string>& notes;
};
struct Head final : PartitionReader {
    explicit Head(std::vector<std::string>& notes_) : notes(notes_) {}
    void begin(TaskContext&) override { notes.push_back("head begins"); }
    void read(TaskContext& task) override {
        task.poll();
        notes.push_back("head reads " + std::to_string(task.partition().index) + " of "
                        + std::to_string(task.partition().count));
    }
    std::vector<std::string>& notes;
};

}  // namespace

TEST_CASE("an exception is located at the step and record, with its text and code") {
    Lineage lineage;
    Transformation const step(lineage, recorded("map"));
    auto const check = [&](auto const& call, std::string const& text, ExitCode code) {
        try {
            locate(step, call);
            FAIL("nothing thrown");
        } catch (TaskFailure const& failure) {
            CHECK(failure.what() == text);
            CHECK(failure.exit_code() == code);
            CHECK(failure.step() == &step);
            CHECK(failure.record() == 42);
        }
    };
    check([] { throw std::out_of_range("no key"); }, "std::out_of_range: no key",
          ExitCode::user_function);
    check([] { throw 7; }, "an exception of type int", ExitCode::user_function);
    check([] { throw InputError("a.txt: gone"); }, "a.txt: gone", ExitCode::input);
    check([] { throw StorageError("scratch is full", ExitCode::does_not_fit); }, "scratch is full",
          ExitCode::does_not_fit);
    check([] { throw std::bad_alloc(); },
          "out of memory (std::bad_alloc); run fewer ranks on a node, or leave more to the job's "
          "functions by a smaller --memory",
          ExitCode::does_not_fit);
}

TEST_CASE("what is located already, a stage given up, and MPI's errors pass unchanged") {
    Lineage lineage;
    Transformation const step(lineage, recorded("map")), other(lineage, recorded("filter"));
    try {
        locate(step, [&] { throw TaskFailure(ExitCode::input, "text", &other, 7); });
        FAIL("nothing thrown");
    } catch (TaskFailure const& failure) {
        CHECK(failure.step() == &other);
        CHECK(failure.record() == 7);
    }
    CHECK_THROWS_AS(locate(step, [] { throw StageAbandoned{}; }), StageAbandoned);
    CHECK_THROWS_WITH_AS(locate(step, [] { throw CommError("MPI_Bcast: no"); }), "MPI_Bcast: no",
                         CommError);
}

TEST_CASE("a stage that is given up passes what users catch") {
    CHECK_FALSE(std::is_base_of_v<std::exception, StageAbandoned>);
}

TEST_CASE("what an action throws on every rank names the action") {
    Lineage lineage;
    Transformation const action(lineage, recorded("reduce"));
    auto const fail = [&](auto const& call) {
        try {
            call();
        } catch (...) {
            throw_action_failed(action);
        }
    };
    CHECK_THROWS_WITH_AS(
        fail([] { throw std::runtime_error("too much"); }),
        "reduce (job.cpp:9) failed on every rank, combining the partitions' results: "
        "std::runtime_error: too much",
        StageError);
    try {
        fail([] { throw std::bad_alloc(); });
    } catch (StageError const& error) {
        CHECK(error.exit_code() == ExitCode::does_not_fit);
    }
}

TEST_CASE("a pipeline tells every operator of each task, then has its head read the partition") {
    std::vector<std::string> notes;
    Pipeline pipeline;
    Noting& last = pipeline.add<Noting>("last", notes);
    pipeline.add<Noting>("first", notes);
    pipeline.add_head<Head>(notes);
    CHECK(last.name == "last");
    TestPoller poller;
    for (std::uint64_t p : {3, 4}) {
        TaskContext task({p, 5}, poller);
        pipeline.run(task);
    }
    CHECK(notes
          == std::vector<std::string>{"last begins 3", "first begins 3", "head begins",
                                      "head reads 3 of 5", "last begins 4", "first begins 4",
                                      "head begins", "head reads 4 of 5"});
    CHECK(poller.count == 2);
}

TEST_CASE("a task has counted nothing at first, and wants all records") {
    TestPoller poller;
    TaskContext task({2, 9}, poller);
    CHECK(task.partition().index == 2);
    CHECK(task.partition().count == 9);
    CHECK_FALSE(task.enough);
    CHECK(task.records_in == 0);
    CHECK(task.bytes_in == 0);
    CHECK(task.records_out == 0);
    CHECK(task.bytes_out == 0);
    CHECK(task.position.path == nullptr);
    CHECK(poller.count == 0);
}

TEST_CASE("what polling throws leaves the pipeline as it is") {
    struct Abandoning final : Poller {
        void poll() override { throw StageAbandoned{}; }
    };
    Lineage lineage;
    auto runner = given<int>(lineage, {{1, 2}}).map([](int number) { return number; }).runner();
    Abandoning poller;
    TaskContext task({0, 1}, poller);
    CHECK_THROWS_AS(runner.pipeline.run(task), StageAbandoned);
    CHECK(runner.kept.records.empty());
    CHECK(runner.kept.finish_count == 0);
}
