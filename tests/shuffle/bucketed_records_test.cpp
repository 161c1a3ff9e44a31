#include "serry/shuffle/bucketed_records.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"
#include "serry/plan/split.hpp"
#include "serry/shuffle/wire_record.hpp"

using namespace serry;

namespace {

struct Record {
    std::uint64_t hash;
    std::string key;
    std::string body;
    std::string framed;
};

Record record_of(std::uint64_t hash, std::string const& key, std::string const& value) {
    ByteWriter body, framed;
    put_key(key, true, 3, body);
    body.put(value);
    put_framed(body.view(), framed);
    return {hash, key, std::string(body.view()), std::string(framed.view())};
}

/// The bytes for each rank, by definition.
std::vector<std::string> expected_streams(std::vector<Record> records,
                                          std::uint64_t partition_count,
                                          std::uint64_t rank_count) {
    std::stable_sort(records.begin(), records.end(), [](Record const& a, Record const& b) {
        return std::tie(a.hash, a.key) < std::tie(b.hash, b.key);
    });
    std::vector<std::string> streams(rank_count);
    for (Record const& record : records)
        streams[rank_of_partition(partition_of_hash(record.hash, partition_count), partition_count,
                                  rank_count)] += record.framed;
    return streams;
}

/// All streams, taken in pieces of up to `most` bytes, in turns.
std::vector<std::string> drained(BucketedRecords& records,
                                 std::size_t rank_count,
                                 std::size_t most) {
    std::vector<std::string> streams(rank_count);
    for (bool more = true; more;) {
        more = false;
        for (std::size_t r = 0; r < rank_count; ++r) {
            std::string room(most, '?');
            std::size_t const count = records.fill(r, room);
            CHECK((count == most || records.is_at_end(r)));
            streams[r].append(room, 0, count);
            more |= !records.is_at_end(r);
        }
    }
    return streams;
}

}  // namespace

TEST_CASE("records go to the ranks of their hashes, by hash and key, and as they came") {
    std::mt19937_64 random(5);
    for (std::uint64_t const partitions : {1, 2, 5, 64, 1000}) {
        for (std::size_t const ranks : {1, 2, 3, 7}) {
            BucketedRecords records;
            // Twice, as when an exchange comes before the last.
            for (bool const is_last : {false, true}) {
                std::vector<Record> given;
                std::uint64_t bytes = 0;
                for (std::uint64_t i = 0; i < 400; ++i) {
                    // Few hashes, at the edges of partitions too, and several keys of each.
                    std::uint64_t hash = random() % 20 << 59;
                    if (i % 3 == 0) hash = first_hash_of(random() % partitions, partitions);
                    if (i % 3 == 1) hash = random();
                    if (i % 5 == 0) --hash;
                    given.push_back(record_of(hash, std::string(random() % 3, 'k'),
                                              std::to_string(i) + std::string(random() % 99, 'v')));
                    records.add(hash, given.back().body);
                    bytes += given.back().framed.size();
                }
                CHECK(records.memory_bytes() >= bytes);
                records.open(partitions, ranks);
                CHECK((drained(records, ranks, 1 + random() % 300)
                       == expected_streams(given, partitions, ranks)));
                records.close(is_last);
                CHECK(records.memory_bytes() == 0);
            }
            CHECK(records.record_count() == 800);
        }
    }
}

TEST_CASE("without records all streams are at their ends") {
    BucketedRecords records;
    records.open(3, 5);
    for (std::size_t r = 0; r < 5; ++r) {
        CHECK(records.is_at_end(r));
        char room[4];
        CHECK(records.fill(r, room) == 0);
    }
    records.close(true);
}
