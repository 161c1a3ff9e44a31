// How an output is put in place, and what is there when that fails or the process dies.
#include <deque>
#include <string>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serry/sink/output_directory.hpp"
#include "sink/failing_calls.hpp"
#include "sink/small_output.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace fs = std::filesystem;

namespace {

/// What becomes of a process that runs `act`: its exit code.
template <typename Act>
int in_another_process(Act act) {
    pid_t const child = fork();
    if (child == 0) {
        act();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("parts that rank 0 cannot see are an error, and the output is not made") {
    TempDir const dir;
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    write_file(output.parts_path() + "/part-00000", "text");
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + (dir / "out").string() + ": 1 part files are in "
                 + (dir / ".out.serry-job1").string()
                 + ", expected 2; the folder of --output must be on a file system that all nodes "
                   "share");
    output.abandon();
    CHECK(names_in(dir.path()).empty());
}

TEST_CASE("parts that somebody took away are an error") {
    TempDir const dir;
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    fs::remove(output.parts_path());
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + (dir / ".out.serry-job1").string()
                 + ": reading the folder failed: No such file or directory; the folder of --output "
                   "must be on a file system that all nodes share");
}

TEST_CASE("a disk too full for _SUCCESS makes no output") {
    TempDir const dir;
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    write_parts(output, "text");
    FailingCalls const writes("write", {ENOSPC});
    std::string const failure = thrown([&] { output.commit(summary); });
    CHECK(writes.all_came());
    std::string const begin = "StorageError 74: " + (dir / ".out.serry-job1/_SUCCESS").string()
                              + ": writing " + std::to_string(to_text(summary).size())
                              + " B more after 0 B failed: No space left on device; ";
    CHECK(failure.substr(0, begin.size()) == begin);
    output.abandon();
    CHECK(names_in(dir.path()).empty());
}

TEST_CASE("everything is on the disk before the rename, and the rename after it") {
    TempDir const dir;
    for (std::deque<int> const& ends : {std::deque{EIO}, std::deque{goes_on, EIO}}) {
        OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
        write_parts(output, "text");
        FailingCalls const syncs("fsync", ends);
        CHECK(thrown([&] { output.commit(summary); }).find("Input/output error")
              != std::string::npos);
        CHECK(syncs.all_came());
        CHECK_FALSE(fs::exists(dir / "out"));
        output.abandon();
        CHECK(names_in(dir.path()).empty());
    }
    write_output(dir / "out", false, "old");
    OutputDirectory output = OutputDirectory::prepare(dir / "out", true, "job1");
    write_parts(output, "new");
    FailingCalls const syncs("fsync", {goes_on, goes_on, EIO});
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + dir.path().string()
                 + ": bringing the folder to the disk failed: Input/output error; the disk or the "
                   "file server has failed; run the job again or elsewhere");
    check_output(dir / "out", "new");
    check_output(dir / ".out.serry-job1", "old");  // not deleted
}

TEST_CASE("what others make at the path while the job runs is not replaced") {
    TempDir const dir;
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    write_parts(output, "text");
    fs::create_directory(dir / "out");
    std::string const finished = dir / ".out.serry-job1";
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + (dir / "out").string() + ": renaming " + finished
                 + " to it failed: File exists; choose another --output if it stays so; the "
                   "finished output is in "
                 + finished);
    output.abandon();
    check_output(finished, "text");
    CHECK(fs::is_empty(dir / "out"));
}

TEST_CASE("where renames can neither exchange nor refuse, two plain ones do it") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    for (int const unsupported : {EINVAL, ENOSYS, EOPNOTSUPP}) {
        FailingCalls const calls("renameat2", {unsupported, unsupported, unsupported});
        FailingCalls const plain("rename", {goes_on, goes_on});
        std::string const text = "new " + std::to_string(unsupported);
        write_output(dir / "out", true, text);
        CHECK(calls.all_came());
        CHECK(plain.all_came());
        check_output(dir / "out", text);
        CHECK(names_in(dir.path()) == Names{"out"});
    }
}

TEST_CASE("an exchange that fails keeps the old output, and the new one") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    OutputDirectory output = OutputDirectory::prepare(dir / "out", true, "job1");
    write_parts(output, "new");
    FailingCalls const calls("renameat2", {EPERM});
    std::string const finished = dir / ".out.serry-job1";
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + (dir / "out").string() + ": exchanging " + finished
                 + " with it failed: Operation not permitted; choose an --output that this user "
                   "may write; the finished output is in "
                 + finished);
    check_output(dir / "out", "old");
    check_output(finished, "new");
}

TEST_CASE("a failure between the two renames brings the old output back") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    OutputDirectory output = OutputDirectory::prepare(dir / "out", true, "job1");
    write_parts(output, "new");
    FailingCalls const calls("renameat2", {EINVAL, goes_on, EIO, goes_on});
    std::string const finished = dir / ".out.serry-job1";
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + (dir / "out").string() + ": renaming " + finished
                 + " to it failed: Input/output error; the disk or the file server has failed; run "
                   "the job again or elsewhere; the finished output is in "
                 + finished);
    CHECK(calls.all_came());
    check_output(dir / "out", "old");
    check_output(finished, "new");
    CHECK(names_in(dir.path()) == Names{".out.serry-job1", "out"});
}

TEST_CASE("an old output that cannot be brought back is said to be where it is") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    OutputDirectory output = OutputDirectory::prepare(dir / "out", true, "job1");
    write_parts(output, "new");
    FailingCalls const calls("renameat2", {EINVAL, goes_on, EIO, EIO});
    std::string const finished = dir / ".out.serry-job1";
    CHECK(thrown([&] { output.commit(summary); })
          == "StorageError 74: " + (dir / "out").string() + ": renaming " + finished
                 + " to it (the earlier output is now " + finished
                 + ".old) failed: Input/output error; the disk or the file server has failed; run "
                   "the job again or elsewhere; the finished output is in "
                 + finished);
    check_output(finished, "new");
    check_output(finished + ".old", "old");
}

TEST_CASE("a job killed while it writes leaves the old output, and what it left is its own") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    int const code = in_another_process([&] {
        FailingCalls const calls("write", {goes_on, goes_on, dies});
        write_output(dir / "out", true, "lost");
    });
    CHECK(code == 99);
    CHECK(names_in(dir.path()) == Names{".out.serry-job1", "out"});
    check_output(dir / "out", "old");

    OutputDirectory other = OutputDirectory::prepare(dir / "out", true, "job2");
    CHECK(names_in(dir.path()) == Names{".out.serry-job1", ".out.serry-job2", "out"});
    CHECK(fs::exists(dir / ".out.serry-job1/part-00001"));
    other.abandon();
    CHECK(names_in(dir.path()) == Names{".out.serry-job1", "out"});

    write_output(dir / "out", true, "new");
    CHECK(names_in(dir.path()) == Names{"out"});
    check_output(dir / "out", "new");
}

TEST_CASE("a job killed between the two renames finds the old output again") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    int const code = in_another_process([&] {
        FailingCalls const calls("renameat2", {EINVAL, goes_on, dies});
        write_output(dir / "out", true, "lost");
    });
    CHECK(code == 99);
    CHECK(names_in(dir.path()) == Names{".out.serry-job1", ".out.serry-job1.old"});

    OutputDirectory again = OutputDirectory::prepare(dir / "out", true, "job1");
    CHECK(names_in(dir.path()) == Names{".out.serry-job1", "out"});
    CHECK(fs::is_empty(dir / ".out.serry-job1"));
    check_output(dir / "out", "old");
}

TEST_CASE("a job killed after the exchange has made its output") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    int const code = in_another_process([&] {
        FailingCalls const calls("fsync", {goes_on, goes_on, dies});
        write_output(dir / "out", true, "new");
    });
    CHECK(code == 99);
    check_output(dir / "out", "new");
    check_output(dir / ".out.serry-job1", "old");
    write_output(dir / "out", true, "newer");
    CHECK(names_in(dir.path()) == Names{"out"});
}
