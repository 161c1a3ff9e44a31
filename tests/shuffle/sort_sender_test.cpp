#include "serry/shuffle/sort_sender.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/serde/order_key.hpp"
#include "shuffle/local_ranks.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs make_pairs(std::size_t count) {
    std::mt19937_64 random(count);
    Pairs pairs;
    for (std::size_t i = 0; i < count; ++i)
        pairs.emplace_back("key " + std::to_string(random() % 300), std::to_string(i));
    return pairs;
}

void give(SortSender& sender, Pairs const& pairs) {
    sender.begin_partition(0);
    ByteWriter body;
    for (auto const& [key, value] : pairs) {
        body.clear();
        put_key(key, false, 0, body);
        body.put(value);
        sender.add(key, value, body.view(), 0);
    }
    sender.end_tasks();
    AloneRank alone;
    sender.agree(alone);
}

/// What is sent to a rank, in pieces of so many bytes.
std::string stream_to(SortSender& sender, int rank, std::size_t piece_bytes) {
    std::string stream;
    for (;;) {
        std::vector<char> room(piece_bytes);  // a sanitizer sees its end
        auto const filled = sender.fill(rank, room);
        stream.append(room.data(), filled.byte_count);
        if (filled.is_last) return stream;
    }
}

/// The sections of a stream.
std::vector<Pairs> sections_of(std::string_view stream) {
    std::vector<Pairs> sections(1);
    WireRecord record;
    while (!stream.empty()) {
        REQUIRE(read_sorted_record(stream, record));
        if (is_section_end(record))
            sections.emplace_back();
        else
            sections.back().emplace_back(record.key, record.value);
        stream.remove_prefix(record.framed.size());
    }
    return sections;
}

}  // namespace

TEST_CASE("ranks are sent their partitions, section by section, with any memory") {
    TempDir const dir;
    Pairs const pairs = make_pairs(3000);
    Pairs sorted = pairs;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](auto const& a, auto const& b) { return a.first < b.first; });
    for (std::uint64_t const memory : {1, 20'000, 100'000, 10'000'000})
        for (std::size_t const piece_bytes : {1, 300, 5000}) {
            // What is short of memory reads its blocks again for every piece.
            if (piece_bytes < (memory == 1 ? 5000 : memory < 100'000 ? 300 : 1)) continue;

            SortSender sender({.rank = 0,
                               .rank_count = 3,
                               .tasks = Placement(1),
                               .memory_bytes = memory,
                               .scratch = dir.path()},
                              {.partition_count = 7});
            give(sender, pairs);
            CHECK_FALSE(sender.is_full());
            sender.open(true);
            CHECK((sender.spilled_bytes() > 0) == (memory < 10'000'000));
            Pairs all;
            std::vector<std::size_t> sizes;
            for (int r = 0; r < 3; ++r)
                for (Pairs const& section : sections_of(stream_to(sender, r, piece_bytes))) {
                    sizes.push_back(section.size());
                    all.insert(all.end(), section.begin(), section.end());
                }
            CHECK((all == sorted));
            CHECK(sizes == std::vector<std::size_t>{429, 429, 428, 429, 428, 429, 428});
            CHECK(sender.record_count() == 3000);
            sender.close();
        }
}

TEST_CASE("a rank without records, and ranks without partitions, are sent nothing") {
    StageSetting const setting{.rank = 0,
                               .rank_count = 4,
                               .tasks = Placement(1),
                               .memory_bytes = 10'000,
                               .scratch = "/nowhere"};
    SortSender empty(setting, {.partition_count = 9});
    give(empty, {});
    empty.open(true);
    for (int r = 0; r < 4; ++r) CHECK(stream_to(empty, r, 10).empty());
    SortSender one(setting, {.partition_count = 1});
    give(one, {{"k", "v"}});
    one.open(true);
    CHECK((sections_of(stream_to(one, 0, 10)) == std::vector<Pairs>{{{"k", "v"}}}));
    for (int r = 1; r < 4; ++r) CHECK(stream_to(one, r, 10).empty());
}

TEST_CASE("keys that begin with their partition's number need no sample") {
    SortSender sender({.rank = 0,
                       .rank_count = 2,
                       .tasks = Placement(1),
                       .memory_bytes = 100'000,
                       .scratch = "/nowhere"},
                      {.partition_count = 4, .is_sampled = false});
    auto const key = [](std::uint32_t partition, std::string const& rest) {
        ByteWriter out;
        put_order_key(partition, false, out);
        return std::string(out.view()) + rest;
    };
    give(sender, {{key(3, "b"), "1"}, {key(0, "c"), "2"}, {key(3, "a"), "3"}, {key(2, "d"), "4"}});
    sender.open(true);
    CHECK((sections_of(stream_to(sender, 0, 10)) == std::vector<Pairs>{{{key(0, "c"), "2"}}}));
    CHECK((sections_of(stream_to(sender, 1, 10))
           == std::vector<Pairs>{{{key(2, "d"), "4"}}, {{key(3, "a"), "3"}, {key(3, "b"), "1"}}}));
}
