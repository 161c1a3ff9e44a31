#include "serry/source/memory_source.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr CallSite at{"/src/job.cpp", 1};

struct Unencodable {
    explicit Unencodable(int n) : number(n) {}
    int number;
};

template <typename T>
std::shared_ptr<MemorySource<T>> source_of(std::vector<T> records,
                                           std::uint64_t partition_count = 0) {
    Lineage lineage;
    return std::make_shared<MemorySource<T>>(lineage, at, std::move(records), partition_count);
}

/// Cut as the planner does.
template <typename Source>
void cut(Source& source, std::uint64_t partition_count) {
    source.set_splits(source.list_splits({partition_count}));
}

template <typename T>
std::uint64_t fingerprint_of(std::vector<T> records) {
    return source_of(std::move(records))->fingerprint();
}

}  // namespace

TEST_CASE("records are cut into contiguous splits that differ by one record at most") {
    for (std::uint64_t records : {0, 1, 5, 63, 64, 65, 1000, 1001})
        for (std::uint64_t partitions : {1, 2, 3, 7, 64, 1000}) {
            auto const splits = split_records(records, {partitions}).splits;
            REQUIRE(splits.size() == partitions);
            std::uint64_t next = 0;
            for (Split const& split : splits) {
                REQUIRE(split.begin == next);
                REQUIRE(split.end - split.begin >= records / partitions);
                REQUIRE(split.end - split.begin <= records / partitions + 1);
                next = split.end;
            }
            REQUIRE(next == records);
        }
    CHECK(split_records(10, {3}).files.empty());
}

TEST_CASE("unless asked there are as many splits as records, at least 1 and at most 64") {
    CHECK(split_records(0, {}).splits.size() == 1);
    CHECK(split_records(1, {}).splits.size() == 1);
    CHECK(split_records(20, {}).splits.size() == 20);
    CHECK(split_records(64, {}).splits.size() == 64);
    CHECK(split_records(1000000, {}).splits.size() == 64);
}

TEST_CASE("the partitions hold the records in their order, in batches") {
    std::vector<std::string> records;
    for (int i = 0; i < 3000; ++i) records.push_back(std::to_string(i));
    auto const source = source_of(records);
    for (std::uint64_t partitions : {1, 2, 7, 64, 4000}) {
        cut(*source, partitions);
        Runner<std::string> runner(source);
        std::vector<std::string> all;
        for (std::uint64_t p = 0; p < partitions; ++p) {
            for (std::string const& record : runner.run(p, partitions)) all.push_back(record);
            CHECK(runner.kept.finish_count == 1);
            for (std::size_t size : runner.kept.batch_sizes) CHECK(size <= batch_records);
        }
        CHECK(all == records);
    }
}

TEST_CASE("a task polls before every batch and counts the records it read") {
    auto const source = source_of(numbers_up_to(1200));
    cut(*source, 1);
    Runner<int> runner(source);
    TaskContext task({0, 1}, runner.poller);
    runner.pipeline.run(task);
    CHECK(runner.kept.batch_sizes == std::vector<std::size_t>{512, 512, 176});
    CHECK(runner.poller.count == 3);
    CHECK(task.records_in == 1200);
}

TEST_CASE("a task that has enough reads no further batch, and finishes") {
    struct Sated final : Consumer<int> {
        void consume(std::span<int const> batch) override {
            count += batch.size();
            task->enough = count >= 600;
        }
        void finish() override { is_finished = true; }
        TaskContext* task = nullptr;
        std::size_t count = 0;
        bool is_finished = false;
    };
    auto const source = source_of(numbers_up_to(5000));
    cut(*source, 1);
    Sated sated;
    Pipeline pipeline;
    source->attach(pipeline, sated);
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    sated.task = &task;
    pipeline.run(task);
    CHECK(sated.count == 1024);
    CHECK(sated.is_finished);
    CHECK(task.records_in == 1024);
}

TEST_CASE("records are given where they lie: nothing is copied") {
    struct Addresses final : Consumer<std::unique_ptr<int>> {
        void consume(std::span<std::unique_ptr<int> const> batch) override {
            for (auto const& box : batch) seen.push_back(box.get());
        }
        void finish() override {}
        std::vector<int const*> seen;
    };
    std::vector<std::unique_ptr<int>> boxes;
    std::vector<int const*> addresses;
    for (int i = 0; i < 10; ++i) {
        boxes.push_back(std::make_unique<int>(i));
        addresses.push_back(boxes.back().get());
    }
    auto const source = source_of(std::move(boxes));
    cut(*source, 1);
    Addresses end;
    Pipeline pipeline;
    source->attach(pipeline, end);
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    pipeline.run(task);
    CHECK(end.seen == addresses);
}

TEST_CASE("other records make another fingerprint, the same records the same") {
    using Texts = std::vector<std::string>;
    CHECK(fingerprint_of(Texts{"a", "b"}) == fingerprint_of(Texts{"a", "b"}));
    CHECK(fingerprint_of(Texts{"a", "b"}) != fingerprint_of(Texts{"b", "a"}));
    CHECK(fingerprint_of(Texts{"a", "b"}) != fingerprint_of(Texts{"a"}));
    CHECK(fingerprint_of(Texts{"a", "b"}) != fingerprint_of(Texts{"ab"}));
    CHECK(fingerprint_of(Texts{}) != fingerprint_of(Texts{""}));
    CHECK(fingerprint_of(std::vector<double>{1, 2}) != fingerprint_of(std::vector<double>{1, 3}));
    // Of what cannot be encoded, the number of records must do.
    using Others = std::vector<Unencodable>;
    CHECK(fingerprint_of(Others{Unencodable(1)}) == fingerprint_of(Others{Unencodable(2)}));
    CHECK(fingerprint_of(Others{Unencodable(1)}) != fingerprint_of(Others{}));
}

TEST_CASE("sources in memory are recorded with what they were asked") {
    auto const source = source_of(numbers_up_to(10), 3);
    CHECK(source->label() == "parallelize (job.cpp:1)");
    CHECK(source->dependency() == Dependency::none);
    CHECK(source->asked_partition_count() == 3);
    CHECK(source->list_splits({3}).splits.size() == 3);
    Lineage lineage;
    IotaSource const iota(lineage, at, 10, 4);
    CHECK(iota.label() == "iota (job.cpp:1)");
    CHECK(iota.asked_partition_count() == 4);
    CHECK(iota.list_splits({4}).splits == split_records(10, {4}).splits);
    Lineage other;
    CHECK(IotaSource(other, at, 11, 4).fingerprint() != iota.fingerprint());
}

TEST_CASE("iota gives the numbers from 0 on, in batches, at any number of partitions") {
    constexpr std::uint64_t count = 5000;
    for (std::uint64_t partitions : {1, 3, 64, 6000}) {
        Lineage lineage;
        auto const source = std::make_shared<IotaSource>(lineage, at, count, 0);
        cut(*source, partitions);
        Runner<std::int64_t> runner(source);
        std::int64_t next = 0;
        for (std::uint64_t p = 0; p < partitions; ++p) {
            for (std::int64_t number : runner.run(p, partitions)) REQUIRE(number == next++);
            CHECK(runner.kept.finish_count == 1);
            for (std::size_t size : runner.kept.batch_sizes) REQUIRE(size <= batch_records);
        }
        CHECK(next == count);
    }
}

TEST_CASE("iota stops when the task has enough, and makes no number before it is needed") {
    struct Sated final : Consumer<std::int64_t> {
        void consume(std::span<std::int64_t const> batch) override {
            last = batch.back();
            task->enough = true;
        }
        void finish() override { is_finished = true; }
        TaskContext* task = nullptr;
        std::int64_t last = 0;
        bool is_finished = false;
    };
    Lineage lineage;
    IotaSource source(lineage, at, std::uint64_t{1} << 62, 2);
    cut(source, 2);
    Sated sated;
    Pipeline pipeline;
    source.attach(pipeline, sated);
    TestPoller poller;
    TaskContext task({1, 2}, poller);
    sated.task = &task;
    pipeline.run(task);
    CHECK(sated.last == (std::int64_t{1} << 61) + 511);
    CHECK(sated.is_finished);
    CHECK(task.records_in == 512);
}

TEST_CASE("numbers in a range are counted without overflow") {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t begin = -5; begin <= 5; ++begin)
        for (std::int64_t end = -5; end <= 5; ++end)
            for (std::int64_t const step : {-7, -3, -1, 1, 2, 7}) {
                std::uint64_t expected = 0;
                for (std::int64_t n = begin; step > 0 ? n < end : n > end; n += step) ++expected;
                CHECK(count_in_range(begin, end, step) == expected);
            }
    CHECK(count_in_range(least, most, 1) == std::numeric_limits<std::uint64_t>::max());
    CHECK(count_in_range(most, least, least) == 2);
    CHECK(count_in_range(least, most, most) == 3);
    CHECK(NumberRange{.begin = most, .step = least, .count = 2}.at(1) == -1);
}
