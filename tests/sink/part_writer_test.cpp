#include "serry/sink/part_writer.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "sink/failing_calls.hpp"
#include "sink/mounted_folder.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

void write_part(PartWriter& parts, std::uint64_t partition, std::string_view text) {
    parts.open(partition);
    parts.text().put(text);
    parts.close();
}

std::size_t open_file_count() {
    auto const files = std::filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

TEST_CASE("parts are named by five digits or more") {
    CHECK(part_name(0) == "part-00000");
    CHECK(part_name(42) == "part-00042");
    CHECK(part_name(99999) == "part-99999");
    CHECK(part_name(100000) == "part-100000");
    for (std::uint64_t const partition : {0UL, 99999UL, 100000UL, ~0UL})
        CHECK(is_part_name(part_name(partition)));
    CHECK(is_part_name("part-00042.h5"));
    for (char const* name : {"", "part-", "part-0000", "part-00000.gz", "part-0000x", "apart-00000",
                             "part-0000.h5", "part-00000.h5.h5"})
        CHECK_FALSE(is_part_name(name));
}

TEST_CASE("each part holds its own text, in any order of partitions") {
    TempDir const dir;
    PartWriter parts(dir.path());
    write_part(parts, 3, "three\n");
    write_part(parts, 0, "");
    write_part(parts, 100000, "many\n");
    parts.sync();
    CHECK(read_file(dir / "part-00003") == "three\n");
    CHECK(read_file(dir / "part-00000") == "");
    CHECK(read_file(dir / "part-100000") == "many\n");
}

TEST_CASE("what a part holds does not depend on when the buffer is written") {
    TempDir const dir;
    PartWriter parts(dir.path());
    std::mt19937_64 random(11);
    std::string expected;
    parts.open(0);
    while (expected.size() < 5 * part_write_bytes) {
        std::string const piece(random() % 300000, static_cast<char>('a' + random() % 26));
        expected += piece;
        parts.text().put(piece);
        if (parts.is_full()) parts.write_full();
        CHECK(parts.text().size() < part_write_bytes);
        CHECK(parts.byte_count() == expected.size());
    }
    parts.close();
    CHECK(std::filesystem::file_size(dir / "part-00000") == expected.size());
    CHECK(read_file(dir / "part-00000") == expected);
}

TEST_CASE("a part of exactly one block and one that never fills a block are written whole") {
    TempDir const dir;
    PartWriter parts(dir.path());
    std::string const block(part_write_bytes, 'b');
    parts.open(0);
    parts.text().put(block);
    CHECK(parts.is_full());
    parts.write_full();
    CHECK(parts.text().empty());
    parts.close();
    parts.open(1);
    parts.text().put(std::string_view("x"));
    parts.write_full();
    CHECK(parts.text().size() == 1);
    parts.close();
    CHECK(read_file(dir / "part-00000") == block);
    CHECK(read_file(dir / "part-00001") == "x");
}

TEST_CASE("every part is brought to the disk once, and closed, with few files open") {
    TempDir const dir;
    PartWriter parts(dir.path());
    std::size_t const before = open_file_count();
    std::size_t most_open = before;
    for (std::uint64_t p = 0; p < 300; ++p) {
        write_part(parts, p, "text");
        most_open = std::max(most_open, open_file_count());
    }
    CHECK(most_open < before + 70);
    std::deque<int> ends(300 % 64, goes_on);  // 64 wait at most: these are left
    ends.push_back(EIO);
    FailingCalls const syncs("fsync", ends);
    parts.sync();
    parts.sync();
    CHECK(syncs.left_count() == 1);
    CHECK(open_file_count() == before);
}

TEST_CASE("parts that need not be durable are closed at once and never synced") {
    TempDir const dir;
    PartWriter parts(dir.path(), false);
    std::size_t const before = open_file_count();
    FailingCalls const syncs("fsync", {EIO});
    write_part(parts, 0, "text");
    CHECK(open_file_count() == before);
    parts.sync();
    CHECK_FALSE(syncs.all_came());
    CHECK(read_file(dir / "part-00000") == "text");
}

TEST_CASE("a part that was not closed is forgotten, and the next begins empty") {
    TempDir const dir;
    PartWriter parts(dir.path());
    parts.open(0);
    parts.text().put(std::string_view("half a li"));
    write_part(parts, 1, "whole\n");
    CHECK(read_file(dir / "part-00000") == "");
    CHECK(read_file(dir / "part-00001") == "whole\n");
}

TEST_CASE("a partition is not written twice") {
    TempDir const dir;
    PartWriter parts(dir.path());
    write_part(parts, 7, "first");
    CHECK(thrown([&] { parts.open(7); })
          == "StorageError 74: " + (dir / "part-00007").string()
                 + ": making the file failed: File exists; choose another --output if it stays so");
    CHECK(read_file(dir / "part-00007") == "first");
}

TEST_CASE("a failure to sync names the part, not the last one written") {
    TempDir const dir;
    PartWriter parts(dir.path());
    write_part(parts, 1, "one");
    write_part(parts, 2, "two");
    FailingCalls const syncs("fsync", {EIO});
    CHECK(thrown([&] { parts.sync(); })
          == "StorageError 74: " + (dir / "part-00001").string()
                 + ": bringing it to the disk after 3 B failed: Input/output error; the disk or "
                   "the file server has failed; run the job again or elsewhere");
}

TEST_CASE("a disk that fills up in the middle of a part says how far it came") {
    TempDir const dir;
    MountedFolder const small(dir / "small", "size=4m");
    if (!small.is_mounted()) {
        MESSAGE("skipped: only root can mount a small file system");
        return;
    }
    PartWriter parts(small.path());
    parts.open(0);
    std::string const failure = thrown([&] {
        for (;;) {
            parts.text().put(std::string(part_write_bytes, 'x'));
            parts.write_full();
        }
    });
    CHECK(failure
          == "StorageError 74: " + (small.path() / "part-00000").string()
                 + ": writing 1.00 MiB more after 4.00 MiB failed: No space left on device; 0 B "
                   "are free on its file system; make room there or choose another --output");
}
