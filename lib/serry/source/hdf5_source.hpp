#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/pfr/core.hpp>

#include "serry/base/error.hpp"
#include "serry/serde/hdf5_record.hpp"
#include "serry/source/hdf5_dataset.hpp"
#include "serry/stage/batch.hpp"
#include "serry/stage/typed_transformation.hpp"

namespace serry {

/// What read_hdf5() was told.
struct Hdf5Input {
    std::vector<std::string> patterns;
    std::string dataset;
    Hdf5Record record;
};

/// List the files that the patterns name and cut their datasets at chunks; splits are rows. Throws
/// InputError.
SplitList list_hdf5_splits(Hdf5Input const& input, std::uint64_t partition_count);

/// How read_hdf5() is recorded.
Transformation::Recorded recorded_hdf5(Hdf5Input const& input,
                                       CallSite at,
                                       std::uint64_t partition_count);

/// Reads the rows of one split a task, in blocks of about 1 MiB through one buffer that is kept.
class Hdf5Blocks {
public:
    /// `most_row_bytes`: a longer row is a StorageError with ExitCode::does_not_fit.
    Hdf5Blocks(Hdf5Input const& input, std::uint64_t most_row_bytes);
    ~Hdf5Blocks();

    void start(InputFile const& file, Split const& split);
    /// Read the next block; false at the end, when the file has been checked.
    bool read();
    void stop();

    char* rows() const { return bytes_.get(); }
    std::size_t row_count() const { return row_count_; }
    Hdf5Dataset& dataset() const { return *dataset_; }

private:
    static constexpr std::align_val_t alignment{64};
    struct Free {
        void operator()(char* bytes) const { ::operator delete(bytes, alignment); }
    };

    Hdf5Input const& input_;
    std::uint64_t most_row_bytes_;
    std::unique_ptr<Hdf5Dataset> dataset_;
    std::unique_ptr<char, Free> bytes_;
    std::size_t capacity_ = 0;
    std::size_t block_rows_ = 1;
    std::size_t row_count_ = 0;
    std::uint64_t next_ = 0;
    std::uint64_t end_ = 0;
};

namespace hdf5 {

template <Value T>
void take_field(T& field, char const* row, Hdf5Column const& column, Hdf5Dataset& dataset) {
    if constexpr (Text<T>)
        field = dataset.text(row, column);
    else if constexpr (std::is_same_v<T, bool>)
        field = row[column.offset] != 0;
    else
        std::memcpy(&field, row + column.offset, sizeof field);
}

template <Hdf5Readable T>
void take_record(T& record, char const* row, Hdf5Dataset& dataset) {
    if constexpr (IsSlab<T>::value) {
        auto const* const values = reinterpret_cast<typename T::value_type const*>(row);
        record.assign(values, values + dataset.values_per_row());
    } else if constexpr (Table<T>) {
        boost::pfr::for_each_field(record, [&](auto& field, std::size_t i) {
            take_field(field, row, dataset.columns()[i], dataset);
        });
    } else {
        take_field(record, row, dataset.columns().front(), dataset);
    }
}

/// The records of a batch; their memory is used again.
template <typename T>
class Rows {
public:
    std::span<T const> take(char const* rows, std::size_t row_count, Hdf5Dataset& dataset) {
        if (records_.size() < row_count) records_.resize(row_count);
        std::size_t const row_bytes = dataset.row_bytes();
        for (std::size_t i = 0; i < row_count; ++i)
            take_record(records_[i], rows + i * row_bytes, dataset);
        return {records_.data(), row_count};
    }

private:
    std::vector<T> records_;
};
template <>
class Rows<bool> {
public:
    std::span<bool const> take(char const* rows, std::size_t row_count, Hdf5Dataset& dataset) {
        for (std::size_t i = 0; i < row_count; ++i) take_record(records_[i], rows + i, dataset);
        return {records_.data(), row_count};
    }

private:
    std::array<bool, batch_records> records_;
};

}  // namespace hdf5

/// read_hdf5().
template <Hdf5Readable T>
class Hdf5Source final : public TypedTransformation<T> {
public:
    Hdf5Source(Lineage& lineage, Hdf5Input input, CallSite at, std::uint64_t partition_count)
        : TypedTransformation<T>(lineage, recorded_hdf5(input, at, partition_count)),
          input_(std::move(input)) {}

    /// The longest row that this rank can hold.
    void set_row_limit_bytes(std::uint64_t byte_count) { row_limit_bytes_ = byte_count; }

    SplitList list_splits(SplitRequest const& request) const override {
        if (input_.patterns.empty())
            throw UsageError(this->label() + ": no path was given; expected one or more");
        return list_hdf5_splits(input_, request.partition_count);
    }
    void attach(Pipeline& pipeline, Consumer<T>& next) override {
        pipeline.add_head<Reader>(*this, next);
    }

private:
    class Reader final : public PartitionReader {
    public:
        Reader(Hdf5Source const& source, Consumer<T>& next)
            : source_(source), next_(next), blocks_(source.input_, source.row_limit_bytes_) {}

        void read(TaskContext& task) override {
            for (Split const& split : source_.splits().splits_of(task.partition().index))
                if (!task.enough && split.begin < split.end) read(split, task);
            next_.finish();
        }

    private:
        void read(Split const& split, TaskContext& task) {
            InputFile const& file = source_.splits().files[split.file];
            task.position = {&file.path, 0, file.size_bytes};
            blocks_.start(file, split);
            task.poll();
            while (!task.enough && blocks_.read()) push_block(task);
            blocks_.stop();
            task.position = {};
        }

        void push_block(TaskContext& task) {
            for (std::size_t at = 0; at < blocks_.row_count() && !task.enough;) {
                std::size_t const count = std::min(blocks_.row_count() - at, batch_records);
                task.poll();
                blocks_.dataset().begin_batch();
                task.records_in += count;
                task.bytes_in += count * blocks_.dataset().file_row_bytes();
                next_.consume(batch_of(blocks_.rows() + at * blocks_.dataset().row_bytes(), count));
                at += count;
            }
        }

        std::span<T const> batch_of(char const* rows, std::size_t count) {
            if constexpr (hdf5::Direct<T>)
                return {reinterpret_cast<T const*>(rows), count};
            else
                return records_.take(rows, count, blocks_.dataset());
        }

        Hdf5Source const& source_;
        Consumer<T>& next_;
        Hdf5Blocks blocks_;
        struct None {};
        [[no_unique_address]] std::conditional_t<hdf5::Direct<T>, None, hdf5::Rows<T>> records_;
    };

    Hdf5Input input_;
    std::uint64_t row_limit_bytes_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace serry
