#include "serry/stage/operators.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"
#include "support/allocations.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Texts = std::vector<std::string>;
using Numbers = std::vector<int>;

std::string text_of(int number) { return "number " + std::to_string(number); }

Texts texts_up_to(int count, std::size_t least_bytes = 0) {
    Texts texts;
    for (int i = 0; i < count; ++i) {
        texts.push_back(text_of(i));
        if (texts.back().size() < least_bytes) texts.back().resize(least_bytes, '.');
    }
    return texts;
}

/// Emits each number as often as it says.
constexpr auto repeat = [](int number, auto&& emit) {
    for (int i = 0; i < number; ++i) emit(number);
};

/// A map_partitions handler: sums up the partition and tells it at the end.
struct Summing {
    Partition partition;
    int sum = 0;

    template <typename Emit>
    void operator()(std::span<int const> batch, Emit&& emit) {
        for (int number : batch) sum += number;
        emit("batch of " + std::to_string(batch.size()));
    }
    template <typename Emit>
    void finish(Emit&& emit) {
        emit(std::to_string(partition.index) + "/" + std::to_string(partition.count) + ": "
             + std::to_string(sum));
    }
};

/// One that emits at the end alone, three records for each.
struct Late {
    int count = 0;
    template <typename Emit>
    void operator()(std::span<int const> batch, Emit&&) {
        count += static_cast<int>(batch.size());
    }
    template <typename Emit>
    void finish(Emit&& emit) const {
        for (int i = 0; i < 3 * count; ++i) emit(i);
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

TEST_CASE("a map gives a record for each, in order, whatever the batches") {
    Lineage lineage;
    Texts expected;
    for (int number : numbers_up_to(1500)) expected.push_back(text_of(number));
    for (std::size_t batch : {1UL, 7UL, 511UL, 512UL}) {
        auto runner = given<int>(lineage, {numbers_up_to(1500)}, batch).map(text_of).runner();
        CHECK(runner.run() == expected);
        CHECK(runner.kept.finish_count == 1);
    }
}

TEST_CASE("a map of numbers to numbers and one through a member") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {numbers_up_to(700)});
    Numbers const squares = numbers.map([](int i) { return i * i; }).runner().run();
    REQUIRE(squares.size() == 700);
    for (int i = 0; i < 700; ++i) REQUIRE(squares[static_cast<std::size_t>(i)] == i * i);
    auto const pairs = numbers.map([](int i) { return KeyValue(i, text_of(i)); });
    CHECK(pairs.map(&KeyValue<int, std::string>::value).runner().run() == texts_up_to(700));
}

TEST_CASE("a filter keeps what it is told to, in order") {
    Lineage lineage;
    for (std::size_t batch : {1UL, 7UL, 512UL})
        for (int modulus : {1, 2, 3, 600, 5000}) {
            auto const keep = [modulus](int number) { return number % modulus == modulus - 1; };
            Numbers kept;
            Texts kept_texts;
            for (int number : numbers_up_to(1500))
                if (keep(number)) {
                    kept.push_back(number);
                    kept_texts.push_back(text_of(number));
                }
            CHECK(given<int>(lineage, {numbers_up_to(1500)}, batch).filter(keep).runner().run()
                  == kept);
            auto const texts = given<std::string>(lineage, {texts_up_to(1500)}, batch)
                                   .filter([keep](std::string const& text) {
                                       return keep(std::stoi(text.substr(7)));
                                   });
            CHECK(texts.runner().run() == kept_texts);
        }
}

TEST_CASE("a filter that keeps nothing of a batch passes no batch on") {
    Lineage lineage;
    auto runner = given<int>(lineage, {numbers_up_to(2000)}, 100)
                      .filter([](int number) { return number == 1234; })
                      .runner();
    CHECK(runner.run() == Numbers{1234});
    CHECK(runner.kept.batch_sizes == std::vector<std::size_t>{1});
    CHECK(runner.kept.finish_count == 1);
}

TEST_CASE("a flat_map emits any number of records for each") {
    Lineage lineage;
    Numbers expected;
    for (int number : {0, 3, 0, 0, 1, 2000, 2})
        for (int i = 0; i < number; ++i) expected.push_back(number);
    auto const steps = given<int>(lineage, {{0, 3, 0, 0, 1, 2000, 2}}, 3).flat_map<int>(repeat);
    CHECK(steps.runner().run() == expected);
}

TEST_CASE("a flat_map may return its records as a range of any kind") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {{2, 0, 3}});
    auto const as_vector = [](int n) { return Texts(static_cast<std::size_t>(n), text_of(n)); };
    auto const as_list = [](int n) { return std::list<int>(static_cast<std::size_t>(n), n); };
    auto const as_array = [](int n) { return std::array<int, 2>{n, -n}; };
    CHECK(numbers.flat_map<std::string>(as_vector).runner().run()
          == Texts{"number 2", "number 2", "number 3", "number 3", "number 3"});
    CHECK(numbers.flat_map<int>(as_list).runner().run() == Numbers{2, 2, 3, 3, 3});
    CHECK(numbers.flat_map<int>(as_array).runner().run() == Numbers{2, -2, 0, 0, 3, -3});
    auto const many = [](int) { return Numbers(1000, 1); };
    auto runner = numbers.flat_map<int>(many).runner();
    CHECK(runner.run() == Numbers(3000, 1));
    for (std::size_t size : runner.kept.batch_sizes) CHECK(size <= batch_records);
}

TEST_CASE("a flat_map may emit many records at once, between others, whatever fits a batch") {
    Lineage lineage;
    Numbers const counts = {0, 1, 511, 512, 513, 3, 2000, 0, 1023};
    auto const many = [](int count, auto const& emit) {
        emit(-count);
        emit.many(static_cast<std::size_t>(count),
                  [count](std::size_t i) { return 10000 * count + static_cast<int>(i); });
    };
    auto const many_texts = [](int count, auto const& emit) {
        emit.many(static_cast<std::size_t>(count), [](std::size_t i) { return std::to_string(i); });
    };
    Numbers expected;
    Texts expected_texts;
    for (int const count : counts) {
        expected.push_back(-count);
        for (int i = 0; i < count; ++i) {
            expected.push_back(10000 * count + i);
            expected_texts.push_back(std::to_string(i));
        }
    }
    auto const numbers = given<int>(lineage, {counts});
    auto runner = numbers.flat_map<int>(many).runner();
    CHECK(runner.run() == expected);
    for (std::size_t size : runner.kept.batch_sizes) CHECK(size <= batch_records);
    CHECK(numbers.flat_map<std::string>(many_texts).runner().run() == expected_texts);
}

TEST_CASE("no batch is empty or holds more than batch_records, whatever the operators") {
    Lineage lineage;
    for (std::size_t batch : {1UL, 3UL, 100UL, 512UL}) {
        auto const numbers = given<int>(lineage, {numbers_up_to(1100)}, batch);
        auto const check = [](auto const& steps, std::size_t record_count) {
            auto runner = steps.runner();
            CHECK(runner.run().size() == record_count);
            for (std::size_t size : runner.kept.batch_sizes) {
                CHECK(size > 0);
                CHECK(size <= batch_records);
            }
        };
        auto const few = [](int number, auto&& emit) {
            for (int i = 0; i < number % 5; ++i) emit(text_of(number));
        };
        auto const even = [](int number) { return number % 2 == 0; };
        check(numbers.map([](int i) { return i; }), 1100);
        check(numbers.map(text_of), 1100);
        check(numbers.filter(even), 550);
        check(numbers.flat_map<std::string>(few), 2200);
        check(numbers.flat_map<std::string>(few).map(
                  [](std::string const& text) { return text.size(); }),
              2200);
        check(numbers.flat_map<int>(repeat).filter(even), 549 * 550);
        check(numbers.map_partitions<int>([](Partition) { return Passing(); }), 1100);
    }
}

TEST_CASE("map_partitions sees its partition, all of its batches, and its end") {
    Lineage lineage;
    auto const make = [](Partition partition) { return Summing{partition}; };
    auto runner =
        given<int>(lineage, {{1, 2, 3}, {}, {10}}, 2).map_partitions<std::string>(make).runner();
    CHECK(runner.run(0, 3) == Texts{"batch of 2", "batch of 1", "0/3: 6"});
    CHECK(runner.run(1, 3) == Texts{"1/3: 0"});
    CHECK(runner.run(2, 3) == Texts{"batch of 1", "2/3: 10"});
    CHECK(runner.kept.finish_count == 1);
}

TEST_CASE("map_partitions has a handler of its own for each partition, empty ones too") {
    Lineage lineage;
    auto const made = std::make_shared<std::vector<std::uint64_t>>();
    auto const make = [made](Partition partition) {
        made->push_back(partition.index);
        return Passing();
    };
    auto runner = given<int>(lineage, {{}, {7}, {}}).map_partitions<int>(make).runner();
    CHECK(made->empty());
    for (std::uint64_t p = 0; p < 3; ++p) {
        CHECK(runner.run(p, 3) == (p == 1 ? Numbers{7} : Numbers{}));
        CHECK(runner.kept.finish_count == 1);
    }
    CHECK(*made == std::vector<std::uint64_t>{0, 1, 2});
}

TEST_CASE("what map_partitions emits at the end goes in batches, too") {
    Lineage lineage;
    auto runner = given<int>(lineage, {numbers_up_to(500)})
                      .map_partitions<int>([](Partition) { return Late(); })
                      .runner();
    CHECK(runner.run() == numbers_up_to(1500));
    CHECK(runner.kept.batch_sizes == std::vector<std::size_t>{512, 512, 476});
}

TEST_CASE("text made in the batch's arena is valid in all that follows the map") {
    Lineage lineage;
    std::vector<std::string_view> words;
    Texts const originals = texts_up_to(1500);
    for (std::string const& text : originals) words.push_back(text);
    auto const loud = [](std::string_view text, Arena& arena) {
        char* const to = arena.allocate(text.size());
        for (std::size_t i = 0; i < text.size(); ++i)
            to[i] = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
        return std::string_view(to, text.size());
    };
    auto const twice = [](std::string_view text, Arena& arena) {
        return arena.copy(std::string(text) + '/' + std::string(text));
    };
    auto const halves = [](std::string_view text, auto&& emit) {
        std::size_t const cut = text.find('/');
        emit(text.substr(0, cut));
        emit(text.substr(cut + 1));
    };
    auto const steps = given<std::string_view>(lineage, {words})
                           .map(loud)
                           .filter([](std::string_view text) { return text.back() != '3'; })
                           .map(twice)
                           .flat_map<std::string_view>(halves)
                           .map(loud);
    Texts expected;
    for (std::string text : originals) {
        if (text.back() == '3') continue;
        for (char& c : text)
            if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        expected.insert(expected.end(), 2, text);
    }
    auto runner = steps.runner();
    CHECK(runner.run() == expected);
    CHECK(runner.run() == expected);
}

TEST_CASE("records with memory of their own are assigned over: no allocation for each") {
    // Long enough that every text has memory of its own.
    Lineage lineage;
    Texts const texts = texts_up_to(20000, 40);
    struct Count final : Consumer<std::string> {
        void consume(std::span<std::string const> batch) override { records += batch.size(); }
        void finish() override {}
        std::size_t records = 0;
    };
    auto const allocations_of = [&](auto const& steps) {
        Count end;
        Pipeline pipeline;
        steps.last->attach(pipeline, end);
        TestPoller poller;
        TaskContext task({0, 1}, poller);
        pipeline.run(task);  // the batches' texts get their memory
        test::reset_allocations();
        pipeline.run(task);
        return test::allocations.count;
    };
    auto const all = given<std::string>(lineage, {texts});
    auto const odd = [](std::string const& text) { return (text[7] & 1) != 0; };
    auto const self = [](std::string const& text) -> std::string const& { return text; };
    CHECK(allocations_of(all.filter(odd)) == 0);
    CHECK(allocations_of(all.map(self)) == 0);
    CHECK(allocations_of(all.map(self).filter(odd).map(self)) == 0);
    CHECK(allocations_of(
              all.flat_map<std::string>([](std::string const& text, auto&& emit) { emit(text); }))
          == 0);
    CHECK(allocations_of(all.map([](std::string const& text) { return text.substr(0, 9); })) == 0);
}

TEST_CASE("records that cannot be copied go through a map") {
    Lineage lineage;
    auto const boxed = given<int>(lineage, {numbers_up_to(1000)})
                           .map([](int number) { return std::make_unique<int>(number); })
                           .map([](std::unique_ptr<int> const& box) { return *box; });
    CHECK(boxed.runner().run() == numbers_up_to(1000));
}

TEST_CASE("a narrow step is recorded with its name, its place and its parent") {
    Lineage lineage;
    auto const numbers = given<int>(lineage, {{1}});
    auto const mapped = numbers.map(text_of, 17);
    CHECK(mapped.last->label() == "map (job.cpp:17)");
    CHECK(mapped.last->dependency() == Dependency::narrow);
    REQUIRE(mapped.last->parents().size() == 1);
    CHECK(mapped.last->parents()[0].get() == numbers.last.get());
}
