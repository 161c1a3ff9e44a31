// What operators do when a function of the user's throws, or what they emit into.
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/stage/operators.hpp"
#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Texts = std::vector<std::string>;
using Numbers = std::vector<int>;

std::string text_of(int number) { return "number " + std::to_string(number); }

/// What the run of a partition threw, as the vote will tell it.
struct Failed {
    std::string label;
    std::uint64_t record = 0;
    std::string text;
    ExitCode code = ExitCode::ok;

    friend bool operator==(Failed const&, Failed const&) = default;
};

template <typename T>
Failed failure_of(Runner<T>& runner,
                  std::uint64_t partition = 0,
                  std::uint64_t partition_count = 1) {
    try {
        runner.run(partition, partition_count);
    } catch (TaskFailure const& failure) {
        return {failure.step()->label(), failure.record(), failure.what(), failure.exit_code()};
    } catch (std::exception const& other) {
        return {"", 0, other.what(), ExitCode::ok};
    }
    return {"", 0, "nothing thrown", ExitCode::ok};
}

template <typename T>
Failed failure_of(Steps<T> const& steps) {
    auto runner = steps.runner();
    return failure_of(runner);
}

Failed located(std::string label, std::uint64_t record, std::string text) {
    return {std::move(label), record, std::move(text), ExitCode::user_function};
}

/// One that throws in a batch or at the end.
struct Failing {
    std::string where;
    template <typename Emit>
    void operator()(std::span<int const> batch, Emit&&) const {
        if (where == "batch" && batch[0] >= 600) throw std::runtime_error("in a batch");
    }
    template <typename Emit>
    void finish(Emit&&) const {
        if (where == "end") throw std::runtime_error("at the end");
    }
};

/// One that takes no interest in whether its records arrive.
struct Swallowing {
    template <typename Emit>
    void operator()(std::span<int const> batch, Emit&& emit) const {
        for (int number : batch) try {
                emit(number);
            } catch (...) {
            }
    }
};

/// One without a finish().
struct Passing {
    template <typename Emit>
    void operator()(std::span<int const> batch, Emit&& emit) const {
        for (int number : batch) emit(number);
    }
};

}  // namespace

TEST_CASE("a throw tells the operator and the record's ordinal there") {
    Lineage lineage;
    auto const numbers = [&](std::size_t batch) {
        return given<int>(lineage, {numbers_up_to(2000)}, batch);
    };
    auto const throw_at = [](int at) {
        return [at](int number) {
            if (number == at) throw std::out_of_range("no " + std::to_string(number));
            return number;
        };
    };
    for (std::size_t batch : {1UL, 100UL, 512UL})
        for (int at : {0, 1, 511, 512, 777, 1999}) {
            auto const ordinal = static_cast<std::uint64_t>(at);
            std::string const text = "std::out_of_range: no " + std::to_string(at);
            auto const thrower = throw_at(at);
            auto const identity = [](int number) { return number; };
            CHECK(failure_of(numbers(batch).map(identity, 2).map(thrower, 3).map(identity, 4))
                  == located("map (job.cpp:3)", ordinal, text));
            auto const as_text = [thrower](int number) { return text_of(thrower(number)); };
            CHECK(failure_of(numbers(batch).map(as_text, 3))
                  == located("map (job.cpp:3)", ordinal, text));
            auto const keep = [thrower](int number) { return thrower(number) >= 0; };
            CHECK(failure_of(numbers(batch).map(identity, 2).filter(keep, 5).map(identity, 6))
                  == located("filter (job.cpp:5)", ordinal, text));
            auto const keep_text = [keep](std::string const& number) {
                return keep(std::stoi(number.substr(7)));
            };
            CHECK(failure_of(numbers(batch).map(text_of, 2).filter(keep_text, 5))
                  == located("filter (job.cpp:5)", ordinal, text));
            auto const emit_two = [thrower](int number, auto&& emit) {
                emit(number);
                emit(thrower(number));
            };
            CHECK(failure_of(numbers(batch).flat_map<int>(emit_two, 7).map(identity, 8))
                  == located("flat_map (job.cpp:7)", ordinal, text));
            auto const return_two = [thrower](int number) {
                return Numbers{number, thrower(number)};
            };
            CHECK(failure_of(numbers(batch).flat_map<int>(return_two, 7))
                  == located("flat_map (job.cpp:7)", ordinal, text));
        }
}

TEST_CASE("ordinals are those of the operator, which sees fewer or more records than the source") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(2000)}, 300);
    auto const even = [](int number) { return number % 2 == 0; };
    auto const thrice = [](int number, auto&& emit) {
        for (int i = 0; i < 3; ++i) emit(number);
    };
    auto const thrower = [](int number) {
        if (number == 1000) throw std::runtime_error("it is 1000");
        return number;
    };
    CHECK(failure_of(numbers.filter(even, 2).map(thrower, 3))
          == located("map (job.cpp:3)", 500, "std::runtime_error: it is 1000"));
    CHECK(failure_of(numbers.flat_map<int>(thrice, 2).map(thrower, 3))
          == located("map (job.cpp:3)", 3000, "std::runtime_error: it is 1000"));
    CHECK(failure_of(numbers.filter(even, 2).flat_map<int>(thrice, 3).filter(thrower, 4))
          == located("filter (job.cpp:4)", 1500, "std::runtime_error: it is 1000"));
}

TEST_CASE("a partition that failed leaves nothing in the operators for the next") {
    Lineage lineage;
    auto const thrower = [](int number) {
        if (number == 5) throw std::runtime_error("five");
        return number;
    };
    auto const spread = [thrower](int number, auto&& emit) {
        emit(number);
        emit(thrower(number));
    };
    auto const make = [](Partition) { return Passing(); };
    auto runner = given<int>(lineage, {{1, 2, 3, 4, 5, 6}, {7, 8}})
                      .flat_map<int>(spread, 3)
                      .map_partitions<int>(make, 4)
                      .map([](int number) { return text_of(number); }, 5)
                      .runner();
    CHECK(failure_of(runner, 0, 2)
          == located("flat_map (job.cpp:3)", 4, "std::runtime_error: five"));
    CHECK(runner.run(1, 2) == Texts{"number 7", "number 7", "number 8", "number 8"});
    CHECK(failure_of(runner, 0, 2)
          == located("flat_map (job.cpp:3)", 4, "std::runtime_error: five"));
}

TEST_CASE("map_partitions tells where its functions threw: making, a batch, the end") {
    Lineage lineage;
    auto const failure_at = [&](std::string const& where) {
        auto const make = [where](Partition) {
            if (where == "making") throw std::runtime_error("made none");
            return Failing{where};
        };
        return failure_of(
            given<int>(lineage, {numbers_up_to(1000)}, 300).map_partitions<int>(make, 9));
    };
    CHECK(failure_at("making")
          == located("map_partitions (job.cpp:9)", 0, "std::runtime_error: made none"));
    CHECK(failure_at("batch")
          == located("map_partitions (job.cpp:9)", 600, "std::runtime_error: in a batch"));
    CHECK(failure_at("end")
          == located("map_partitions (job.cpp:9)", 1000, "std::runtime_error: at the end"));
}

TEST_CASE("what fails below an operator is not taken for its own failure") {
    Lineage lineage;
    auto const check = [](auto const& steps) {
        auto runner = steps.runner();
        runner.kept.throws_at = 600;
        CHECK(failure_of(runner) == Failed{"", 0, "the end is full", ExitCode::ok});
    };
    auto const numbers = given<int>(lineage, {numbers_up_to(2000)});
    check(numbers.map([](int number) { return number; }));
    check(numbers.filter([](int) { return true; }));
    check(numbers.flat_map<int>([](int number, auto&& emit) { emit(number); }));
    check(numbers.flat_map<int>([](int number) { return Numbers{number}; }));
    check(numbers.map_partitions<int>([](Partition) { return Passing(); }));
}

TEST_CASE("a function that catches what emit throws loses nothing: the task fails all the same") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(3000)});
    auto const swallow = [](int number, auto&& emit) {
        try {
            emit(number);
        } catch (...) {
        }
    };
    auto const wrap = [](int number, auto&& emit) {
        try {
            emit(number);
        } catch (std::exception const&) {
            throw std::runtime_error("emit threw");
        }
    };
    auto const thrower = [](int number) {
        if (number == 700) throw std::runtime_error("it is 700");
        return number;
    };
    Failed const expected = located("map (job.cpp:3)", 700, "std::runtime_error: it is 700");
    CHECK(failure_of(numbers.flat_map<int>(swallow, 2).map(thrower, 3)) == expected);
    CHECK(failure_of(numbers.flat_map<int>(wrap, 2).map(thrower, 3)) == expected);
    auto const make = [](Partition) { return Swallowing(); };
    CHECK(failure_of(numbers.map_partitions<int>(make, 2).map(thrower, 3)) == expected);
    // Of records with memory of their own.
    auto const swallow_text = [](int number, auto&& emit) {
        try {
            emit(text_of(number));
        } catch (...) {
        }
    };
    auto const thrower_of_text = [thrower](std::string const& text) {
        return thrower(std::stoi(text.substr(7)));
    };
    CHECK(failure_of(numbers.flat_map<std::string>(swallow_text, 2).map(thrower_of_text, 3))
          == expected);
}

TEST_CASE("a stage that is given up elsewhere passes all operators unchanged") {
    struct Abandoning final : Consumer<int> {
        void consume(std::span<int const>) override { throw StageAbandoned{}; }
        void finish() override {}
    };
    Lineage lineage;
    auto const steps = given<int>(lineage, {numbers_up_to(10)})
                           .flat_map<int>([](int number, auto&& emit) { emit(number); })
                           .map_partitions<int>([](Partition) { return Passing(); })
                           .filter([](int) { return true; });
    Abandoning end;
    Pipeline pipeline;
    steps.last->attach(pipeline, end);
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    CHECK_THROWS_AS(pipeline.run(task), StageAbandoned);
}

TEST_CASE("errors of serry's own keep their text and exit code") {
    Lineage lineage;
    auto const failing = [](int) -> int { throw InputError("line 3 has two fields, expected 4"); };
    auto const failed = failure_of(given<int>(lineage, {{1}}).map(failing, 6));
    CHECK(failed
          == Failed{"map (job.cpp:6)", 0, "line 3 has two fields, expected 4", ExitCode::input});
}
