// Output, scratch and event log that exist already, cannot be written, or are full.
#include <string>

#include <unistd.h>

#include "faults/fault.hpp"
#include "sink/mounted_folder.hpp"

using namespace serry::test;
using Names = std::vector<std::string>;

namespace {

namespace fs = std::filesystem;

std::string const some_words = "some words, some more words\n";

JobResult count_to(fs::path const& input,
                   fs::path const& output,
                   std::vector<std::string> words = {}) {
    words.insert(words.begin(), {WORD_COUNT_PROGRAM, input, "--output", output, "--quiet"});
    return run_job(2, words);
}

/// Half a million different words: their counts are some 6 MB.
std::string many_words() {
    std::string text;
    for (std::int64_t i = 0; i < 500'000; ++i)
        text += std::to_string(i * 7919) + (i % 8 ? ' ' : '\n');
    return text;
}

}  // namespace

TEST_CASE("an output that exists is left alone") {
    TempDir const dir;
    write_file(dir / "in", some_words);
    write_file(dir / "out/precious", "mine");
    std::string const out = dir / "out";
    CHECK(the_error(count_to(dir / "in", out), 2)
          == out + ": exists already; choose another --output or pass --overwrite");
    CHECK(the_error(count_to(dir / "in", out, {"--overwrite"}), 2)
          == out + ": is not empty and holds no _SUCCESS; --overwrite replaces only what serry wrote; "
                   "remove it yourself or choose another --output");
    CHECK(names_in(dir.path()) == Names{"in", "out"});
    CHECK(read_file(dir / "out/precious") == "mine");
}

TEST_CASE("an output of serry's is replaced if asked for, and only if the new one is whole") {
    TempDir const dir;
    write_file(dir / "in", some_words);
    CHECK(count_to(dir / "in", dir / "out").exit_code == 0);
    std::string const first = read_file(dir / "out/_SUCCESS");
    the_error(count_to(dir / "nothing", dir / "out", {"--overwrite"}), 65);
    CHECK(read_file(dir / "out/_SUCCESS") == first);
    CHECK(names_in(dir.path()) == Names{"in", "out"});
    CHECK(count_to(dir / "in", dir / "out", {"--overwrite"}).exit_code == 0);
    CHECK(read_file(dir / "out/_SUCCESS") != first);
    CHECK(names_in(dir.path()) == Names{"in", "out"});
}

TEST_CASE("an output whose folder is not there or a file") {
    TempDir const dir;
    write_file(dir / "in", some_words);
    std::string const root = dir.path();
    CHECK(the_error(count_to(dir / "in", root + "/no/out"), 2)
          == root + "/no/out: the folder " + root
                 + "/no does not exist; make it or choose another --output");
    CHECK(the_error(count_to(dir / "in", root + "/in/out"), 2)
          == root + "/in/out: " + root + "/in is a file, not a folder; choose another --output");
    CHECK(names_in(dir.path()) == Names{"in"});
}

TEST_CASE("an output in a folder that cannot be written, for anybody") {
    TempDir const dir;
    write_file(dir / "in", some_words);
    check_matches(
        the_error(count_to(dir / "in", "/proc/out"), 74),
        "/proc/out: making the folder /proc/\\.out\\.serry-[0-9a-f]+-[0-9a-f]+-1 failed: .*; .*");
    if (geteuid() != 0) return;
    MountedFolder const mounted(dir / "mounted", "size=1m");
    if (!mounted.is_mounted()) {
        MESSAGE("mounting is not permitted: a read-only file system is not tested");
        return;
    }
    mounted.make_read_only();
    check_matches(the_error(count_to(dir / "in", dir / "mounted/out"), 74),
                  ".*/mounted/out: making the folder .*/mounted/\\.out\\.serry-.*-1 failed: "
                  "Read-only file system; "
                  "choose an --output that this user may write");
}

TEST_CASE("an output in a folder that this user may not write") {
    TempDir const dir;
    fs::permissions(dir.path(), fs::perms(0555));
    auto const result = run_without_privileges(
        {WORD_COUNT_PROGRAM, "/etc/passwd", "--output", dir / "out", "--quiet"});
    fs::permissions(dir.path(), fs::perms(0755));
    if (!result) {
        MESSAGE("no other user may run the programs here: not tested");
        return;
    }
    check_matches(
        the_error(*result, 74),
        ".*/out: making the folder .*/\\.out\\.serry-[0-9a-f]+-[0-9a-f]+-1 failed: Permission "
        "denied; choose an --output that this user may write");
    CHECK(names_in(dir.path()).empty());
}

TEST_CASE("a disk that is full names the part, what was written, and what is free") {
    TempDir const dir;
    write_file(dir / "in", many_words());
    MountedFolder const mounted(dir / "mounted", "size=2m");
    if (!mounted.is_mounted()) {
        MESSAGE("mounting is not permitted: not tested");
        return;
    }
    for (std::string const partitions : {"2", "16"}) {
        std::string const error =
            the_error(count_to(dir / "in", dir / "mounted/out", {"--partitions", partitions}), 74);
        check_matches(error,
                      "stage 2 \\(reduce_by_key > write_text\\) failed on rank [01] \\(HOST\\), partition "
                      "\\d+ of " + partitions
                          + ": .*/mounted/\\.out\\.serry-.*-1/part-\\d{5}: writing .*iB more after .* failed: "
                            "No space left on device; .* are free on its file system; make room there or "
                            "choose another --output");
        CHECK(fs::is_empty(dir / "mounted"));
    }
}

TEST_CASE("scratch that is not there is told before anything is read, if it is full when it is") {
    TempDir const dir;
    write_file(dir / "in", many_words());
    auto const spilling = [&](std::string const& scratch) {
        return count_to(dir / "in", dir / "out",
                        {"--memory", "1MiB", "--partitions", "8", "--scratch", scratch});
    };
    std::string const nowhere = dir / "nowhere";
    std::string const where =
        "stage 1 \\(read_text > flat_map > map > reduce_by_key\\) failed on rank [01] "
        "\\(HOST\\), (merging )?partition \\d+ of (the result|\\d+).*: ";
    check_matches(the_error(spilling(nowhere), 74),
                  "scratch: " + nowhere
                      + " \\(HOST\\) cannot be written to: No such file or directory; choose another "
                        "folder by --scratch");
    check_matches(the_error(spilling(dir / "in"), 74),
                  "scratch: .*/in \\(HOST\\) cannot be written to: Not a directory; choose another "
                  "folder by --scratch");
    CHECK(names_in(dir.path()) == Names{"in"});

    MountedFolder const mounted(dir / "mounted", "size=256k");
    if (!mounted.is_mounted()) {
        MESSAGE("mounting is not permitted: a full scratch is not tested");
        return;
    }
    check_matches(the_error(spilling(dir / "mounted"), 74),
                  where + "scratch: writing .*iB to .*/mounted failed after .*: No space left on device "
                          "\\(.* free\\); free space there, choose another folder by --scratch, or raise "
                          "--memory");
    CHECK(names_in(dir.path()) == Names{"in", "mounted"});
    CHECK(fs::is_empty(dir / "mounted"));
}

TEST_CASE("an event log that cannot be written") {
    TempDir const dir;
    write_file(dir / "in", some_words);
    CHECK(the_error(count_to(dir / "in", dir / "out", {"--events", dir / "no/log"}), 74)
          == "cannot write the event log " + (dir / "no/log").string()
                 + "; choose another --events");
    CHECK(names_in(dir.path()) == Names{"in"});
}
