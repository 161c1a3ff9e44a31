#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/spill_file.hpp"
#include "serry/shuffle/wire_record.hpp"

namespace serry {

/// Where a rank's stored bytes may be: in memory up to a limit, beyond it in scratch. Shared by all
/// runs of a shuffle; outlives them.
struct Storage {
    Storage(std::uint64_t memory_limit_bytes_, std::string const& scratch)
        : memory_limit_bytes(memory_limit_bytes_), file(scratch) {}

    std::uint64_t memory_limit_bytes;
    std::uint64_t memory_bytes = 0;
    SpillFile file;
};

/// A sequence of framed records (varint length, bytes), written once from front to back and then
/// read any number of times. Kept in blocks of whole records, in memory or spilled.
class Run {
public:
    explicit Run(Storage& storage, std::size_t block_bytes = std::size_t{256} << 10)
        : storage_(&storage), block_bytes_(block_bytes) {}
    Run(Run&&) = default;
    Run& operator=(Run&&) = delete;
    ~Run();

    /// Append one record that is framed already.
    void append(std::string_view framed_record) {
        make_room(framed_record.size());
        last_.put(framed_record);
        ++record_count_;
    }
    /// Append one record of `byte_count` bytes, framed: the caller writes them to what this
    /// returns.
    char* append_room(std::size_t byte_count) {
        std::size_t const framed_bytes = varint_bytes(byte_count) + byte_count;
        make_room(framed_bytes);
        ++record_count_;
        return write_varint(last_.extend(framed_bytes), byte_count);
    }
    /// Frame one record, and append it.
    void append_unframed(std::string_view record) {
        copy_bytes(append_room(record.size()), record.data(), record.size());
    }
    /// Frame what write(out) puts, and append it.
    template <typename Write>
    void append_by(Write const& write) {
        make_room(block_bytes_
                  / 64);  // most records are smaller, and so do not make the block grow
        std::size_t const before = last_.size();
        frame(last_, write);
        if (last_.size() > block_bytes_ && before > 0) seal_first(before);
        ++record_count_;
    }
    /// Append records as they were in a block of another run.
    void append_block(std::string_view block, std::uint64_t record_count) {
        close();
        last_.put(block);
        record_count_ += record_count;
        close();
    }
    /// After the last append.
    void close() {
        if (!last_.empty()) seal();
        last_ = ByteWriter();
    }

    std::uint64_t record_count() const { return record_count_; }
    std::uint64_t byte_count() const { return byte_count_; }
    /// Blocks that are full and will not change.
    std::size_t block_count() const { return blocks_.size(); }
    /// A block's records: a view of `room`, or of the run itself.
    std::string_view read_block(std::size_t block, ByteWriter& room) const;

    /// Reads the run's blocks in order. A view is valid until the next call of the same reader;
    /// views of blocks in memory as long as the run.
    class Reader {
    public:
        explicit Reader(Run const& run, std::size_t first_block = 0)
            : run_(&run), next_(first_block) {}
        /// Whole records; empty at the end.
        std::string_view next_block() {
            if (next_ == run_->block_count()) return {};
            return run_->read_block(next_++, loaded_);
        }
        /// Number of the block that next_block() gave last.
        std::size_t block() const { return next_ - 1; }

    private:
        Run const* run_;
        std::size_t next_ = 0;
        ByteWriter loaded_;
    };

private:
    struct Block {
        ByteWriter bytes;  ///< empty when spilled
        SpillFile::Extent extent;
    };

    void make_room(std::size_t record_bytes) {
        if (last_.size() + record_bytes > block_bytes_ && !last_.empty()) seal();
        if (last_.empty()) open_block();
    }
    void open_block();
    void seal();
    /// Seal what comes before the byte at `end`.
    void seal_first(std::size_t end);

    Storage* storage_;
    std::size_t block_bytes_;
    std::vector<Block> blocks_;
    ByteWriter last_;
    std::uint64_t record_count_ = 0;
    std::uint64_t byte_count_ = 0;
};

}  // namespace serry
