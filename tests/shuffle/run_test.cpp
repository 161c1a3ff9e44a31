#include "serry/shuffle/run.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <malloc.h>

#include "serry/shuffle/wire_record.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::string framed(std::string_view body) {
    ByteWriter out;
    put_framed(body, out);
    return std::string(out.view());
}

std::string all_of(Run const& run, std::size_t* block_count = nullptr) {
    std::string all;
    Run::Reader reader(run);
    for (;;) {
        std::string_view const block = reader.next_block();
        if (block.empty()) return all;
        all += block;
        if (block_count) ++*block_count;
        // Blocks hold whole records.
        ByteReader records(block);
        while (records.remaining() > 0) records.take(records.take_varint());
    }
}

}  // namespace

TEST_CASE("an empty run has no blocks") {
    Storage storage(1000, "/nowhere");
    Run run(storage);
    run.close();
    CHECK(Run::Reader(run).next_block() == "");
    CHECK(run.record_count() == 0);
    CHECK(run.byte_count() == 0);
}

TEST_CASE("a run is read as it was written, from memory, from scratch, or from both") {
    TempDir const dir;
    for (std::uint64_t const limit : {0, 600000, 100000000}) {
        CAPTURE(limit);
        Storage storage(limit, dir.path());
        Run run(storage);
        std::mt19937_64 random(1);
        std::string expected;
        for (int i = 0; i < 5000; ++i) {
            std::string body(random() % 600, '\0');
            for (char& byte : body) byte = static_cast<char>(random());
            if (i % 1000 == 500) body.assign(300000 + static_cast<std::size_t>(i), 'l');
            std::string const record = framed(body);
            switch (i % 3) {
                case 0:
                    run.append(record);
                    break;
                case 1:
                    run.append_unframed(body);
                    break;
                default:
                    run.append_by([&](ByteWriter& out) { out.put(body); });
            }
            expected += record;
        }
        run.close();
        CHECK(run.record_count() == 5000);
        CHECK(run.byte_count() == expected.size());
        std::size_t block_count = 0;
        CHECK((all_of(run, &block_count) == expected));
        CHECK(block_count > 5);
        CHECK((all_of(run) == expected));  // any number of times
        CHECK(storage.memory_bytes <= limit);
        CHECK((storage.file.written_bytes() > 0) == (limit < expected.size()));
        CHECK((storage.memory_bytes > 0) == (limit > 0));
    }
}

TEST_CASE("two readers of one spilled run do not disturb each other") {
    TempDir const dir;
    Storage storage(0, dir.path());
    Run run(storage);
    for (int i = 0; i < 10; ++i)
        run.append(framed(std::string(200000, static_cast<char>('a' + i))));
    run.close();
    Run::Reader first(run), second(run);
    for (int i = 0; i < 10; ++i) {
        std::string_view const from_first = first.next_block();
        std::string const copy(from_first);
        CHECK(second.next_block() == from_first);
        CHECK(from_first == copy);
    }
    CHECK(first.next_block() == "");
}

TEST_CASE("runs share a limit of memory") {
    TempDir const dir;
    Storage storage(500000, dir.path());
    std::vector<Run> runs;
    for (int i = 0; i < 8; ++i) {
        runs.emplace_back(storage);
        runs.back().append(framed(std::string(100000, static_cast<char>('a' + i))));
        runs.back().close();
    }
    CHECK(storage.memory_bytes > 400000);
    CHECK(storage.memory_bytes <= 500000);
    CHECK(storage.file.written_bytes() > 0);
    for (int i = 0; i < 8; ++i)
        CHECK((all_of(runs[static_cast<std::size_t>(i)])
               == framed(std::string(100000, static_cast<char>('a' + i)))));
}

TEST_CASE("the memory of a run that is gone is there for others") {
    Storage storage(1000, "/nowhere");
    std::vector<Run> runs;
    for (int i = 0; i < 3; ++i) {
        runs.clear();
        runs.emplace_back(storage).append(framed(std::string(800, 'a')));
        runs.back().close();
        Run const moved = std::move(runs.back());
        CHECK(storage.memory_bytes == 802);
    }
    runs.clear();
    CHECK(storage.memory_bytes == 0);
}

#ifndef __SANITIZE_ADDRESS__  // which has a malloc of its own
TEST_CASE("closed runs hold little more than their bytes") {
    std::size_t const before = mallinfo2().uordblks + mallinfo2().hblkhd;
    Storage storage(std::uint64_t{1} << 30, "/nowhere");
    std::vector<Run> runs;
    for (int i = 0; i < 1000; ++i) {
        runs.emplace_back(storage);
        for (int record = 0; record < 10; ++record)
            runs.back().append(framed(std::string(1000, static_cast<char>(i))));
        runs.back().close();
    }
    std::size_t const held = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    CHECK(storage.memory_bytes > 10000000);
    CHECK(held < storage.memory_bytes / 4 * 5);
}
#endif

TEST_CASE("blocks in memory stay where they are as long as the run") {
    Storage storage(10000000, "/nowhere");
    Run run(storage);
    for (int i = 0; i < 10; ++i)
        run.append(framed(std::string(200000, static_cast<char>('a' + i))));
    run.close();
    Run::Reader reader(run);
    std::vector<std::string_view> blocks;
    for (int i = 0; i < 10; ++i) blocks.push_back(reader.next_block());
    for (int i = 0; i < 10; ++i)
        CHECK((blocks[static_cast<std::size_t>(i)]
               == framed(std::string(200000, static_cast<char>('a' + i)))));
}
