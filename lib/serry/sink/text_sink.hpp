#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "serry/sink/action_end.hpp"
#include "serry/sink/part_writer.hpp"
#include "serry/sink/text_format.hpp"

namespace serry {

/// Records as append_text() writes them.
template <typename T>
struct PrintedFormat {
    void begin_part(ByteWriter&) const {}
    void append(T const& record, ByteWriter& line) const { append_text(record, line); }
};

/// write_text() and its like: each partition becomes a part file, one record a line; an empty
/// partition one without lines. Format says what a part begins with, and how a record is written.
template <typename T, typename Format = PrintedFormat<T>>
class TextSink final : public ActionEnd<T> {
public:
    /// `folder` and `is_durable` as for PartWriter. What a TextFormat throws is said to be
    /// `action`'s, which outlives the sink as `parent` does.
    TextSink(TypedTransformation<T>& parent,
             Transformation const& action,
             std::string folder,
             bool is_durable = true,
             Format format = Format())
        : ActionEnd<T>(parent),
          action_(action),
          parts_(std::move(folder), is_durable),
          format_(std::move(format)) {}

    void begin_task(TaskContext& task) override {
        ActionEnd<T>::begin_task(task);
        parts_.open(task.partition().index);
        format_.begin_part(parts_.text());
    }

    void end_task(TaskContext& task) override {
        task.bytes_out += parts_.byte_count();
        parts_.close();
    }

    /// Waits until the parts of this rank are on the disk for good. Throws StorageError.
    void end_tasks() override { parts_.sync(); }

private:
    void use(std::span<T const> batch) override {
        std::size_t appended = 0;
        while (appended < batch.size()) {
            appended = append_lines(batch, appended);
            if (parts_.is_full()) parts_.write_full();
        }
    }

    /// From record `i` of the batch on, until it ends or the buffer is full; gives where it
    /// stopped.
    std::size_t append_lines(std::span<T const> batch, std::size_t i) {
        ByteWriter& text = parts_.text();
        try {
            for (; i < batch.size() && !parts_.is_full(); ++i) {
                format_.append(batch[i], text);
                *text.extend(1) = '\n';
            }
        } catch (...) {
            rethrow_located(action_, this->record_ + i);
        }
        return i;
    }

    Transformation const& action_;
    PartWriter parts_;
    Format format_;
};

}  // namespace serry
