#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/merge_heap.hpp"
#include "serry/shuffle/run.hpp"
#include "serry/shuffle/wire_record.hpp"
#include "serry/stage/stage_end.hpp"

namespace serry {

/// Takes the records of a shuffle that reach this rank, in WireOrder: those of a key come together,
/// by source partition, in the order in which that partition had them.
struct MergedRecords {
    virtual ~MergedRecords() = default;
    /// The record is only valid during the call.
    virtual void take(WireRecord const& record) = 0;
    virtual void end() = 0;
};

/// An order of records that only their values tell; need not be one.
struct ValueOrder {
    virtual ~ValueOrder() = default;
    virtual bool comes_before(std::string_view value_a, std::string_view value_b) = 0;
};

/// The streams of a sort: sections that ascend by key, or by value. `leaf` of a merged record is
/// the number of its section.
struct SortedStreams {
    ValueOrder* by_value = nullptr;
};

/// The receiving side of a shuffle. Every sender's stream ascends in WireOrder, or as SortedStreams
/// says; the streams are merged as they come, of each only what fits its window is held. Exchanges
/// before the last give one run each; the last merges its streams with the runs. So that it reads
/// few at once, sixteen runs become one of a higher tier before, and sixteen of these one of the
/// next (as in log-structured merge trees; O'Neil et al., 1996).
class MergingReceiver final : public Incoming {
public:
    /// `index_count`: 0, or of reduce_to_index, whose keys are indices and lie in their order.
    MergingReceiver(int rank_count,
                    bool has_leaves,
                    Storage& storage,
                    MergedRecords& merged,
                    std::uint64_t index_count = 0);
    /// Of a sort, which has one exchange only.
    MergingReceiver(int rank_count, SortedStreams sorted, Storage& storage, MergedRecords& merged);
    ~MergingReceiver() override;

    void open(bool is_final, std::size_t window_bytes) override;
    std::size_t room(int rank) const override;
    void take(int rank, std::span<char const> bytes, bool is_last) override;
    void advance() override;
    void close() override;
    std::uint64_t record_count() const override { return record_count_; }
    std::size_t waiting_bytes() const override;

private:
    struct Stream;
    struct TieredRun {
        std::unique_ptr<Run> run;
        unsigned tier = 0;
    };

    Stream& add_stream(std::size_t order);
    void add_run(Run const& run, std::size_t order);
    void start_run(unsigned tier);
    bool has_full_tier() const;
    void merge_full_tier();
    void forget_streams();

    /// False when the stream has ended or must wait for bytes.
    bool read_head(Stream& stream);
    bool read_record(Stream& stream) const;
    void deliver(Stream const& stream);
    bool comes_before(Stream const* a, Stream const* b) const;
    bool comes_first(WireRecord const& a, WireRecord const& b) const;

    int rank_count_;
    bool has_leaves_;
    bool is_sorted_;
    std::uint64_t index_count_ = 0;
    ValueOrder* by_value_;
    Storage& storage_;
    MergedRecords& merged_;
    bool is_final_ = false;
    std::size_t window_bytes_ = 0;
    std::vector<std::unique_ptr<Stream>> streams_;  ///< by rank; in the last exchange then the runs
    MergeHeap<Stream> heap_;                        ///< streams with a head
    std::vector<Stream*> starved_;  ///< streams that must get bytes before merging goes on
    std::vector<TieredRun> runs_;   ///< by age; tiers never rise
    std::uint64_t record_count_ = 0;
};

}  // namespace serry
