#include "serry/split_keys.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/options.hpp"

using namespace serry;

namespace {

using Counted = KeyValue<std::string, std::uint64_t>;
using Row = KeyValue<std::string, int>;
using Piece = KeyValue<SplitKey<std::string>, int>;

SplitKeys<std::string> keys_of(std::vector<Counted> const& piece_counts) {
    return SplitKeys<std::string>(results_of(piece_counts));
}

template <typename Handler>
std::vector<Piece> handled(Handler handler, std::vector<Row> const& rows) {
    std::vector<Piece> pieces;
    handler(std::span<Row const>(rows), [&](Piece piece) { pieces.push_back(std::move(piece)); });
    return pieces;
}

}  // namespace

TEST_CASE("keys with more than a partition's share are split into quarters of it") {
    CHECK(piece_count(0, 100, 10) == 1);
    CHECK(piece_count(10, 100, 10) == 1);
    CHECK(piece_count(11, 100, 10) == 5);
    CHECK(piece_count(20, 100, 10) == 8);
    CHECK(piece_count(50, 100, 10) == 10);
    CHECK(piece_count(5000, 10000, 1000) == 1000);
    CHECK(piece_count(50, 100, 1000) == 50);
    CHECK(piece_count(100, 100, 2) == 2);
    CHECK(piece_count(100, 100, 1) == 1);
    CHECK(piece_count(0, 0, 10) == 1);
    CHECK(piece_count(0, 0, 0) == 1);
    std::uint64_t const most = std::uint64_t{1} << 40;
    CHECK(piece_count(most / 2, most, most) == most_partitions);
}

TEST_CASE("pieces lie evenly among the partitions") {
    auto const keys = keys_of({{"heavy", 64}, {"other", 5}});
    REQUIRE(keys.size() == 2);
    for (std::string const key : {"heavy", "other"}) {
        std::uint64_t const number = keys.number_of(key);
        REQUIRE(number < 2);
        auto const pieces = keys.pieces(number);
        ByteWriter scratch;
        for (std::uint64_t i = 0; i < pieces.size(); ++i) {
            SplitKey<std::string> const split{key, pieces[i]};
            CHECK(partition_of_hash(hash_key(key_bytes(split, scratch)), pieces.size()) == i);
        }
    }
    CHECK(keys.pieces(keys.number_of("heavy")).size() == 64);
    CHECK(keys.number_of("light") == keys.size());
    CHECK(SplitKeys<std::string>().number_of("any") == 0);
}

TEST_CASE("records are dealt out in turn, from another piece on in each partition") {
    auto const keys = keys_of({{"a", 4}});
    auto const pieces = keys.pieces(0);
    std::vector<Row> const rows{{"a", 0}, {"b", 1}, {"a", 2}, {"a", 3}, {"a", 4}, {"a", 5}};
    for (std::uint64_t partition = 0; partition < 8; ++partition) {
        auto const dealt =
            handled(DealToPieces<std::string, int>(keys, Partition{partition, 8}), rows);
        REQUIRE(dealt.size() == rows.size());
        std::uint64_t next = partition / 2;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            CHECK(dealt[i].key.key == rows[i].key);
            CHECK(dealt[i].value == rows[i].value);
            CHECK(dealt[i].key.piece == (rows[i].key == "a" ? pieces[next++ % 4] : 0));
        }
    }
}

TEST_CASE("copies go to every piece") {
    auto const keys = keys_of({{"a", 3}});
    auto const copies = handled(CopyToPieces<std::string, int>(keys), {{"b", 1}, {"a", 2}});
    REQUIRE(copies.size() == 4);
    CHECK(copies[0].key.key == "b");
    CHECK(copies[0].key.piece == 0);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(copies[i + 1].key.key == "a");
        CHECK(copies[i + 1].value == 2);
        CHECK(copies[i + 1].key.piece == keys.pieces(0)[i]);
    }
}
