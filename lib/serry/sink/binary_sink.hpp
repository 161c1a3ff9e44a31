#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "serry/serde/plain_record.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/sink/part_writer.hpp"

namespace serry {

/// write_binary(): each partition becomes a part file, its records one after the other as they are
/// in memory.
template <PlainRecord T>
class BinarySink final : public ActionEnd<T> {
public:
    /// `folder` as for PartWriter.
    BinarySink(TypedTransformation<T>& parent, std::string folder)
        : ActionEnd<T>(parent), parts_(std::move(folder)) {}

    void begin_task(TaskContext& task) override {
        ActionEnd<T>::begin_task(task);
        parts_.open(task.partition().index);
    }
    void end_task(TaskContext& task) override {
        task.bytes_out += parts_.byte_count();
        parts_.close();
    }
    /// Waits until the parts of this rank are on the disk for good. Throws StorageError.
    void end_tasks() override { parts_.sync(); }

private:
    void use(std::span<T const> batch) override {
        parts_.text().put(batch.data(), batch.size_bytes());
        if (parts_.is_full()) parts_.write_full();
    }

    PartWriter parts_;
};

}  // namespace serry
