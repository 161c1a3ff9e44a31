#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/serde/codec.hpp"
#include "serry/sink/action_end.hpp"
#include "serry/sink/result_pieces.hpp"

namespace serry {

/// What a collecting rank does about more bytes than it may hold.
enum class AtLimit : std::uint8_t {
    fail,  ///< throws StorageError
    stop,  ///< looks at no more records than it must: the result does not count
};

/// collect() and take(n): the records of this rank's partitions, encoded one after the other, at
/// most `most_records` of each partition.
template <Encodable T>
class CollectEnd final : public ActionEnd<T> {
public:
    static constexpr std::uint64_t all_records = std::numeric_limits<std::uint64_t>::max();

    CollectEnd(TypedTransformation<T>& parent,
               std::uint64_t most_records,
               std::uint64_t limit_bytes,
               AtLimit at_limit = AtLimit::fail)
        : ActionEnd<T>(parent),
          most_records_(most_records),
          limit_bytes_(limit_bytes),
          at_limit_(at_limit) {}

    ByteWriter const& encoded() const { return encoded_; }
    std::uint64_t record_count() const { return record_count_; }
    std::vector<ResultPiece> const& pieces() const { return pieces_.all(); }

    void begin_task(TaskContext& task) override {
        ActionEnd<T>::begin_task(task);
        pieces_.begin_task(task.partition().index, encoded_.size());
    }
    void end_task(TaskContext&) override { pieces_.end_task(encoded_.size()); }

private:
    void use(std::span<T const> batch) override {
        std::uint64_t const wanted = most_records_ - std::min(most_records_, this->record_);
        std::uint64_t const count = std::min<std::uint64_t>(wanted, batch.size());
        for (std::uint64_t i = 0; i < count; ++i) encode(batch[i], encoded_);
        record_count_ += count;
        if (wanted <= batch.size()) this->task_->enough = true;
        if (encoded_.size() <= limit_bytes_) return;
        if (at_limit_ == AtLimit::fail) throw_too_large();
        this->task_->enough = true;
    }

    [[noreturn]] void throw_too_large() const {
        throw StorageError("a result of more than " + format_bytes(limit_bytes_)
                               + " is too large to be held by every rank; write it with write_text, or "
                                 "raise SERRY_COLLECT_LIMIT",
                           ExitCode::does_not_fit);
    }

    std::uint64_t most_records_;
    std::uint64_t limit_bytes_;
    AtLimit at_limit_;
    ByteWriter encoded_;
    ResultPieces pieces_;
    std::uint64_t record_count_ = 0;
};

}  // namespace serry
