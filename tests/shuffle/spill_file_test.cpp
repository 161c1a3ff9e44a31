#include "serry/shuffle/spill_file.hpp"

#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "sink/mounted_folder.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;
namespace fs = std::filesystem;

namespace {

std::string random_text(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    return text;
}

std::string read(SpillFile& file, SpillFile::Extent const& extent) {
    ByteWriter block;
    file.read(extent, block);
    return std::string(block.view());
}

/// This process's open file in `folder`, which has no name any more.
std::string unlinked_file_in(fs::path const& folder) {
    for (auto const& entry : fs::directory_iterator("/proc/self/fd")) {
        std::error_code error;
        std::string const target = fs::read_symlink(entry.path(), error).string();
        if (target.find(folder.string() + "/serry-spill-") == 0) return entry.path().string();
    }
    return "";
}

void change_byte(std::string const& path, std::uint64_t at) {
    int const file = open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(file >= 0);
    char byte = 0;
    CHECK(pread(file, &byte, 1, static_cast<off_t>(at)) == 1);
    byte = static_cast<char>(byte ^ 16);
    CHECK(pwrite(file, &byte, 1, static_cast<off_t>(at)) == 1);
    close(file);
}

}  // namespace

TEST_CASE("blocks are read as they were written, in any order") {
    TempDir const dir;
    SpillFile file(dir.path());
    CHECK(file.written_bytes() == 0);
    std::vector<std::string> blocks{"", "a", std::string(1000000, 'x'), random_text(300000, 1),
                                    random_text(1, 2)};
    std::vector<SpillFile::Extent> extents;
    for (std::string const& block : blocks) extents.push_back(file.write(block));
    for (std::size_t i = blocks.size(); i-- > 0;) CHECK((read(file, extents[i]) == blocks[i]));
    for (std::size_t i = 0; i < blocks.size(); ++i) CHECK((read(file, extents[i]) == blocks[i]));
    CHECK(extents[2].stored_bytes < 10000);
    CHECK(file.written_bytes() == extents.back().offset + extents.back().stored_bytes);
}

TEST_CASE("the file is made when it is needed, has no name, and goes with its owner") {
    TempDir const dir;
    {
        SpillFile file(dir.path());
        CHECK(unlinked_file_in(dir.path()) == "");
        file.write("block");
        CHECK(fs::is_empty(dir.path()));
        CHECK(unlinked_file_in(dir.path()) != "");
    }
    CHECK(unlinked_file_in(dir.path()) == "");
}

TEST_CASE("a block that does not read back as it was written is an error") {
    TempDir const dir;
    SpillFile file(dir.path());
    file.write("the first block");
    std::string const text = random_text(1000, 3) + std::string(1000, 'x');
    SpillFile::Extent const extent = file.write(text);
    std::string const path = unlinked_file_in(dir.path());
    std::string const message =
        "StorageError 74: scratch: the block at byte " + std::to_string(extent.offset)
        + " of the spill file in " + dir.path().string()
        + " does not read back as it was written; the disk is failing or something else wrote "
          "there: choose another folder by --scratch";
    for (std::uint64_t at = 0; at < extent.stored_bytes; ++at) {
        change_byte(path, extent.offset + at);
        CHECK(thrown([&] { read(file, extent); }) == message);
        change_byte(path, extent.offset + at);
    }
    CHECK((read(file, extent) == text));
    CHECK(truncate(path.c_str(), static_cast<off_t>(extent.offset + 10)) == 0);
    CHECK(thrown([&] { read(file, extent); }) == message);
    CHECK(truncate(path.c_str(), 0) == 0);
    CHECK(thrown([&] { read(file, extent); }) == message);
}

TEST_CASE("folders are looked at without a file being made") {
    TempDir const dir;
    CHECK(SpillFile::what_is_wrong_with(dir.path()).empty());
    CHECK(std::filesystem::is_empty(dir.path()));
    CHECK(SpillFile::what_is_wrong_with(dir / "nowhere") == "No such file or directory");
    std::ofstream(dir / "file") << "text";
    CHECK(SpillFile::what_is_wrong_with(dir / "file") == "Not a directory");
}

TEST_CASE("a folder that is not there is an error") {
    SpillFile file("/nowhere/at/all");
    CHECK(thrown([&] { file.write("block"); })
          == "StorageError 74: scratch: cannot make a file in /nowhere/at/all: No such file or "
             "directory; choose another folder by --scratch");
}

TEST_CASE("a full disk is an error, which says what was written and what is free") {
    TempDir const dir;
    MountedFolder const small(dir / "small", "size=1m");
    if (!small.is_mounted()) {
        MESSAGE("only root can mount: skipped");
        return;
    }
    SpillFile file(small.path());
    std::string const block = random_text(400000, 4);
    SpillFile::Extent const first = file.write(block);
    file.write(block);
    CHECK(thrown([&] { file.write(block); })
          == "StorageError 74: scratch: writing 392 KiB to " + small.path().string()
                 + " failed after 784 KiB: No space left on device (0 B free); free space there, "
                   "choose another folder by --scratch, or raise --memory");
    CHECK((read(file, first) == block));
}
