#include "serry/shuffle/sorted_run.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/serde/order_key.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Keys with equal ones among them, in order.
std::string key_of(std::uint64_t number) {
    std::string const digits = std::to_string(number / 3);
    return std::string(6 - digits.size(), '0') + digits + "rest of the key";
}

constexpr std::uint64_t record_count = 1000;

/// The same records in scratch and in a buffer.
struct Sorted {
    Sorted() {
        ByteWriter body;
        for (std::uint64_t i = 0; i < record_count; ++i) {
            body.clear();
            put_key(key_of(i), false, 0, body);
            body.put(std::to_string(i));
            REQUIRE(buffer.add(key_of(i), body.view(), false, 0));
        }
        buffer.sort(nullptr);
        for (SortEntry const& entry : buffer.entries()) run.append(buffer.record(entry));
        run.close();
    }

    TempDir dir;
    Storage storage{0, dir.path()};
    SortedRun run{storage, 500};
    SortBuffer buffer{1 << 20};
};

/// What a cursor sees from where it is.
std::vector<std::string> values_from(SortedCursor& cursor) {
    std::vector<std::string> values;
    for (; cursor.read(); cursor.advance()) {
        CHECK(std::to_string(cursor.place().index) == cursor.head().value);
        values.emplace_back(cursor.head().value);
    }
    CHECK(cursor.is_at_end());
    return values;
}

/// A splitter that is the record with this number.
Splitters splitter_at(std::uint64_t number, std::uint64_t partition) {
    std::vector<SampledRecord> sample(2);
    sample[1] = {.key = key_of(number), .value = {}, .partition = partition, .index = number};
    return {sample, {}, 2, 2, 2};
}

}  // namespace

TEST_CASE("a run has blocks that are found by their first records") {
    Sorted sorted;
    REQUIRE(sorted.run.blocks().size() > 20);
    CHECK(sorted.run.record_count() == record_count);
    ByteWriter room;
    for (std::size_t b = 0; b < sorted.run.blocks().size(); ++b) {
        WireRecord first;
        REQUIRE(read_sorted_record(sorted.run.read_block(b, room), first));
        CHECK(first.value == std::to_string(sorted.run.blocks()[b].first_index));
        CHECK(first.hash == sorted.run.blocks()[b].first_prefix);
    }
}

TEST_CASE("cursors see every record of runs and buffers once, and parts of them") {
    Sorted sorted;
    for (bool const is_run : {true, false}) {
        SortedCursor cursor =
            is_run ? SortedCursor(sorted.run, 1, 4) : SortedCursor(sorted.buffer, 1, 4);
        SortedCursor whole = cursor.again();
        CHECK(values_from(whole).size() == record_count);
        CHECK(whole.place().rank == 1);
        CHECK(whole.place().run == 4);
        cursor.skip_to(*splitter_at(300, 1).bound(1));
        SortedCursor part = cursor.again();
        cursor.skip_to(*splitter_at(600, 1).bound(1));
        part.end_at(cursor);
        auto const values = values_from(part);
        CHECK(values.size() == 300);
        CHECK(values.front() == "300");
        cursor.go_to_end();
        CHECK_FALSE(cursor.read());
    }
}

TEST_CASE("a cursor skips to any place, also from the middle of a block, also among equals") {
    Sorted sorted;
    for (bool const is_run : {true, false}) {
        SortedCursor cursor =
            is_run ? SortedCursor(sorted.run, 1, 0) : SortedCursor(sorted.buffer, 1, 0);
        for (std::uint64_t at = 0; at < record_count; at += 1 + at % 50) {
            cursor.skip_to(*splitter_at(at, 1).bound(1));
            REQUIRE(cursor.read());
            CHECK(cursor.head().value == std::to_string(at));
        }
        // Equal records of an earlier rank all come before, of a later one behind.
        SortedCursor of_earlier =
            is_run ? SortedCursor(sorted.run, 0, 0) : SortedCursor(sorted.buffer, 0, 0);
        of_earlier.skip_to(*splitter_at(301, 1).bound(1));
        CHECK(of_earlier.place().index == 303);
        SortedCursor of_later =
            is_run ? SortedCursor(sorted.run, 1, 0) : SortedCursor(sorted.buffer, 1, 0);
        of_later.skip_to(*splitter_at(301, 0).bound(1));
        CHECK(of_later.place().index == 300);
    }
}

TEST_CASE("a cursor that was released reads again where it was") {
    Sorted sorted;
    SortedCursor cursor(sorted.run, 0, 0);
    for (int i = 0; i < 77; ++i) {
        REQUIRE(cursor.read());
        cursor.advance();
        cursor.release();
    }
    CHECK(values_from(cursor).size() == record_count - 77);
}
