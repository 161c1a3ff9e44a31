#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "serry/serde/plain_record.hpp"
#include "serry/source/pinned_file.hpp"
#include "serry/source/record_pieces.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// What a file of fixed-size records looks like.
struct BinaryLayout {
    std::uint64_t record_bytes = 1;
    std::uint64_t header_bytes = 0;  ///< skipped at the beginning of each file
};

/// List the files that `patterns` name and cut them at records; splits are bytes. Throws InputError
/// for a file that does not hold whole records.
SplitList list_binary_splits(std::vector<std::string> const& patterns,
                             BinaryLayout const& layout,
                             std::uint64_t partition_count);

/// How read_binary() is recorded.
Transformation::Recorded recorded_binary(std::vector<std::string> const& patterns,
                                         BinaryLayout const& layout,
                                         CallSite at,
                                         std::uint64_t partition_count);

/// read_binary(): records of sizeof(T) bytes, as they are in the file. Batches are the read
/// buffer's memory.
template <PlainRecord T>
class BinarySource final : public TypedTransformation<T> {
public:
    BinarySource(Lineage& lineage,
                 std::vector<std::string> patterns,
                 std::uint64_t header_bytes,
                 CallSite at,
                 std::uint64_t partition_count)
        : TypedTransformation<T>(
            lineage,
            recorded_binary(patterns, {sizeof(T), header_bytes}, at, partition_count)),
          patterns_(std::move(patterns)),
          header_bytes_(header_bytes) {}

    SplitList list_splits(SplitRequest const& request) const override {
        if (patterns_.empty())
            throw UsageError(this->label() + ": no path was given; expected one or more");
        return list_binary_splits(patterns_, {sizeof(T), header_bytes_}, request.partition_count);
    }
    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<Reader>(*this, next);
    }

private:
    class Reader final : public PartitionReader {
    public:
        Reader(BinarySource const& source, Consumer<T>& next) : source_(source), next_(next) {}

        void read(TaskContext& task) override {
            for (Split const& split : source_.splits().splits_of(task.partition().index))
                if (!task.enough && split.begin < split.end) read(split, task);
            next_.finish();
        }

    private:
        void read(Split const& split, TaskContext& task) {
            PinnedFile file(source_.splits().files[split.file]);
            task.position = {&file.expected().path, split.begin, split.begin};
            pieces_.start(split.begin, split.end);
            while (!task.enough && pieces_.position() < split.end) push(pieces_.read(file), task);
            file.check();
            task.position = {};
        }

        void push(std::span<char const> piece, TaskContext& task) {
            task.position.begin = task.position.end;
            task.position.end += piece.size();
            std::span<T const> left(reinterpret_cast<T const*>(piece.data()),
                                    piece.size() / sizeof(T));
            while (!left.empty() && !task.enough) {
                std::size_t const count = std::min(left.size(), batch_records);
                task.poll();
                task.records_in += count;
                task.bytes_in += count * sizeof(T);
                next_.consume(left.first(count));
                left = left.subspan(count);
            }
        }

        BinarySource const& source_;
        Consumer<T>& next_;
        RecordPieces pieces_{sizeof(T), alignof(T)};
    };

    std::vector<std::string> patterns_;
    std::uint64_t header_bytes_;
};

}  // namespace serry
