#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <vector>

#include "serry/shuffle/merge_heap.hpp"
#include "serry/shuffle/record_sample.hpp"
#include "serry/shuffle/sort_buffer.hpp"
#include "serry/shuffle/sorted_run.hpp"
#include "serry/shuffle/splitters.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry {

/// The sending side of a sort. Keeps a rank's records until all ranks have all of theirs, in a
/// buffer and, when that is full, in sorted runs in scratch; then the ranks agree on splitters, and
/// every run and the buffer are merged into a stream for each rank.
class SortSender final : public Outgoing {
public:
    struct Setup {
        std::uint64_t partition_count = 1;
        /// Partitions begin at splitters; else at the numbers that keys begin with.
        bool is_sampled = true;
        BufferOrder* by_value = nullptr;
    };
    SortSender(StageSetting const& setting, Setup setup);

    void begin_partition(std::uint64_t partition) { sample_.begin_partition(partition); }
    /// `body` is the key with its length, and the value. `extra_bytes`: what sorting it costs
    /// beside its bytes.
    void add(std::string_view key,
             std::string_view value,
             std::string_view body,
             std::uint64_t extra_bytes);
    void end_tasks();
    void agree(Collectives& ranks);

    bool is_full() const override { return false; }
    void open(bool is_final) override;
    /// Every stream has its sections' ends.
    Load load() const override { return {streams_.size(), byte_count_}; }
    Filled fill(int rank, std::span<char> room) override;
    void close() override;
    std::uint64_t record_count() const override { return record_count_; }
    std::uint64_t spilled_bytes() const { return storage_.file.written_bytes(); }

private:
    /// A rank's records, merged from a part of every run. What is sent next is the end of a section
    /// or the first head.
    struct Stream {
        std::vector<SortedCursor> parts;
        MergeHeap<SortedCursor> heap;
        std::uint64_t next_partition = 0;  ///< begins behind the current section
        std::uint64_t end_partition = 0;
        std::optional<Splitters::Bound> bound;  ///< of next_partition
        std::size_t sent_bytes = 0;             ///< of what is sent next
        bool is_section_end = false;
        bool is_released = false;
    };

    static RecordSample::Limits sample_limits(std::uint64_t partition_count);
    bool comes_before(SortedCursor const* a, SortedCursor const* b) const;
    void sort_buffer();
    void spill_buffer();
    void cut_into_streams();
    void begin_section(Stream& stream, std::uint64_t partition);
    void look_at_head(Stream& stream);
    std::string_view piece(Stream const& stream) const;
    void end_piece(Stream& stream);
    void read_again(Stream& stream);
    void release(Stream& stream);

    StageSetting setting_;
    Setup setup_;
    SortOrder order_;
    RecordSample sample_;
    SortBuffer buffer_;
    Storage storage_;
    std::size_t block_bytes_;
    std::list<SortedRun> runs_;  ///< cursors point at them
    Splitters splitters_;
    std::vector<Stream> streams_;
    bool is_short_of_memory_ = false;
    std::uint64_t record_count_ = 0;
    std::uint64_t byte_count_ = 0;
};

}  // namespace serry
