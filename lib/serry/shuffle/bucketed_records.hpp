#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/send_order.hpp"
#include "serry/shuffle/wire_record.hpp"

namespace serry {

/// Encoded records that wait to be sent, dealt into buckets by the top bits of their hash as they
/// come, so that putting them in order works on one bucket at a time, which fits the cache.
class BucketedRecords {
public:
    BucketedRecords();

    /// A record as in WireRecord: write(out) puts all but its length.
    template <typename Write>
    void add(std::uint64_t hash, Write const& write) {
        Bucket& bucket = buckets_[hash >> (64 - bucket_bits)];
        std::size_t const at = bucket.bytes.size();
        frame(bucket.bytes, write);
        bucket.entries.push_back({hash, at});
        memory_bytes_ += bucket.bytes.size() - at + sizeof(SendEntry);
        ++record_count_;
    }
    std::uint64_t memory_bytes() const { return memory_bytes_; }
    std::uint64_t record_count() const { return record_count_; }

    /// Start the streams to the ranks: each ascends in WireOrder, records of one key in the order
    /// in which they were added.
    void open(std::uint64_t partition_count, std::uint64_t rank_count);
    /// Ranks whose streams have bytes left.
    std::uint64_t receiver_count() const;
    /// The next bytes for `rank` into `room`; gives how many. Fewer than room.size() at the end.
    std::size_t fill(std::size_t rank, std::span<char> room);
    bool is_at_end(std::size_t rank) const;
    /// Forget the records, and give memory back if `is_last`.
    void close(bool is_last);

private:
    static constexpr unsigned bucket_bits = 9;

    struct Bucket {
        ByteWriter bytes;
        std::vector<SendEntry> entries;  ///< hash, and offset in bytes
        bool is_sorted = false;
    };
    /// A place among all records, in order; and of the record there the bytes from `at` on.
    struct Stream {
        std::size_t bucket = 0;
        std::size_t entry = 0;
        std::size_t at = 0;
        std::size_t end_bucket = 0;  ///< the first place that is another rank's
        std::size_t end_entry = 0;
    };

    static void sort(Bucket& bucket);
    static std::string_view framed_at(Bucket const& bucket, std::uint64_t offset);
    static std::string_view key_at(Bucket const& bucket, std::uint64_t offset);
    /// The first place whose hash is not below `hash`.
    std::pair<std::size_t, std::size_t> place_of(std::uint64_t hash);
    void skip_empty(Stream& stream) const;

    std::vector<Bucket> buckets_;
    std::vector<Stream> streams_;
    std::uint64_t memory_bytes_ = 0;
    std::uint64_t record_count_ = 0;
};

}  // namespace serry
