#include "serry/sink/output_file.hpp"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "serry/base/units.hpp"
#include "sink/failing_calls.hpp"
#include "sink/mounted_folder.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

std::string free_in(std::filesystem::path const& folder) {
    return format_bytes(std::filesystem::space(folder).available);
}

std::string const elsewhere = "choose another --output";

}  // namespace

TEST_CASE("what is written is there, and counted") {
    TempDir const dir;
    OutputFile file(dir / "file");
    file.write("first ");
    file.write("");
    file.write("second");
    CHECK(file.byte_count() == 12);
    CHECK(file.path() == dir / "file");
    file.start_sync();
    file.sync();
    file.close();
    CHECK(read_file(dir / "file") == "first second");
}

TEST_CASE("a file can be written in any order, and read back") {
    TempDir const dir;
    OutputFile file(dir / "file");
    file.write_at(6, "second");
    CHECK(file.byte_count() == 12);
    file.write_at(0, "first ");
    CHECK(file.byte_count() == 12);
    char text[8];
    file.read_at(3, text, sizeof text);
    CHECK(std::string(text, sizeof text) == "st secon");
    CHECK(thrown([&] { file.read_at(10, text, 3); })
          == "StorageError 74: " + (dir / "file").string()
                 + ": reading it back after 12 B failed: Input/output error; the disk or the file "
                   "server has failed; run the job again or elsewhere");
    file.close();
    CHECK(read_file(dir / "file") == "first second");
}

TEST_CASE("a file that moves goes on being written, and is closed once") {
    TempDir const dir;
    OutputFile file(dir / "file");
    file.write("a");
    OutputFile moved(std::move(file));
    moved.write("b");
    OutputFile assigned(dir / "other");
    assigned = std::move(moved);
    assigned.write("c");
    CHECK(assigned.byte_count() == 3);
    assigned.close();
    CHECK(read_file(dir / "file") == "abc");
    CHECK(read_file(dir / "other") == "");
}

TEST_CASE("short writes and signals are gone on from") {
    TempDir const dir;
    FailingCalls const writes("write", {EINTR, is_cut_short, EINTR, is_cut_short});
    FailingCalls const syncs("fsync", {EINTR, EINTR});
    FailingCalls const closes("close", {EINTR});
    std::string const text(100000, 'x');
    OutputFile file(dir / "file");
    file.write(text);
    file.sync();
    file.close();
    CHECK(writes.all_came());
    CHECK(syncs.all_came());
    CHECK(closes.all_came());
    CHECK(read_file(dir / "file") == text);
}

TEST_CASE("a file that exists is not written again") {
    TempDir const dir;
    write_file(dir / "file", "old");
    CHECK(thrown([&] { OutputFile(dir / "file"); })
          == "StorageError 74: " + (dir / "file").string()
                 + ": making the file failed: File exists; choose another --output if it stays so");
    CHECK(read_file(dir / "file") == "old");
}

TEST_CASE("a folder that is not there is likely one that this node does not share") {
    CHECK(thrown([] { OutputFile("/nowhere/file"); })
          == "StorageError 74: /nowhere/file: making the file failed: No such file or directory; "
             "the folder of --output must be on a file system that all nodes share");
}

TEST_CASE("a full disk is told with the bytes written, wanted and free") {
    TempDir const dir;
    std::string const path = dir / "file";
    OutputFile file(path);
    file.write("12345");
    FailingCalls const writes("write", {is_cut_short, ENOSPC});
    CHECK(thrown([&] { file.write(std::string(3 << 20, 'x')); })
          == "StorageError 74: " + path + ": writing 2.00 MiB more after 1.00 MiB failed: "
                 + "No space left on device; " + free_in(dir.path())
                 + " are free on its file system; make room there or " + elsewhere);
    CHECK(writes.all_came());
}

TEST_CASE("a full quota is told apart from a full disk") {
    TempDir const dir;
    std::string const path = dir / "file";
    OutputFile file(path);
    FailingCalls const writes("write", {EDQUOT});
    CHECK(thrown([&] { file.write("word"); })
          == "StorageError 74: " + path + ": writing 4 B more after 0 B failed: "
                 + "Disk quota exceeded; " + free_in(dir.path())
                 + " are free on its file system; make room within your quota there or "
                 + elsewhere);
}

TEST_CASE("a disk that fails is told when writing, when syncing and when closing") {
    TempDir const dir;
    std::string const path = dir / "file";
    std::string const why =
        " failed: Input/output error; the disk or the file server has failed; run the job again or "
        "elsewhere";
    OutputFile file(path);
    file.write("word");
    {
        FailingCalls const calls("write", {EIO});
        CHECK(thrown([&] { file.write("more"); })
              == "StorageError 74: " + path + ": writing 4 B more after 4 B" + why);
    }
    {
        FailingCalls const calls("fsync", {EIO});
        CHECK(thrown([&] { file.sync(); })
              == "StorageError 74: " + path + ": bringing it to the disk after 4 B" + why);
    }
    {
        FailingCalls const calls("close", {EIO});
        CHECK(thrown([&] { file.close(); })
              == "StorageError 74: " + path + ": closing it after 4 B" + why);
    }
}

TEST_CASE("a really full file system is told as one") {
    TempDir const dir;
    MountedFolder const small(dir / "small", "size=1m");
    if (!small.is_mounted()) {
        MESSAGE("skipped: only root can mount a small file system");
        return;
    }
    std::string const path = small.path() / "file";
    OutputFile file(path);
    CHECK(thrown([&] { file.write(std::string(3 << 20, 'x')); })
          == "StorageError 74: " + path + ": writing 2.00 MiB more after 1.00 MiB failed: "
                 + "No space left on device; 0 B are free on its file system; make room there or "
                 + elsewhere);
    CHECK(file.byte_count() == 1 << 20);
}

TEST_CASE("a file system that can hold no more files is told as one") {
    TempDir const dir;
    MountedFolder const small(dir / "small", "size=1m,nr_inodes=2");
    if (!small.is_mounted()) {
        MESSAGE("skipped: only root can mount a small file system");
        return;
    }
    OutputFile const last(small.path() / "last");
    std::string const path = small.path() / "more";
    CHECK(thrown([&] { OutputFile{path}; })
          == "StorageError 74: " + path + ": making the file failed: No space left on device; "
                 + "its file system can hold no more files; make room there or " + elsewhere);
}

TEST_CASE("a folder is brought to the disk, unless its file system cannot") {
    TempDir const dir;
    sync_folder(dir.path());
    {
        FailingCalls const calls("fsync", {EINTR, EINVAL});
        sync_folder(dir.path());
        CHECK(calls.all_came());
    }
    FailingCalls const calls("fsync", {EIO});
    CHECK(thrown([&] { sync_folder(dir.path()); })
          == "StorageError 74: " + dir.path().string()
                 + ": bringing the folder to the disk failed: Input/output error; the disk or the "
                   "file server has failed; run the job again or elsewhere");
    CHECK(thrown([] { sync_folder("/proc/version"); })
          == "StorageError 74: /proc/version: opening the folder failed: Not a directory; choose "
             "another --output if it stays so");
}
