#include "serry/source/bad_lines.hpp"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "source/compress.hpp"
#include "source/input_file.hpp"
#include "source/read_partitions.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Fixture {
    TempDir dir;
    CountingPoller poller;
    TaskContext task{{.index = 3, .count = 5}, poller};

    std::string at(std::string const& name) const { return (dir / name).string(); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a line's number is that of the line ends before it, decompressed too") {
    std::string text;
    for (int i = 0; i < 400'000; ++i) text += "line\n";
    write_file(dir / "plain", text);
    write_file(dir / "packed.gz", gzip(text));
    for (std::string const name : {"plain", "packed.gz"}) {
        InputFile const pinned = input_file(at(name));
        PinnedFile file(pinned);
        CHECK(line_number(file, 0) == 1);
        CHECK(line_number(file, 4) == 1);
        CHECK(line_number(file, 5) == 2);
        CHECK(line_number(file, text.size() - 5) == 400'000);
    }
}

TEST_CASE("an excerpt is short, whole characters, and shows what is invisible") {
    CHECK(excerpt("") == "\"\"");
    CHECK(excerpt("a\tb\r\n") + excerpt({"\0\x7f", 2}) == "\"a\\tb\\r\\n\"\"\\x00\\x7f\"");
    CHECK(excerpt(std::string(103, 'x')) == '"' + std::string(100, 'x') + "\" and 3 bytes more");
    CHECK(excerpt(std::string(99, 'x') + "\u00e4")
          == '"' + std::string(99, 'x') + "\" and 2 bytes more");
    CHECK(excerpt(std::string(99, '\x80') + "\x80\x80\x80").size() < 130);
}

TEST_CASE_FIXTURE(Fixture, "failing, a bad line is told with file, line and byte") {
    write_file(dir / "in.csv", "id\n1\nx\ty\n");
    InputFile const pinned = input_file(at("in.csv"));
    PinnedFile file(pinned);
    BadLineKeeper keeper(BadLines::fail, "");
    keeper.begin(task);
    CHECK(message_of([&] { keeper.take(file, 5, "x\ty", "this is wrong"); })
          == at("in.csv")
                 + ":3 (byte 5): this is wrong; the line is \"x\\ty\"; mend it, or set bad_lines to "
                   "BadLines::drop or BadLines::keep");
    CHECK(exit_code_of([&] { keeper.take(file, 5, "x", "wrong"); }) == ExitCode::input);
    CHECK(task.bad_lines == 0);
}

TEST_CASE_FIXTURE(Fixture, "dropping, bad lines are counted, and keeping, written as well") {
    write_file(dir / "in.csv", "x\n");
    InputFile const pinned = input_file(at("in.csv"));
    PinnedFile file(pinned);
    BadLineKeeper dropping(BadLines::drop, "");
    dropping.begin(task);
    dropping.take(file, 0, "x", "wrong");
    dropping.finish();
    CHECK(task.bad_lines == 1);

    make_bad_lines_folder(at("bad"), false);
    BadLineKeeper keeping(BadLines::keep, at("bad"));
    for (int round = 0; round < 2; ++round) {
        keeping.begin(task);
        keeping.take(file, 0, "x\n\ty", "a \"problem\"");
        keeping.take(file, 7, "z", "another");
        CHECK_FALSE(std::filesystem::exists(dir / "bad/bad-00003"));
        keeping.finish();
        CHECK(read_file(dir / "bad/bad-00003")
              == at("in.csv") + "\t0\ta \"problem\"\tx\\n\\ty\n" + at("in.csv")
                     + "\t7\tanother\tz\n");
        std::filesystem::remove(dir / "bad/bad-00003");
    }
    keeping.begin(task);
    keeping.finish();
    CHECK(std::filesystem::is_empty(dir / "bad"));
    CHECK(task.bad_lines == 5);
}

TEST_CASE_FIXTURE(Fixture, "many kept lines are written piece by piece") {
    write_file(dir / "in.csv", "x\n");
    InputFile const pinned = input_file(at("in.csv"));
    PinnedFile file(pinned);
    make_bad_lines_folder(at("bad"), false);
    BadLineKeeper keeping(BadLines::keep, at("bad"));
    keeping.begin(task);
    std::string const line(300'000, 'x');
    std::string expected;
    for (int i = 0; i < 10; ++i) {
        keeping.take(file, 1, line, "long");
        expected += at("in.csv") + "\t1\tlong\t" + line + '\n';
    }
    keeping.finish();
    CHECK((read_file(dir / "bad/bad-00003") == expected));
}

TEST_CASE_FIXTURE(Fixture, "the folder is new, unless it may be overwritten") {
    CHECK(message_of([] { make_bad_lines_folder("", false); })
          == "BadLines::keep needs a folder; set bad_lines_folder, too");
    make_bad_lines_folder(at("a/b"), false);
    CHECK(message_of([&] { make_bad_lines_folder(at("a/b"), false); })
          == at("a/b")
                 + ": the folder for bad lines exists; remove it, choose another bad_lines_folder, "
                   "or pass --overwrite");
    write_file(dir / "a/b/bad-00001", "");
    write_file(dir / "a/b/.bad-00001", "");
    write_file(dir / "a/b/other", "");
    make_bad_lines_folder(at("a/b"), true);
    CHECK_FALSE(std::filesystem::exists(dir / "a/b/bad-00001"));
    CHECK_FALSE(std::filesystem::exists(dir / "a/b/.bad-00001"));
    CHECK(std::filesystem::exists(dir / "a/b/other"));
}

TEST_CASE_FIXTURE(Fixture, "a folder that cannot be written is told") {
    write_file(dir / "in.csv", "x\n");
    InputFile const pinned = input_file(at("in.csv"));
    PinnedFile file(pinned);
    BadLineKeeper keeping(BadLines::keep, at("nowhere"));
    keeping.begin(task);
    keeping.take(file, 0, "x", "wrong");
    CHECK(message_of([&] { keeping.finish(); })
          == at("nowhere/.bad-00003")
                 + ": bad lines cannot be written: No such file or directory; make room there, or "
                   "choose another bad_lines_folder, on a file system that all nodes share");
    CHECK(exit_code_of([&] { keeping.finish(); }) == ExitCode::storage);
}
