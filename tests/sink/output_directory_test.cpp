#include "serry/sink/output_directory.hpp"

#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "sink/mounted_folder.hpp"
#include "sink/small_output.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace fs = std::filesystem;

namespace {

std::string refusal(std::string const& path, bool overwrite = true) {
    return thrown([&] { OutputDirectory::prepare(path, overwrite, "job1"); });
}

std::string cannot_replace(fs::path const& path, std::string const& reason) {
    return "UsageError 2: " + path.string() + ": " + reason
           + "; --overwrite replaces only what serry wrote; remove it yourself or choose another "
             "--output";
}

}  // namespace

TEST_CASE("nothing is at the path until commit, and then all of it, and nothing beside it") {
    TempDir const dir;
    fs::path const out = dir / "out";
    OutputDirectory output = OutputDirectory::prepare(out, false, "job1");
    CHECK(output.parts_path() == dir / ".out.serry-job1");
    write_parts(output, "text");
    CHECK(names_in(dir.path()) == Names{".out.serry-job1"});
    output.commit(summary);
    CHECK(names_in(dir.path()) == Names{"out"});
    check_output(out, "text");
}

TEST_CASE("an abandoned output leaves nothing, by word or by going out of scope") {
    TempDir const dir;
    {
        OutputDirectory const output = OutputDirectory::prepare(dir / "out", false, "job1");
        write_parts(output, "text");
    }
    CHECK(names_in(dir.path()).empty());
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    write_parts(output, "text");
    output.abandon();
    CHECK(names_in(dir.path()).empty());
    output.abandon();
}

TEST_CASE("an output that moves is abandoned once, by its last place") {
    TempDir const dir;
    OutputDirectory first = OutputDirectory::prepare(dir / "first", false, "job1");
    {
        OutputDirectory const moved = std::move(first);
        CHECK(names_in(dir.path()) == Names{".first.serry-job1"});
    }
    CHECK(names_in(dir.path()).empty());
    OutputDirectory second = OutputDirectory::prepare(dir / "second", false, "job1");
    second = OutputDirectory::prepare(dir / "third", false, "job1");
    CHECK(names_in(dir.path()) == Names{".third.serry-job1"});
    write_parts(second, "text");
    second.commit(summary);
    CHECK(names_in(dir.path()) == Names{"third"});
}

TEST_CASE("abandon never deletes what is no part") {
    TempDir const dir;
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    write_parts(output, "text");
    write_file(dir / ".out.serry-job1/part-00002/precious", "text");
    write_file(dir / ".out.serry-job1/notes", "text");
    output.abandon();
    CHECK(names_in(dir / ".out.serry-job1") == Names{"notes", "part-00002"});
}

TEST_CASE("an output at a relative path stays there when the program changes its folder") {
    TempDir const dir;
    fs::path const before = fs::current_path();
    fs::current_path(dir.path());
    OutputDirectory output = OutputDirectory::prepare("out/", false, "job1");
    fs::current_path(before);
    CHECK(output.parts_path() == fs::canonical(dir.path()) / ".out.serry-job1");
    write_parts(output, "text");
    output.commit(summary);
    check_output(dir / "out", "text");
}

TEST_CASE("an output without parts is a _SUCCESS alone") {
    TempDir const dir;
    OutputSummary const empty{"job1", 1, "test.cpp:1", 0, 0, 0};
    OutputDirectory output = OutputDirectory::prepare(dir / "out", false, "job1");
    output.commit(empty);
    CHECK(names_in(dir / "out") == Names{"_SUCCESS"});
    write_output(dir / "out", true, "text");
    check_output(dir / "out", "text");
}

TEST_CASE("what exists is refused without --overwrite, whatever it is") {
    TempDir const dir;
    write_file(dir / "file", "text");
    fs::create_directory(dir / "folder");
    fs::create_symlink("nowhere", dir / "link");
    for (char const* name : {"file", "folder", "link"}) {
        std::string const path = dir / name;
        CHECK(refusal(path, false)
              == "UsageError 2: " + path
                     + ": exists already; choose another --output or pass --overwrite");
    }
    CHECK(names_in(dir.path()) == Names{"file", "folder", "link"});
}

TEST_CASE("--overwrite replaces an output of serry's and an empty folder") {
    TempDir const dir;
    fs::path const out = dir / "out";
    fs::create_directory(out);
    write_output(out, true, "first");
    check_output(out, "first");
    write_output(out, true, "second");
    check_output(out, "second");
    CHECK(names_in(dir.path()) == Names{"out"});
    write_output(dir / "new", true, "text");
    check_output(dir / "new", "text");
}

TEST_CASE("the earlier output stays until commit") {
    TempDir const dir;
    write_output(dir / "out", false, "old");
    OutputDirectory output = OutputDirectory::prepare(dir / "out", true, "job1");
    write_parts(output, "new");
    check_output(dir / "out", "old");
    output.abandon();
    check_output(dir / "out", "old");
}

TEST_CASE("--overwrite replaces nothing but what serry wrote") {
    TempDir const dir;
    fs::path const out = dir / "out";
    SUBCASE("a file") {
        write_file(out, "text");
        CHECK(refusal(out) == cannot_replace(out, "is no folder"));
    }
    SUBCASE("a home") {
        write_file(out / "thesis.tex", "text");
        CHECK(refusal(out) == cannot_replace(out, "is not empty and holds no _SUCCESS"));
    }
    SUBCASE("an output of another program's") {
        write_file(out / "_SUCCESS", "");
        write_file(out / "part-00000", "text");
        CHECK(refusal(out) == cannot_replace(out, "holds a _SUCCESS that serry did not write"));
    }
    SUBCASE("an output to which something was added") {
        write_output(out, false, "text");
        write_file(out / "notes", "text");
        CHECK(refusal(out)
              == cannot_replace(out, "holds \"notes\", which is no part of an output"));
    }
    SUBCASE("an output to which something is added while the job runs") {
        write_output(out, false, "text");
        OutputDirectory output = OutputDirectory::prepare(out, true, "job1");
        write_parts(output, "new");
        write_file(out / "notes", "text");
        std::string const why =
            cannot_replace(out, "holds \"notes\", which is no part of an output");
        CHECK(thrown([&] { output.commit(summary); })
              == "StorageError 74" + why.substr(why.find(':')) + "; the finished output is in "
                     + (dir / ".out.serry-job1").string());
        check_output(dir / ".out.serry-job1", "new");
        fs::remove(out / "notes");
        check_output(out, "text");
    }
}

TEST_CASE("a link is followed to the output that it leads to, and stays") {
    TempDir const dir;
    fs::create_directory(dir / "elsewhere");
    write_output(dir / "elsewhere/out", false, "old");
    fs::create_symlink("elsewhere/out", dir / "link");
    write_output(dir / "link", true, "new");
    check_output(dir / "elsewhere/out", "new");
    CHECK(fs::is_symlink(dir / "link"));
    CHECK(names_in(dir.path()) == Names{"elsewhere", "link"});
    CHECK(names_in(dir / "elsewhere") == Names{"out"});
}

TEST_CASE("a link that leads nowhere is no output") {
    TempDir const dir;
    fs::create_symlink("nowhere", dir / "link");
    CHECK(refusal(dir / "link")
          == "UsageError 2: " + (dir / "link").string()
                 + ": is a symbolic link that leads nowhere (No such file or directory); remove it "
                   "or choose another --output");
}

TEST_CASE("a path must name a folder to be made, in a folder that is there") {
    TempDir const dir;
    write_file(dir / "file", "text");
    for (std::string const path : {"", "/", "///", ".", "..", "/tmp/.", "/tmp/.."})
        CHECK(refusal(path)
              == "UsageError 2: \"" + path
                     + "\": cannot be an output; --output takes the name of a folder to be made");
    CHECK(refusal(dir / "no/such/out")
          == "UsageError 2: " + (dir / "no/such/out").string() + ": the folder "
                 + (dir / "no/such").string()
                 + " does not exist; make it or choose another --output");
    CHECK(refusal(dir / "file/out")
          == "UsageError 2: " + (dir / "file/out").string() + ": " + (dir / "file").string()
                 + " is a file, not a folder; choose another --output");
    CHECK(refusal(dir / "file/below/out")
          == "UsageError 2: " + (dir / "file/below/out").string() + ": the folder "
                 + (dir / "file/below").string()
                 + " does not exist; make it or choose another --output");
}

TEST_CASE("a folder where nothing can be made is told before the work") {
    CHECK(refusal("/proc/out")
          == "StorageError 74: /proc/out: making the folder /proc/.out.serry-job1 failed: No such "
             "file or directory; the folder of --output must be on a file system that all nodes "
             "share");
    TempDir const dir;
    MountedFolder const read_only(dir / "read_only", "size=1m");
    if (!read_only.is_mounted()) {
        MESSAGE("skipped: only root can mount a file system");
        return;
    }
    read_only.make_read_only();
    std::string const path = read_only.path() / "out";
    CHECK(refusal(path)
          == "StorageError 74: " + path + ": making the folder "
                 + (read_only.path() / ".out.serry-job1").string()
                 + " failed: Read-only file system; choose an --output that this user may write");
}

TEST_CASE("a mount point cannot be replaced, and says so before the work") {
    TempDir const dir;
    MountedFolder const mounted(dir / "mounted", "size=1m");
    if (!mounted.is_mounted()) {
        MESSAGE("skipped: only root can mount a file system");
        return;
    }
    CHECK(refusal(mounted.path()) == cannot_replace(mounted.path(), "is a mount point"));
}

TEST_CASE("a path that cannot be looked at or is too long is told as the system says") {
    TempDir const dir;
    fs::create_symlink("loop", dir / "loop");
    CHECK(refusal(dir / "loop/out")
          == "StorageError 74: " + (dir / "loop").string()
                 + ": looking there failed: Too many levels of symbolic links; choose another "
                   "--output if it stays so");
    std::string const name(250, 'x');
    CHECK(refusal(dir / name)
          == "StorageError 74: " + (dir / name).string() + ": making the folder "
                 + (dir / ('.' + name + ".serry-job1")).string()
                 + " failed: File name too long; choose another --output if it stays so");
}
