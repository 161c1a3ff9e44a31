// Input that is missing, unreadable, damaged, too large, or changes while it is read.
#include <string>

#include "faults/fault.hpp"
#include "source/compress.hpp"

using namespace serry::test;
using Names = std::vector<std::string>;

namespace {

namespace fs = std::filesystem;

/// What word_count says of an input, having written nothing.
std::string refusal(std::string const& input, int rank_count = 2) {
    CAPTURE(input);
    TempDir const out;
    JobResult const result =
        run_job(rank_count, {WORD_COUNT_PROGRAM, input, "--output", out / "out", "--quiet"});
    CHECK(result.out == "");
    CHECK(fs::is_empty(out.path()));
    return the_error(result, 65);
}

/// A file of 4 MiB and some, whose 100th line of each MiB is `line`.
void write_large(fs::path const& path, std::string const& line) {
    std::string text;
    while (text.size() < (std::size_t{4} << 20)) {
        std::size_t const begin = text.size();
        for (int i = 0; i < 99; ++i) text += "an ordinary line of some length\n";
        text += line + '\n';
        while (text.size() < begin + (std::size_t{1} << 20))
            text += "an ordinary line of some length\n";
    }
    write_file(path, text);
}

/// What a job says whose input changes when it has read a part of it.
std::string error_of_change(std::string const& name, int rank_count) {
    CAPTURE(name);
    TempDir const dir;
    write_large(dir / "in", "change me");
    JobResult const result =
        run_job(rank_count, {FAULTS_INPUT_JOB_PROGRAM, name, dir / "in", "--quiet"});
    CHECK(fs::exists(dir / "in.fired"));
    return with_replaced(the_error(result, 65), dir / "in", "IN");
}

}  // namespace

TEST_CASE("an input that is missing") {
    TempDir const dir;
    write_file(dir / "file", "a");
    std::string const expected =
        ": no such file or directory; expected a file, a directory or a pattern that matches "
        "files; "
        "check the path, and that the host of rank 0 sees it";
    for (int rank_count : {2, 3})
        CHECK(refusal(dir / "nothing", rank_count) == (dir / "nothing").string() + expected);
    CHECK(refusal(dir / "file/below") == (dir / "file/below").string() + expected);
}

TEST_CASE("an input that cannot be read") {
    TempDir const dir;
    fs::create_symlink(dir / "loop", dir / "loop");
    CHECK(refusal(dir / "loop")
          == (dir / "loop").string()
                 + ": cannot be read: Too many levels of symbolic links; expected a file or directory "
                   "that this user may read; check its permissions and those of the directories above it");
}

TEST_CASE("an input that this user may not read") {
    TempDir const dir;
    fs::permissions(dir.path(), fs::perms(0755));
    write_file(dir / "secret", "a");
    fs::permissions(dir / "secret", fs::perms::none);
    auto const result = run_without_privileges({WORD_COUNT_PROGRAM, dir / "secret", "--quiet"});
    if (!result) {
        MESSAGE("no other user may run the programs here: not tested");
        return;
    }
    CHECK(result->out == "");
    CHECK(the_error(*result, 65)
          == (dir / "secret").string()
                 + ": cannot be read: Permission denied; expected a file or directory that this user "
                   "may read; check its permissions and those of the directories above it");
}

TEST_CASE("a folder or a pattern without files") {
    TempDir const dir;
    write_file(dir / "folder/below/file", "a");
    write_file(dir / "folder/_SUCCESS", "a");
    CHECK(refusal(dir / "folder")
          == (dir / "folder").string()
                 + ": the directory holds no files, expected one or more (names that begin with '.' or "
                   "'_' do not count, nor do directories below it); check the path");
    CHECK(refusal(dir / "*.txt")
          == (dir / "*.txt").string()
                 + ": the pattern matches no files, expected one or more (names that begin with '.' or "
                   "'_' do not count); check it, and that the host of rank 0 sees them");
}

TEST_CASE("a device is no input") {
    CHECK(refusal("/dev/null")
          == "/dev/null: is a device, expected a regular file, whose parts can be read in any order; "
             "copy its content to a file and read that");
}

TEST_CASE("compressed files that are cut short, damaged, or none") {
    TempDir const dir;
    std::string text;
    for (long i = 0; i < 100'000; ++i) text += std::to_string(i * i) + '\n';
    std::string const gzipped = gzip(text);
    write_file(dir / "cut.gz", gzipped.substr(0, gzipped.size() / 2));
    write_file(dir / "cut.zst", zstd(text).substr(0, 1000));
    write_file(dir / "none.gz", "just text\n");
    std::string damaged = gzipped;
    for (std::size_t i = damaged.size() / 2; i < damaged.size() / 2 + 20; ++i) damaged[i] ^= 0x55;
    write_file(dir / "damaged.gz", damaged);
    auto const check = [&](std::string const& name, std::string const& reason) {
        check_matches(
            with_replaced(refusal(dir / name), dir / name, "PATH"),
            "stage 1 \\(read_text > flat_map > map > reduce_by_key\\) failed on rank [01] "
            "\\(HOST\\), partition 0 of 1: PATH: "
                + reason + " \\(reading PATH, bytes \\d+ to \\d+\\)");
    };
    check("cut.gz",
          "cut short: the compressed file ends at byte " + std::to_string(gzipped.size() / 2)
              + ", within a gzip member; expected a whole one; test it with gzip -t, and make or fetch "
                "it again");
    check("cut.zst",
          "cut short: the compressed file ends at byte 1000, within a zstd frame; expected a whole "
          "one; "
          "test it with zstd -t, and make or fetch it again");
    check("none.gz",
          "damaged near byte 2 of the compressed file: incorrect header check; expected whole gzip "
          "members; test it with gzip -t, and make or fetch it again");
    check("damaged.gz",
          "damaged near byte \\d+ of the compressed file: (incorrect data check|invalid .*); "
          "expected "
          "whole gzip members; test it with gzip -t, and make or fetch it again");
}

TEST_CASE("an input that grows, shrinks or is exchanged while it is read") {
    std::string const where =
        "stage 1 \\(read_text > map > count\\) failed on rank \\d \\(HOST\\), partition [0-3] of "
        "4: IN: "
        "the file changed while it was being read: ";
    std::string const end =
        "; leave the input alone while a job runs, and start the job again( \\(reading IN, bytes "
        "\\d+ "
        "to \\d+\\))?";
    for (int rank_count : {2, 3}) {
        check_matches(error_of_change("append", rank_count),
                      where + "(it has \\d+ bytes, expected \\d+ bytes|it was written to at .* UTC, "
                              "expected the content of .* UTC)" + end);
        check_matches(error_of_change("shrink", rank_count),
                      where + "it (ends at byte|has) \\d+( bytes)?, expected \\d+ bytes" + end);
    }
    check_matches(error_of_change("replace", 2),
                  where + "another file has its name \\(inode \\d+\\), expected inode \\d+" + end);
}

TEST_CASE("an input that is gone when it is read") {
    for (int rank_count : {2, 3})
        check_matches(
            error_of_change("remove", rank_count),
            "stage 2 \\(read_text > count\\) failed on rank \\d \\(HOST\\), partition [0-3] of "
            "4: IN: the file changed while it was being read: it is not on this host any more, "
            "expected the file of "
            "\\d+ bytes that rank 0 listed; leave the input alone while "
            "a job runs, and start the job again.*");
}

TEST_CASE("a line that does not fit names the file, where it begins, and what to do") {
    TempDir const dir;
    write_file(dir / "in", "short\nlines\n");
    fs::resize_file(dir / "in", std::uintmax_t{64} << 20);
    JobResult const result =
        run_job(2, {WORD_COUNT_PROGRAM, dir / "in", "--memory", "16MiB", "--quiet"});
    check_matches(
        with_replaced(the_error(result, 71), dir / "in", "IN"),
        "stage 1 \\(read_text > flat_map > map > reduce_by_key\\) failed on rank \\d "
        "\\(HOST\\), partition 0 of \\d+: IN: the line that begins at byte 12 is longer than "
        "4.00 MiB, the most that fits into memory; raise --memory \\(SERRY_MEMORY\\), or check "
        "that this is text with line ends \\(reading IN, bytes \\d+ to \\d+\\)");
}

TEST_CASE("a result that is too large for every rank") {
    TempDir const dir;
    write_large(dir / "in", "nothing special");
    std::vector<std::string> const command = {FAULTS_INPUT_JOB_PROGRAM, "collect", dir / "in",
                                              "--quiet"};
    check_matches(
        the_error(run_job(2, command, {"SERRY_COLLECT_LIMIT=1MiB"}), 71),
        "stage 1 \\(read_text > collect\\) failed on rank [01] \\(HOST\\), partition [0-3] of 4: "
        "a result of more than 1.00 MiB is too large to be held by every rank; write it with "
        "write_text, or raise SERRY_COLLECT_LIMIT.*");
    CHECK(the_error(run_job(2, command, {"SERRY_COLLECT_LIMIT=4MiB"}), 71)
          == "a result of 4.00 MiB is larger than the 4.00 MiB that every rank may hold; write it with "
             "write_text, or raise SERRY_COLLECT_LIMIT");
    CHECK(run_job(2, command, {"SERRY_COLLECT_LIMIT=5MiB"}).exit_code == 0);
}
