#include "serry/shuffle/bucketed_records.hpp"

#include <algorithm>
#include <utility>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"

namespace serry {

BucketedRecords::BucketedRecords() : buckets_(std::size_t{1} << bucket_bits) {}

void BucketedRecords::open(std::uint64_t partition_count, std::uint64_t rank_count) {
    for (Bucket& bucket : buckets_) bucket.is_sorted = false;
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
    Stream& stream = streams_[rank];
    std::size_t done = 0;
    while (done < room.size() && !is_at_end(rank)) {
        Bucket& bucket = buckets_[stream.bucket];
        sort(bucket);
        std::string_view const rest =
            framed_at(bucket, bucket.entries[stream.entry].reference).substr(stream.at);
        std::size_t const count = std::min(rest.size(), room.size() - done);
        copy_bytes(room.data() + done, rest.data(), count);
        done += count;
        if (count < rest.size()) {
            stream.at += count;
            break;
        }
        stream.at = 0;
        ++stream.entry;
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

void BucketedRecords::skip_empty(Stream& stream) const {
    while (stream.bucket < stream.end_bucket
           && stream.entry >= buckets_[stream.bucket].entries.size()) {
        ++stream.bucket;
        stream.entry = 0;
    }
}

void BucketedRecords::close(bool is_last) {
    memory_bytes_ = 0;
    streams_.clear();
    if (is_last) {
        buckets_ = std::vector<Bucket>();
        return;
    }
    for (Bucket& bucket : buckets_) {
        bucket.bytes.clear();
        bucket.entries.clear();
    }
}

void BucketedRecords::sort(Bucket& bucket) {
    if (std::exchange(bucket.is_sorted, true)) return;
    auto& entries = bucket.entries;
    sort_by_hash(entries, bucket_bits);
    order_equal_hashes(
        entries, [&bucket](SendEntry const& entry) { return key_at(bucket, entry.reference); });
}

std::string_view BucketedRecords::framed_at(Bucket const& bucket, std::uint64_t offset) {
    std::string_view const rest = bucket.bytes.view().substr(offset);
    ByteReader reader(rest);
    std::uint64_t const body_bytes = reader.take_varint();
    return rest.substr(0, rest.size() - reader.remaining() + body_bytes);
}

std::string_view BucketedRecords::key_at(Bucket const& bucket, std::uint64_t offset) {
    ByteReader reader(framed_at(bucket, offset));
    reader.take_varint();
    return reader.take(reader.take_varint());
}

}  // namespace serry
