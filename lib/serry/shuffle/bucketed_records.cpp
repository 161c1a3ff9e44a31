#include "serry/shuffle/bucketed_records.hpp"

#include <algorithm>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

namespace serry {
namespace {

constexpr std::size_t first_chunk_bytes = 128;
constexpr std::size_t most_chunk_bytes = std::size_t{4} << 10;

}  // namespace

BucketedRecords::BucketedRecords()
    : rooms_(std::size_t{1} << bucket_bits), buckets_(rooms_.size()) {}

void BucketedRecords::add_chunk(std::size_t index, std::size_t byte_count) {
    Bucket& bucket = buckets_[index];
    Room& room = rooms_[index];
    std::size_t capacity = first_chunk_bytes;
    if (bucket.last_chunk != no_chunk)
        capacity = std::min(2 * chunks_[bucket.last_chunk].capacity, most_chunk_bytes);
    capacity = std::max(capacity, byte_count);
    char* const begin = pool_.take(capacity);
    auto const number = static_cast<std::uint32_t>(chunks_.size());
    chunks_.push_back({begin, capacity, 0, no_chunk});
    if (bucket.last_chunk == no_chunk) {
        bucket.first_chunk = number;
    } else {
        Chunk& last = chunks_[bucket.last_chunk];
        last.size = static_cast<std::size_t>(room.at - last.begin);
        last.next = number;
    }
    bucket.last_chunk = number;
    room = {begin, begin + capacity};
}

void BucketedRecords::open(std::uint64_t partition_count, std::uint64_t rank_count) {
    streams_.assign(rank_count, {});
    std::pair<std::size_t, std::size_t> begin{0, 0};
    for (std::uint64_t rank = 0; rank < rank_count; ++rank) {
        std::uint64_t const end_partition =
            first_partition_of(rank + 1, rank_count, partition_count);
        auto const end = end_partition >= partition_count
                             ? std::pair(buckets_.size(), std::size_t{0})
                             : place_of(first_hash_of(end_partition, partition_count));
        streams_[rank] = {begin.first, begin.second, 0, end.first, end.second};
        skip_empty(streams_[rank]);
        begin = end;
    }
}

std::pair<std::size_t, std::size_t> BucketedRecords::place_of(std::uint64_t hash) {
    std::size_t const index = hash >> (64 - bucket_bits);
    if (hash << bucket_bits == 0) return {index, 0};
    Bucket& bucket = buckets_[index];
    sort(bucket);
    auto const found = std::lower_bound(
        bucket.entries.begin(), bucket.entries.end(), hash,
        [](SendEntry const& entry, std::uint64_t value) { return entry.hash < value; });
    return {index, static_cast<std::size_t>(found - bucket.entries.begin())};
}

std::size_t BucketedRecords::fill(std::size_t rank, std::span<char> room) {
    constexpr std::size_t ahead = 8;
    Stream& stream = streams_[rank];
    std::size_t done = 0;
    while (done < room.size() && !is_at_end(rank)) {
        Bucket& bucket = buckets_[stream.bucket];
        sort(bucket);
        std::size_t const begin = stream.entry;
        std::size_t const end =
            stream.bucket == stream.end_bucket ? stream.end_entry : bucket.record_count;
        for (; stream.entry < end && done < room.size(); ++stream.entry) {
            if (stream.entry + ahead < end)
                __builtin_prefetch(record_at(bucket.entries[stream.entry + ahead].reference));
            std::string_view const framed = framed_at(bucket.entries[stream.entry].reference);
            std::size_t const from = std::exchange(stream.at, 0);
            std::size_t const count = std::min(framed.size() - from, room.size() - done);
            copy_bytes(room.data() + done, framed.data() + from, count);
            done += count;
            if (from + count < framed.size()) {
                stream.at = from + count;
                break;
            }
        }
        bucket.unsent_count -= stream.entry - begin;
        if (bucket.unsent_count == 0) give_back_entries(bucket);
        skip_empty(stream);
    }
    return done;
}

std::uint64_t BucketedRecords::receiver_count() const {
    std::uint64_t count = 0;
    for (std::size_t rank = 0; rank < streams_.size(); ++rank) count += !is_at_end(rank);
    return count;
}

bool BucketedRecords::is_at_end(std::size_t rank) const {
    Stream const& stream = streams_[rank];
    return stream.bucket == stream.end_bucket && stream.entry >= stream.end_entry;
}

bool BucketedRecords::is_past(Bucket const& bucket, std::size_t entry) const {
    return bucket.is_sorted ? entry >= bucket.record_count : bucket.first_chunk == no_chunk;
}

void BucketedRecords::skip_empty(Stream& stream) const {
    while (stream.bucket < stream.end_bucket && is_past(buckets_[stream.bucket], stream.entry)) {
        ++stream.bucket;
        stream.entry = 0;
    }
}

void BucketedRecords::close(bool is_last) {
    memory_bytes_ = 0;
    streams_.clear();
    chunks_.clear();
    if (is_last) {
        rooms_ = {};
        buckets_ = {};
        chunks_ = {};
        spare_entries_ = {};
        sort_scratch_ = {};
        pool_.release();
        return;
    }
    rooms_.assign(rooms_.size(), {});
    for (Bucket& bucket : buckets_) {
        give_back_entries(bucket);
        bucket = {};
    }
    pool_.clear();
}

void BucketedRecords::sort(Bucket& bucket) {
    if (std::exchange(bucket.is_sorted, true)) return;
    list_entries(bucket);
    sort_by_hash(bucket.entries, sort_scratch_, bucket_bits);
    order_equal_hashes(bucket.entries,
                       [this](SendEntry const& entry) { return key_at(entry.reference); });
    bucket.record_count = bucket.unsent_count = bucket.entries.size();
}

void BucketedRecords::list_entries(Bucket& bucket) {
    if (!spare_entries_.empty()) {
        bucket.entries = std::move(spare_entries_.back());
        spare_entries_.pop_back();
    }
    auto const index = static_cast<std::size_t>(&bucket - buckets_.data());
    for (std::uint32_t number = bucket.first_chunk; number != no_chunk;) {
        Chunk const& chunk = chunks_[number];
        std::size_t const size = number == bucket.last_chunk
                                     ? static_cast<std::size_t>(rooms_[index].at - chunk.begin)
                                     : chunk.size;
        for (std::size_t at = 0; at < size;) {
            SendEntry entry{0, std::uint64_t{number} << 32 | at};
            std::memcpy(&entry.hash, chunk.begin + at, sizeof entry.hash);
            bucket.entries.push_back(entry);
            at += sizeof entry.hash + framed_at(entry.reference).size();
        }
        number = chunk.next;
    }
}

void BucketedRecords::give_back_entries(Bucket& bucket) {
    if (bucket.entries.capacity() == 0) return;
    bucket.entries.clear();
    spare_entries_.push_back(std::exchange(bucket.entries, {}));
}

std::string_view BucketedRecords::framed_at(std::uint64_t reference) const {
    char const* const record = record_at(reference);
    auto const first = static_cast<unsigned char>(*record);
    if (first < 128) [[likely]]
        return {record, std::size_t{1} + first};
    constexpr std::size_t most_length_bytes = 10;
    ByteReader length({record, most_length_bytes});
    std::uint64_t const body_bytes = length.take_varint();
    return {record, most_length_bytes - length.remaining() + body_bytes};
}

std::string_view BucketedRecords::key_at(std::uint64_t reference) const {
    ByteReader reader(framed_at(reference));
    reader.take_varint();
    return reader.take(reader.take_varint());
}

}  // namespace serry
