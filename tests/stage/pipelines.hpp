#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/stage/operators.hpp"

namespace serry::test {

/// Counts its calls.
struct TestPoller final : Poller {
    void poll() override { ++count; }
    std::uint64_t count = 0;
};

/// A source of given partitions, in batches of at most `most_records`.
template <typename T>
class Given final : public TypedTransformation<T> {
public:
    Given(Lineage& lineage,
          std::vector<std::vector<T>> partitions,
          std::size_t most_records = batch_records)
        : TypedTransformation<T>(lineage,
                                 {.name = "given",
                                  .at = {"/src/job.cpp", 1},
                                  .dependency = Dependency::none,
                                  .parents = {}}),
          partitions_(std::move(partitions)),
          most_records_(most_records) {
        this->set_partition_count(partitions_.size());
    }

    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<Reader>(*this, next);
    }

private:
    struct Reader final : PartitionReader {
        Reader(Given const& given_, Consumer<T>& next_) : given(given_), next(next_) {}
        void read(TaskContext& task) override {
            std::span<T const> left = given.partitions_[task.partition().index];
            while (!left.empty() && !task.enough) {
                std::size_t const count = std::min(left.size(), given.most_records_);
                task.poll();
                task.records_in += count;
                next.consume(left.first(count));
                left = left.subspan(count);
            }
            next.finish();
        }
        Given const& given;
        Consumer<T>& next;
    };

    std::vector<std::vector<T>> partitions_;
    std::size_t most_records_;
};

/// Views are kept as texts: they are valid during a call only.
template <typename T>
using Owned = std::conditional_t<std::is_same_v<T, std::string_view>, std::string, T>;

/// The end of a pipeline: keeps what it was given, and throws where it is told to.
template <typename T>
struct Kept final : Consumer<T> {
    void consume(std::span<T const> batch) override {
        if (throws_at && records.size() + batch.size() > *throws_at)
            throw std::runtime_error("the end is full");
        batch_sizes.push_back(batch.size());
        for (T const& record : batch) records.emplace_back(record);
    }
    void finish() override { ++finish_count; }

    std::vector<Owned<T>> records;
    std::vector<std::size_t> batch_sizes;
    int finish_count = 0;
    std::optional<std::size_t> throws_at;
};

/// One rank's pipeline of a step and those before it.
template <typename T>
struct Runner {
    explicit Runner(TypedPointer<T> step) : last(std::move(step)) { last->attach(pipeline, kept); }

    /// The records that one partition gives.
    std::vector<Owned<T>> run(std::uint64_t partition = 0, std::uint64_t partition_count = 1) {
        auto const throws_at = kept.throws_at;
        kept = {};
        kept.throws_at = throws_at;
        TaskContext task({partition, partition_count}, poller);
        pipeline.run(task);
        return kept.records;
    }

    TypedPointer<T> last;
    TestPoller poller;
    Kept<T> kept;
    Pipeline pipeline;
};

/// Steps on a dataset, as Dataset records them, each on the line given.
template <typename T>
struct Steps {
    Lineage& lineage;
    TypedPointer<T> last;

    template <typename F>
    auto map(F f, std::uint32_t line = 2) const {
        using Out = mapped_t<F, T>;
        return add<Out, MapOperator<T, Out, F>>("map", line, std::move(f));
    }
    template <typename F>
    Steps<T> filter(F f, std::uint32_t line = 2) const {
        return add<T, FilterOperator<T, F>>("filter", line, std::move(f));
    }
    template <typename Out, typename F>
    Steps<Out> flat_map(F f, std::uint32_t line = 2) const {
        return add<Out, FlatMapOperator<F, T, Out>>("flat_map", line, std::move(f));
    }
    template <typename Out, typename F>
    Steps<Out> map_partitions(F f, std::uint32_t line = 2) const {
        return add<Out, MapPartitionsOperator<F, T, Out>>("map_partitions", line, std::move(f));
    }
    Runner<T> runner() const { return Runner<T>(last); }

private:
    template <typename Out, typename Op, typename F>
    Steps<Out> add(char const* name, std::uint32_t line, F f) const {
        using Step = NarrowTransformation<T, Out, F, Op>;
        return {lineage, std::make_shared<Step>(lineage, name, CallSite{"/src/job.cpp", line}, last,
                                                std::move(f))};
    }
};

template <typename T>
Steps<T> given(Lineage& lineage,
               std::vector<std::vector<T>> partitions,
               std::size_t most_records = batch_records) {
    return {lineage, std::make_shared<Given<T>>(lineage, std::move(partitions), most_records)};
}

/// The numbers from 0 to count - 1.
inline std::vector<int> numbers_up_to(int count) {
    std::vector<int> numbers;
    for (int i = 0; i < count; ++i) numbers.push_back(i);
    return numbers;
}

}  // namespace serry::test
