#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "serry/serde/byte_buffer.hpp"
#include "serry/shuffle/chunk_pool.hpp"
#include "serry/shuffle/send_order.hpp"
#include "serry/shuffle/wire_record.hpp"

namespace serry {

/// Encoded records that wait to be sent, dealt into buckets by the top bits of their hash as they
/// come, so that putting them in order works on one bucket at a time, which fits the cache. A
/// bucket is a list of chunks, in which each record has its hash in front:
///
///     hash    8 bytes
///     record  framed, as in WireRecord
///
/// What orders a bucket is made when it is sent, and its memory is then used for the next one.
class BucketedRecords {
public:
    BucketedRecords();

    /// A record as in WireRecord, of which `body` is all but its length.
    void add(std::uint64_t hash, std::string_view body) {
        std::size_t const bucket = hash >> (64 - bucket_bits);
        std::size_t const byte_count = sizeof hash + varint_bytes(body.size()) + body.size();
        Room& room = rooms_[bucket];
        if (static_cast<std::size_t>(room.end - room.at) < byte_count)
            add_chunk(bucket, byte_count);
        std::memcpy(room.at, &hash, sizeof hash);
        copy_bytes(write_varint(room.at + sizeof hash, body.size()), body.data(), body.size());
        room.at += byte_count;
        memory_bytes_ += byte_count;
        ++record_count_;
    }
    /// A record with this hash will be added soon.
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const {
        __builtin_prefetch(rooms_[hash >> (64 - bucket_bits)].at, 1);
    }
    /// Of the records. As much again may be held: rooms at the ends of buckets, and what orders
    /// those that are being sent.
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
    static constexpr std::uint32_t no_chunk = ~std::uint32_t{0};

    /// What is free in a bucket's last chunk.
    struct Room {
        char* at = nullptr;
        char* end = nullptr;
    };
    struct Chunk {
        char* begin;
        std::size_t capacity;
        std::size_t size;    ///< of all but a bucket's last
        std::uint32_t next;  ///< of the same bucket
    };
    struct Bucket {
        std::uint32_t first_chunk = no_chunk;
        std::uint32_t last_chunk = no_chunk;
        bool is_sorted = false;
        std::size_t record_count = 0;  ///< once sorted
        std::size_t unsent_count = 0;  ///< once sorted
        SendEntries entries;           ///< sorted and not all sent: by hash, and see record_at()
    };
    /// A place among all records, in order; and of the record there the bytes from `at` on.
    struct Stream {
        std::size_t bucket = 0;
        std::size_t entry = 0;
        std::size_t at = 0;
        std::size_t end_bucket = 0;  ///< the first place that is another rank's
        std::size_t end_entry = 0;
    };

    void add_chunk(std::size_t bucket, std::size_t byte_count);
    void sort(Bucket& bucket);
    void list_entries(Bucket& bucket);
    /// Entries refer to chunk and offset in it, so that references ascend in a bucket.
    char const* record_at(std::uint64_t reference) const {
        return chunks_[reference >> 32].begin + (reference & 0xffffffff) + sizeof(std::uint64_t);
    }
    std::string_view framed_at(std::uint64_t reference) const;
    std::string_view key_at(std::uint64_t reference) const;
    void give_back_entries(Bucket& bucket);
    /// The first place whose hash is not below `hash`.
    std::pair<std::size_t, std::size_t> place_of(std::uint64_t hash);
    bool is_past(Bucket const& bucket, std::size_t entry) const;
    void skip_empty(Stream& stream) const;

    std::vector<Room> rooms_;  ///< by bucket
    std::vector<Bucket> buckets_;
    std::vector<Chunk> chunks_;
    ChunkPool pool_;
    std::vector<Stream> streams_;
    std::vector<SendEntries> spare_entries_;
    SendEntries sort_scratch_;
    std::uint64_t memory_bytes_ = 0;
    std::uint64_t record_count_ = 0;
};

}  // namespace serry
