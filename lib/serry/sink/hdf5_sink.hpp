#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/pfr/core.hpp>

#include "serry/serde/hdf5_record.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/sink/hdf5_part_writer.hpp"

namespace serry {

/// write_hdf5(): each partition becomes a file with one dataset.
template <Hdf5Writable T>
class Hdf5Sink final : public ActionEnd<T> {
public:
    /// What a record's text does is said to be `action`'s, which outlives the sink as `parent`
    /// does.
    Hdf5Sink(TypedTransformation<T>& parent,
             Transformation const& action,
             std::string folder,
             Hdf5Storage const& storage)
        : ActionEnd<T>(parent),
          action_(action),
          parts_(std::move(folder), storage, hdf5_record<T>()) {}

    void begin_task(TaskContext& task) override {
        ActionEnd<T>::begin_task(task);
        parts_.open(task.partition().index);
    }
    void end_task(TaskContext& task) override {
        parts_.close();
        task.bytes_out += parts_.byte_count();
        part_rows_.push_back({task.partition().index, task.records_out});
    }
    /// Waits until the parts of this rank are on the disk for good. Throws StorageError.
    void end_tasks() override { parts_.sync(); }

    /// Of this rank, in order of partition.
    std::vector<Hdf5PartRows> const& part_rows() const { return part_rows_; }

private:
    void use(std::span<T const> batch) override {
        for (std::size_t i = 0; i < batch.size();) {
            std::size_t const count = std::min(parts_.rows_left(), batch.size() - i);
            append(batch.subspan(i, count), i);
            parts_.write_full();
            i += count;
        }
    }

    /// `first`: ordinal in the batch.
    void append(std::span<T const> records, std::size_t first) {
        if constexpr (hdf5::Direct<T>) {
            parts_.rows().put(records.data(), records.size_bytes());
        } else {
            std::size_t i = 0;
            try {
                for (; i < records.size(); ++i) append_record(records[i]);
            } catch (...) {
                rethrow_located(action_, this->record_ + first + i);
            }
        }
    }

    void append_record(T const& record) {
        if constexpr (hdf5::Table<T>)
            boost::pfr::for_each_field(record,
                                       [this](auto const& field) { this->append_field(field); });
        else
            append_field(record);
    }

    template <hdf5::Value F>
    void append_field(F const& field) {
        if constexpr (hdf5::Text<F>) {
            char const* const text = parts_.text(field);
            parts_.rows().put(&text, sizeof text);
        } else {
            parts_.rows().put(&field, sizeof field);
        }
    }

    Transformation const& action_;
    Hdf5PartWriter parts_;
    std::vector<Hdf5PartRows> part_rows_;
};

}  // namespace serry
