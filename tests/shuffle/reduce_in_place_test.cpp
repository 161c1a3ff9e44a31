#include "serry/shuffle/reduce_in_place.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "stage/pipelines.hpp"
#include "support/allocations.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Number = KeyValue<std::int64_t, std::int64_t>;
using Numbered = std::vector<std::vector<Number>>;
using Text = KeyValue<std::string, std::string>;
using View = KeyValue<std::string_view, std::string_view>;

/// Partitions of records whose keys lie together, pushed through a ReduceInPlace.
template <typename K, typename V, typename F>
struct Reduced {
    Reduced(std::vector<std::vector<KeyValue<K, V>>> partitions, F f, std::size_t batch)
        : source(std::make_shared<Given<KeyValue<K, V>>>(lineage, std::move(partitions), batch)),
          combine(std::move(f)) {
        auto& reduce = pipeline.add<ReduceInPlace<K, V, F>>(*source, combine, kept);
        source->attach(pipeline, reduce);
    }
    std::vector<KeyValue<K, V>> run(std::uint64_t partition) {
        kept.records.clear();
        TaskContext task({partition, source->partition_count()}, poller);
        pipeline.run(task);
        return kept.records;
    }

    Lineage lineage;
    std::shared_ptr<Given<KeyValue<K, V>>> source;
    F combine;
    TestPoller poller;
    Kept<KeyValue<K, V>> kept;
    Pipeline pipeline;
};

template <typename F>
auto reduced_numbers(Numbered partitions, F f, std::size_t batch = batch_records) {
    return std::make_unique<Reduced<std::int64_t, std::int64_t, F>>(std::move(partitions),
                                                                    std::move(f), batch);
}

/// `repeats` values for each of the keys from 0 to keys - 1.
std::vector<Number> numbers_of(std::int64_t keys, std::int64_t repeats) {
    std::vector<Number> numbers;
    for (std::int64_t key = 0; key < keys; ++key)
        for (std::int64_t n = 0; n < repeats; ++n) numbers.emplace_back(key, n);
    return numbers;
}

}  // namespace

TEST_CASE("the values of each key are folded from the first on, across batches, by partition") {
    for (std::size_t const batch : {std::size_t{1}, std::size_t{7}, batch_records}) {
        auto const reduced = reduced_numbers(
            Numbered{numbers_of(3, 5), {}, numbers_of(2000, 1), numbers_of(1500, 3)},
            [](std::int64_t a, std::int64_t b) { return 10 * a + b; }, batch);
        CHECK(reduced->run(0) == std::vector<Number>{{0, 1234}, {1, 1234}, {2, 1234}});
        CHECK(reduced->run(1).empty());
        CHECK(reduced->run(2) == numbers_of(2000, 1));
        auto const folded = reduced->run(3);
        REQUIRE(folded.size() == 1500);
        for (std::size_t i = 0; i < folded.size(); ++i)
            CHECK(folded[i] == Number(static_cast<std::int64_t>(i), 12));
        CHECK(reduced->kept.finish_count == 4);
        for (std::size_t const size : reduced->kept.batch_sizes) CHECK(size <= batch_records);
    }
}

TEST_CASE("values may be views of the batch, or of what the combiner was given") {
    std::vector<View> views;
    std::vector<std::string> texts;
    for (int i = 0; i < 3000; ++i) texts.push_back(std::string(i % 90, 'x') + std::to_string(i));
    for (int i = 0; i < 3000; ++i) views.emplace_back(i / 1000 == 0 ? "a" : "b", texts[i]);
    struct Owning final : Consumer<View> {
        void consume(std::span<View const> batch) override {
            for (View const& view : batch)
                records.emplace_back(std::string(view.key), std::string(view.value));
        }
        void finish() override {}
        std::vector<Text> records;
    } owning;
    auto const longer = [](std::string_view a, std::string_view b) {
        return b.size() > a.size() ? b : a;
    };
    Lineage lineage;
    Given<View> source(lineage, {views}, 10);
    Pipeline pipeline;
    auto& reduce = pipeline.add<
        ReduceInPlace<std::string_view, std::string_view, std::remove_cv_t<decltype(longer)>>>(
        source, longer, owning);
    source.attach(pipeline, reduce);
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    pipeline.run(task);
    CHECK(owning.records == std::vector<Text>{{"a", texts[179]}, {"b", texts[1079]}});
}

TEST_CASE("what the combiner throws is located; what is thrown below passes as it is") {
    auto const reduced = reduced_numbers(
        Numbered{numbers_of(200, 5)},
        [](std::int64_t a, std::int64_t b) {
            if (b == 3) throw std::runtime_error("three");
            return a + b;
        },
        4);
    try {
        reduced->run(0);
        CHECK(false);
    } catch (TaskFailure const& failure) {
        CHECK(failure.record() == 3);
        CHECK(failure.step() == reduced->source.get());
    }
    for (std::size_t const throws_at : {0, 600, 999}) {
        auto const below =
            reduced_numbers(Numbered{numbers_of(1000, 1)}, std::plus{}, batch_records);
        below->kept.throws_at = throws_at;
        std::string text;
        try {
            below->run(0);
        } catch (TaskFailure const&) {
            text = "located";
        } catch (std::runtime_error const& error) {
            text = error.what();
        }
        CHECK(text == "the end is full");
    }
}

TEST_CASE("what a fold of views holds follows from its result, not from its input") {
    // 30,000 texts of 10,000 bytes, of which one is kept.
    std::string const text(10000, 'x');
    auto const last = [](std::string_view, std::string_view b) { return b; };
    struct Counting final : Consumer<View> {
        void consume(std::span<View const> batch) override {
            for (View const& view : batch) bytes += view.value.size();
        }
        void finish() override {}
        std::size_t bytes = 0;
    } counting;
    Lineage lineage;
    Given<View> source(lineage, {std::vector<View>(30000, View("key", text))});
    Pipeline pipeline;
    auto& reduce = pipeline.add<
        ReduceInPlace<std::string_view, std::string_view, std::remove_cv_t<decltype(last)>>>(
        source, last, counting);
    source.attach(pipeline, reduce);
    TestPoller poller;
    TaskContext task({0, 1}, poller);
    reset_allocations();
    pipeline.run(task);
    CHECK(allocations.peak_bytes < 1 << 20);
    CHECK(counting.bytes == text.size());
}
