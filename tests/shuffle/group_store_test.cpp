#include "serry/shuffle/group_store.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/hash.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Group {
    std::string key;
    std::string values;
    std::uint64_t count = 0;
};

/// Groups of 1, 2, 4, ... values of 1000 bytes, up to several MiB.
std::vector<Group> write_groups(Run& run) {
    std::vector<Group> groups;
    GroupWriter writer(run);
    for (std::uint64_t i = 0; i < 13; ++i) {
        Group group{std::string(i, '\0') + "key", {}, 0};
        for (; group.count < std::uint64_t{1} << i; ++group.count) {
            std::string const value(1000, static_cast<char>('a' + group.count % 26));
            writer.add(group.key, value);
            group.values += value;
        }
        groups.push_back(group);
    }
    CHECK(writer.is_open());
    writer.end();
    CHECK_FALSE(writer.is_open());
    run.close();
    return groups;
}

/// All of a group, by its tail.
Group whole_group(GroupCursor const& cursor) {
    Group group{std::string(cursor.key()), std::string(cursor.first_chunk().values),
                cursor.first_chunk().value_count};
    GroupTail const tail = cursor.tail();
    CHECK((tail.run != nullptr) == cursor.first_chunk().is_continued);
    if (!tail.run) return group;
    Run::Reader reader(*tail.run, tail.block);
    std::string_view rest = reader.next_block().substr(tail.offset);
    for (bool more = true; more;) {
        if (rest.empty()) rest = reader.next_block();
        GroupChunk const chunk = take_group_chunk(rest);
        CHECK(chunk.key == group.key);
        CHECK(chunk.values.size() <= (std::size_t{64} << 10) + 1000);
        group.values += chunk.values;
        group.count += chunk.value_count;
        more = chunk.is_continued;
    }
    return group;
}

}  // namespace

TEST_CASE("groups are read as they were written, also those larger than a block, from anywhere") {
    TempDir const dir;
    for (std::uint64_t const limit : {0, 3'000'000, 100'000'000}) {
        Storage storage(limit, dir.path());
        Run run(storage);
        auto const groups = write_groups(run);
        CHECK((storage.file.written_bytes() > 0) == (limit < 10'000'000));
        GroupCursor cursor(run);
        std::uint64_t values = 0;
        for (Group const& group : groups) {
            REQUIRE(cursor.has_group());
            CHECK(cursor.hash() == hash_key(group.key));
            Group const read = whole_group(cursor);
            CHECK(read.key == group.key);
            CHECK(read.count == group.count);
            CHECK((read.values == group.values));
            values += group.count;
            cursor.next();
        }
        CHECK_FALSE(cursor.has_group());
        CHECK(cursor.value_count() == values);
        CHECK(cursor.byte_count() == run.byte_count());
    }
}

TEST_CASE("what views of groups point at stays until a cursor says that it moves") {
    TempDir const dir;
    Storage storage(0, dir.path());
    Run run(storage);
    GroupWriter writer(run);
    for (int i = 0; i < 3000; ++i) writer.add("key " + std::to_string(i), std::string(300, 'v'));
    writer.end();
    run.close();
    GroupCursor cursor(run);
    std::vector<std::string_view> keys;
    int seen = 0, moves = 0;
    while (cursor.has_group()) {
        keys.push_back(cursor.key());
        if (cursor.next_moves()) {
            ++moves;
            for (std::string_view const key : keys) CHECK(key == "key " + std::to_string(seen++));
            keys.clear();
        }
        cursor.next();
    }
    CHECK(seen == 3000);
    CHECK(moves > 2);
    CHECK(moves < 10);
}

TEST_CASE("an empty run has no group") {
    Storage storage(0, "/nowhere");
    Run run(storage);
    GroupWriter(run).end();
    run.close();
    CHECK_FALSE(GroupCursor(run).has_group());
}

TEST_CASE("groups come by hash, and those of one hash by key") {
    Storage storage(1000, "/nowhere");
    Run a(storage), b(storage);
    for (auto const& [run, key] : {std::pair{&a, "a"}, std::pair{&b, "b"}}) {
        GroupWriter writer(*run);
        writer.add(key, "");
        writer.end();
        run->close();
    }
    bool const is_a_first = hash_key("a") < hash_key("b");
    CHECK(comes_before(GroupCursor(a), GroupCursor(b)) == is_a_first);
    CHECK(comes_before(GroupCursor(b), GroupCursor(a)) == !is_a_first);
    CHECK_FALSE(comes_before(GroupCursor(a), GroupCursor(a)));
}
