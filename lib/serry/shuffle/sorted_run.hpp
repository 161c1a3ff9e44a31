#pragma once

#include <cstdint>
#include <vector>

#include "serry/shuffle/run.hpp"
#include "serry/shuffle/sort_buffer.hpp"
#include "serry/shuffle/splitters.hpp"

namespace serry {

/// Sorted records in scratch, in blocks that are found by number and by prefix.
class SortedRun {
public:
    SortedRun(Storage& storage, std::size_t block_bytes) : run_(storage, block_bytes) {}

    /// After all that come before it.
    void append(WireRecord const& record);
    void close() { run_.close(); }

    struct Block {
        std::uint64_t first_index;
        std::uint64_t first_prefix;
    };
    std::vector<Block> const& blocks() const { return blocks_; }
    std::uint64_t record_count() const { return run_.record_count(); }
    std::string_view read_block(std::size_t block, ByteWriter& room) const {
        return run_.read_block(block, room);
    }

private:
    Run run_;
    std::vector<Block> blocks_;
};

/// Goes through a part of a sorted run, or of a sorted buffer, which counts as the rank's last run.
class SortedCursor {
public:
    SortedCursor(SortBuffer const& buffer, std::uint64_t rank, std::uint64_t run)
        : buffer_(&buffer), end_(buffer.record_count()), place_{rank, run, 0} {}
    SortedCursor(SortedRun const& run, std::uint64_t rank, std::uint64_t number)
        : run_(&run), end_(run.record_count()), place_{rank, number, 0} {}

    /// Make head() what is at the cursor. False at the end.
    bool read();
    /// Requires that read() was true.
    void advance();
    /// Go on to where a partition begins.
    void skip_to(Splitters::Bound const& bound);

    WireRecord const& head() const { return head_; }
    SortedPlace const& place() const { return place_; }

    /// Another cursor at the same place.
    SortedCursor again() const;
    /// End where `other` is, on the same run.
    void end_at(SortedCursor const& other) { end_ = other.place_.index; }
    bool is_at_end() const { return place_.index >= end_; }
    void go_to_end() { place_.index = end_; }

    /// Hold no memory until the next read(); head() is gone until then.
    void release();

private:
    void search_buffer(Splitters::Bound const& bound);
    void skip_blocks(std::uint64_t prefix);

    SortBuffer const* buffer_ = nullptr;
    SortedRun const* run_ = nullptr;
    std::uint64_t end_ = 0;
    SortedPlace place_;
    WireRecord head_;
    std::size_t block_ = 0;   ///< of a run
    std::size_t offset_ = 0;  ///< in that block
    bool is_loaded_ = false;
    std::string_view loaded_;
    ByteWriter room_;
};

}  // namespace serry
