#include "serry/checkpoint/checkpoint_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/fault.hpp"
#include "serry/base/error.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

Manifest manifest(std::uint64_t number) {
    Manifest manifest;
    manifest.number = number;
    manifest.job = "job";
    manifest.attempt = 2;
    manifest.step = "step";
    manifest.placement = {0};
    return manifest;
}

void commit(CheckpointFolder const& folder, std::uint64_t number) {
    folder.begin(number, 2);
    write_file(folder.pack_path({"job", number, 2, 0}), "a pack");
    folder.commit(manifest(number));
}

}  // namespace

TEST_CASE("a checkpoint is there from its commit on, until it is removed") {
    TempDir const dir;
    CheckpointFolder const folder(std::string(dir / "c") + "//");
    CHECK(folder.path() == dir / "c");
    auto const lock = folder.open();
    CHECK(folder.checkpoints().empty());
    commit(folder, 3);
    commit(folder, 1'234'567);
    auto const found = folder.checkpoints();
    REQUIRE(found.size() == 2);
    CHECK(found[0].manifest == manifest(3));
    CHECK(found[1].number == 1'234'567);
    CHECK(names_in(dir / "c")
          == std::vector<std::string>{"000003-2", "000003.manifest", "1234567-2",
                                      "1234567.manifest", "lock"});
    folder.remove(manifest(3));
    CHECK(folder.checkpoints().size() == 1);
    CHECK_FALSE(std::filesystem::exists(dir / "c" / "000003-2"));
}

TEST_CASE("a damaged manifest, or one under another's name, is found as such and set aside") {
    TempDir const dir;
    CheckpointFolder const folder(dir / "c");
    auto const lock = folder.open();
    commit(folder, 1);
    commit(folder, 2);
    write_file(folder.manifest_path(2), read_file(folder.manifest_path(1)));
    write_file(folder.manifest_path(1), "serry_checkpoint 1\n");
    auto const found = folder.checkpoints();
    REQUIRE(found.size() == 2);
    CHECK_FALSE(found[0].manifest.has_value());
    CHECK_FALSE(found[1].manifest.has_value());
    folder.set_aside(1);
    CHECK(folder.checkpoints().size() == 1);
    CHECK(std::filesystem::exists(dir / "c" / "000001.manifest.bad"));
}

TEST_CASE("sweeping deletes what no manifest names, and clearing all that is serry's") {
    TempDir const dir;
    CheckpointFolder const folder(dir / "c");
    auto const lock = folder.open();
    commit(folder, 1);
    folder.begin(2, 2);
    write_file(folder.pack_path({"job", 2, 2, 7}) + ".new", "half a pack");
    folder.begin(1, 1);
    write_file(dir / "c" / "job.new", "half a file");
    write_file(dir / "c" / "notes.txt", "the user's");
    folder.sweep();
    CHECK(names_in(dir / "c")
          == std::vector<std::string>{"000001-2", "000001.manifest", "lock", "notes.txt"});
    folder.write_job({"job", 1, {}});
    folder.clear();
    CHECK(names_in(dir / "c") == std::vector<std::string>{"lock", "notes.txt"});
    folder.write_job({"job", 1, {}});
    commit(folder, 3);
    folder.finish("job");
    CHECK(names_in(dir / "c") == std::vector<std::string>{"finished", "lock", "notes.txt"});
    CHECK(read_file(folder.finished_path()) == "job\n");
    folder.write_job({"job", 1, {}});
    CHECK_FALSE(folder.job().has_value());  // it is done
    folder.clear();
    CHECK(names_in(dir / "c") == std::vector<std::string>{"lock", "notes.txt"});
}

TEST_CASE("a folder that holds other things is left alone") {
    TempDir const dir;
    write_file(dir / "home" / "journal", "dear diary");
    CHECK(thrown([&] { auto const lock = CheckpointFolder(dir / "home").open(); })
          == "UsageError 2: " + std::string(dir / "home")
                 + ": holds \"journal\" and no checkpoints of serry's; choose a folder for "
                   "--checkpoint that is empty or yet to be made");
    std::filesystem::create_directory(dir / "empty");
    { auto const lock = CheckpointFolder(dir / "empty").open(); }
    CHECK(thrown([&] { auto const lock = CheckpointFolder(dir / "no" / "parent").open(); })
          == "StorageError 74: " + std::string(dir / "no" / "parent")
                 + ": making the folder failed: No such file or directory; the folder of "
                   "--checkpoint must be on a file system that all nodes share");
}

TEST_CASE("two jobs cannot have one folder at the same time") {
    TempDir const dir;
    CheckpointFolder const folder(dir / "c");
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    pid_t const child = fork();
    if (child == 0) {
        auto const lock = folder.open();
        char c = 'x';
        bool const told = write(pipe_ends[1], &c, 1) == 1;
        sleep(told ? 30 : 0);
        _exit(0);
    }
    char c = 0;
    REQUIRE(read(pipe_ends[0], &c, 1) == 1);
    CHECK(thrown([&] { auto const lock = folder.open(0.1); })
          == "UsageError 2: " + folder.path()
                 + ": another job that runs now has its checkpoints there; choose another "
                   "--checkpoint, or wait for that job to end");
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    auto const lock = folder.open(5);  // the lock went with the process
}

TEST_CASE("the file that says whose the folder is") {
    TempDir const dir;
    CheckpointFolder const folder(dir / "c");
    auto const lock = folder.open();
    CHECK_FALSE(folder.job().has_value());
    JobFile const job{"id", 2, {"program", 1, 0, {"a"}, {}}};
    folder.write_job(job);
    CHECK(folder.job() == job);
    write_file(folder.job_path(), "damaged");
    CHECK_FALSE(folder.job().has_value());
}
