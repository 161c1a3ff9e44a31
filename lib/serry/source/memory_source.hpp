#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "serry/base/concepts.hpp"
#include "serry/base/hash.hpp"
#include "serry/serde/codec.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// Cuts `record_count` records into contiguous, even splits: as many as asked for, else at most 64.
SplitList split_records(std::uint64_t record_count, SplitRequest const& request);

/// parallelize(): records that every rank holds already.
template <Record T>
class MemorySource final : public TypedTransformation<T> {
public:
    MemorySource(Lineage& lineage,
                 CallSite at,
                 std::vector<T> records,
                 std::uint64_t partition_count)
        : TypedTransformation<T>(lineage,
                                 {.name = "parallelize",
                                  .at = at,
                                  .dependency = Dependency::none,
                                  .parents = {},
                                  .argument_fingerprint = content_fingerprint(records),
                                  .partition_count = partition_count}),
          record_count_(records.size()),
          records_(stored(std::move(records))) {}

    SplitList list_splits(SplitRequest const& request) const override {
        return split_records(record_count_, request);
    }
    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<Reader>(*this, next);
    }

private:
    /// A std::vector<bool> holds no bools that a span could show.
    using Stored =
        std::conditional_t<std::is_same_v<T, bool>, std::unique_ptr<bool[]>, std::vector<T>>;

    static Stored stored(std::vector<T> records) {
        if constexpr (std::is_same_v<T, bool>) {
            auto flags = std::make_unique<bool[]>(records.size());
            std::copy(records.begin(), records.end(), flags.get());
            return flags;
        } else {
            return records;
        }
    }

    class Reader final : public PartitionReader {
    public:
        Reader(MemorySource const& source, Consumer<T>& next) : source_(source), next_(next) {}

        void read(TaskContext& task) override {
            for (Split const& split : source_.splits().splits_of(task.partition().index))
                push(task, split);
            next_.finish();
        }

    private:
        void push(TaskContext& task, Split const& split) {
            for (std::uint64_t at = split.begin; at < split.end && !task.enough;
                 at += batch_records) {
                std::uint64_t const count = std::min<std::uint64_t>(batch_records, split.end - at);
                task.poll();
                task.records_in += count;
                next_.consume({&source_.records_[at], count});
            }
        }

        MemorySource const& source_;
        Consumer<T>& next_;
    };

    /// Ranks that were given different records have different lineages.
    static std::uint64_t content_fingerprint(std::vector<T> const& records) {
        std::uint64_t fingerprint = records.size();
        if constexpr (Encodable<T>) {
            ByteWriter bytes;
            for (T const& record : records) {
                bytes.clear();
                encode(record, bytes);
                fingerprint = mix_fingerprint(fingerprint, bytes.view());
            }
        }
        return fingerprint;
    }

    std::uint64_t record_count_;
    Stored records_;
};

/// Numbers at an even distance: begin, begin + step and so on.
struct NumberRange {
    std::int64_t begin = 0;
    std::int64_t step = 1;
    std::uint64_t count = 0;

    /// Requires index < count, or no overflow beyond.
    std::int64_t at(std::uint64_t index) const {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(begin)
                                         + index * static_cast<std::uint64_t>(step));
    }
};

/// How many numbers begin, begin + step, ... lie before `end`: below it if step > 0, above it if
/// step < 0. Requires step != 0. Any two ends will do.
std::uint64_t count_in_range(std::int64_t begin, std::int64_t end, std::int64_t step);

/// iota() and range(): numbers made as they are needed.
class IotaSource final : public TypedTransformation<std::int64_t> {
public:
    /// The numbers 0 to record_count - 1.
    IotaSource(Lineage& lineage,
               CallSite at,
               std::uint64_t record_count,
               std::uint64_t partition_count);
    IotaSource(Lineage& lineage,
               CallSite at,
               NumberRange const& numbers,
               std::uint64_t partition_count);

    SplitList list_splits(SplitRequest const& request) const override {
        return split_records(numbers_.count, request);
    }
    void attach(Pipeline& pipeline, Consumer<std::int64_t>& next) override;

    NumberRange const& numbers() const { return numbers_; }

private:
    NumberRange numbers_;
};

}  // namespace serry
