#include "serry/shuffle/merge.hpp"

#include <algorithm>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Sent {
    std::string key;
    std::uint32_t leaf = 0;
    std::string value;
    friend bool operator==(Sent const&, Sent const&) = default;
};
using Stream = std::vector<Sent>;

/// Keeps what is merged.
struct Merged final : MergedRecords {
    void take(WireRecord const& record) override {
        CHECK(record.hash == hash_key(record.key));
        records.push_back({std::string(record.key), record.leaf, std::string(record.value)});
    }
    void end() override { ++ends; }

    Stream records;
    int ends = 0;
};

bool comes_before(Sent const& a, Sent const& b) {
    auto const order = [](Sent const& sent) {
        return std::tuple(hash_key(sent.key), std::string_view(sent.key), sent.leaf);
    };
    return order(a) < order(b);
}

std::string encoded(Stream const& stream, bool has_leaves) {
    ByteWriter out, body;
    for (Sent const& sent : stream) {
        body.clear();
        put_key(sent.key, has_leaves, sent.leaf, body);
        body.put(sent.value);
        put_framed(body.view(), out);
    }
    return std::string(out.view());
}

/// What several streams give, one after the other where their records are equal.
Stream merged_by_oracle(std::vector<Stream> const& streams) {
    Stream all;
    for (Stream const& stream : streams) all.insert(all.end(), stream.begin(), stream.end());
    std::stable_sort(all.begin(), all.end(), comes_before);
    return all;
}

/// Some sorted streams, whose values say where they come from.
std::vector<Stream> make_streams(std::mt19937_64& random,
                                 std::size_t count,
                                 std::size_t most_records,
                                 bool has_leaves) {
    std::vector<Stream> streams(count);
    for (std::size_t s = 0; s < count; ++s) {
        std::size_t const records = random() % (most_records + 1);
        for (std::size_t i = 0; i < records; ++i)
            streams[s].push_back(
                {std::string(random() % 40, static_cast<char>('a' + random() % 4)),
                 has_leaves ? static_cast<std::uint32_t>(random() % 300) : 0,
                 std::to_string(s) + ':' + std::to_string(i) + std::string(random() % 60, '.')});
        std::stable_sort(streams[s].begin(), streams[s].end(), comes_before);
    }
    return streams;
}

/// One exchange: every stream in pieces of at most `piece_bytes`, as the receiver has room.
void exchange(MergingReceiver& receiver,
              std::vector<std::string> const& streams,
              bool is_final,
              std::size_t window_bytes,
              std::size_t piece_bytes) {
    receiver.open(is_final, window_bytes);
    std::size_t most_waiting = streams.size() * std::max<std::size_t>(256, 2 * window_bytes);
    for (std::string const& stream : streams)
        if (stream.size() > 100000) most_waiting += 2 * stream.size();
    std::vector<std::size_t> sent(streams.size(), 0);
    std::vector<char> has_ended(streams.size(), false);
    for (bool is_over = false; !is_over;) {
        is_over = true;
        bool has_moved = false;
        for (std::size_t r = 0; r < streams.size(); ++r) {
            if (has_ended[r]) continue;
            std::size_t const count = std::min(
                {receiver.room(static_cast<int>(r)), piece_bytes, streams[r].size() - sent[r]});
            std::string const bytes = streams[r].substr(sent[r], count);
            sent[r] += count;
            has_ended[r] = sent[r] == streams[r].size();
            has_moved = has_moved || count > 0 || has_ended[r];
            is_over = is_over && has_ended[r];
            if (count > 0 || has_ended[r]) receiver.take(static_cast<int>(r), bytes, has_ended[r]);
        }
        REQUIRE((has_moved || is_over));
        receiver.advance();
        CHECK(receiver.waiting_bytes() <= most_waiting);
    }
    receiver.close();
}

std::vector<std::string> encoded(std::vector<Stream> const& streams, bool has_leaves) {
    std::vector<std::string> all;
    for (Stream const& stream : streams) all.push_back(encoded(stream, has_leaves));
    return all;
}

}  // namespace

TEST_CASE("streams are merged in order, wherever their records are cut") {
    std::mt19937_64 random(1);
    for (bool const has_leaves : {false, true})
        for (std::size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes)
            for (std::size_t const window_bytes : {1, 7, 100}) {
                auto const streams = make_streams(random, 1 + piece_bytes % 4, 8, has_leaves);
                Storage storage(1000, "/nowhere");
                Merged merged;
                MergingReceiver receiver(static_cast<int>(streams.size()), has_leaves, storage,
                                         merged);
                exchange(receiver, encoded(streams, has_leaves), true, window_bytes, piece_bytes);
                CHECK((merged.records == merged_by_oracle(streams)));
                CHECK(receiver.record_count() == merged.records.size());
                CHECK(merged.ends == 1);
            }
}

TEST_CASE("records of one key come by leaf, then by rank, then as they were sent") {
    std::vector<Stream> const streams{
        {{"k", 0, "a"}, {"k", 2, "c"}, {"k", 2, "d"}}, {}, {{"k", 1, "b"}, {"k", 2, "e"}}};
    Storage storage(1000, "/nowhere");
    Merged merged;
    MergingReceiver receiver(3, true, storage, merged);
    exchange(receiver, encoded(streams, true), true, 100, 100);
    std::string values;
    for (Sent const& sent : merged.records) values += sent.value;
    CHECK(values == "abcde");
}

TEST_CASE("different keys of one hash are not mixed") {
    auto const key_of_hash_0 = [](char last) {
        return "\x2f\x64\xbd\x78\x64\x1d\x76\xa0" + std::string(1, last);
    };
    REQUIRE(hash_key(key_of_hash_0('a')) == hash_key(key_of_hash_0('b')));
    Stream stream;
    for (char const last : {'a', 'b', 'c'})
        for (std::uint32_t leaf : {0, 1}) stream.push_back({key_of_hash_0(last), leaf, ""});
    Storage storage(1000, "/nowhere");
    Merged merged;
    MergingReceiver receiver(2, true, storage, merged);
    exchange(receiver, encoded({stream, stream}, true), true, 5, 3);
    CHECK(merged.records == merged_by_oracle({stream, stream}));
}

TEST_CASE("no streams, and streams with nothing in them, end at once") {
    for (int const ranks : {1, 3}) {
        Storage storage(1000, "/nowhere");
        Merged merged;
        MergingReceiver receiver(ranks, false, storage, merged);
        std::vector<std::string> const nothing(static_cast<std::size_t>(ranks));
        exchange(receiver, nothing, false, 10, 10);
        exchange(receiver, nothing, true, 10, 10);
        CHECK(merged.records.empty());
        CHECK(merged.ends == 1);
        CHECK(receiver.record_count() == 0);
    }
}

TEST_CASE("a record far larger than its window comes through, and costs no more than its bytes") {
    // Were it moved with every piece that comes, the test would not end within its time limit.
    std::vector<Stream> const streams{{{"a", 0, std::string(4 << 20, 'v')}, {"a", 1, "short"}},
                                      {{"a", 0, "other"}, {std::string(1 << 20, 'k'), 0, ""}}};
    Storage storage(1000, "/nowhere");
    Merged merged;
    MergingReceiver receiver(2, true, storage, merged);
    exchange(receiver, encoded({streams[0], merged_by_oracle({streams[1]})}, true), true, 16, 16);
    CHECK((merged.records == merged_by_oracle(streams)));
}

TEST_CASE("exchanges before the last become runs, and are merged with it by age") {
    TempDir const dir;
    std::mt19937_64 random(2);
    for (std::uint64_t const limit : {0, 3000, 1000000}) {
        Storage storage(limit, dir.path());
        Merged merged;
        MergingReceiver receiver(3, true, storage, merged);
        std::vector<Stream> all;
        for (int e = 0; e < 5; ++e) {
            auto const streams = make_streams(random, 3, 50, true);
            exchange(receiver, encoded(streams, true), e == 4, 30, 11);
            CHECK(merged.ends == (e == 4));
            // In every exchange ranks come in their order.
            all.push_back(merged_by_oracle(streams));
        }
        Stream const expected = merged_by_oracle(all);
        CHECK((merged.records == expected));
        CHECK(receiver.record_count() == expected.size());
        CHECK((storage.file.written_bytes() > 0) == (limit < 1000000));
    }
}

TEST_CASE("many exchanges leave few runs, in the order of their age") {
    TempDir const dir;
    std::mt19937_64 random(3);
    for (int const exchange_count : {16, 17, 40, 300}) {
        Storage storage(2000, dir.path());
        Merged merged;
        MergingReceiver receiver(2, true, storage, merged);
        std::vector<Stream> all;
        std::uint64_t byte_count = 0;
        for (int e = 0; e < exchange_count; ++e) {
            auto const streams = make_streams(random, 2, 12, true);
            for (std::string const& bytes : encoded(streams, true)) byte_count += bytes.size();
            exchange(receiver, encoded(streams, true), e + 1 == exchange_count, 64, 64);
            all.push_back(merged_by_oracle(streams));
        }
        Stream const expected = merged_by_oracle(all);
        CHECK((merged.records == expected));
        CHECK(receiver.record_count() == expected.size());
        CHECK(storage.memory_bytes == 0);
        // Every record is written once for each of the tiers that there are: three at the most.
        CHECK(storage.file.written_bytes() < 3 * byte_count);
    }
}

TEST_CASE("a run that cannot be written is an error") {
    Storage storage(0, "/nowhere");
    Merged merged;
    MergingReceiver receiver(1, false, storage, merged);
    receiver.open(false, 100);
    receiver.take(0, encoded({{"key", 0, "value"}}, false), true);
    receiver.advance();
    CHECK(thrown([&] { receiver.close(); })
          == "StorageError 74: scratch: cannot make a file in /nowhere: No such file or directory; "
             "choose another folder by --scratch");
}

TEST_CASE("what the user's function throws passes, and the receiver can be given up") {
    struct Picky final : MergedRecords {
        void take(WireRecord const& record) override {
            if (record.value == "bad") throw std::runtime_error("bad value");
        }
        void end() override {}
    };
    Storage storage(1000, "/nowhere");
    Picky picky;
    MergingReceiver receiver(2, false, storage, picky);
    receiver.open(true, 100);
    receiver.take(0, encoded({{"key", 0, "bad"}, {"key", 0, "good"}}, false), false);
    receiver.take(1, encoded(Stream{}, false), true);
    CHECK_THROWS_WITH(receiver.advance(), "bad value");
}
