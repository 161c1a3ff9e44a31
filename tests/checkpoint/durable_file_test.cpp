#include "serry/checkpoint/durable_file.hpp"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("a file is made, and replaced in one step") {
    TempDir const dir;
    std::string const path = dir / "file";
    CHECK_FALSE(read_whole(path).has_value());
    write_durably(path, "one", "test");
    CHECK(read_whole(path) == "one");
    write_file(path + ".new", "what a dead attempt left");
    std::string const large(300'000, 'x');
    write_durably(path, large, "test");
    CHECK((read_whole(path) == large));
    CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("what cannot be written or read is said") {
    TempDir const dir;
    std::string const path = dir / "none" / "file";
    CHECK(thrown([&] { write_durably(path, "x", "test"); })
          == "StorageError 74: " + path
                 + ".new: making the file failed: No such file or directory; the folder of "
                   "--checkpoint must be on a file system that all nodes share");
    CHECK(thrown([&] { read_whole(dir.path()); })
          == "StorageError 74: " + std::string(dir.path())
                 + ": reading it failed: Is a directory; choose another --checkpoint if it stays "
                   "so");
}

TEST_CASE("lines and their checksum") {
    std::string const text = with_checksum("a 1\nb two words\n");
    CHECK(without_checksum(text) == "a 1\nb two words\n");
    CHECK_FALSE(without_checksum(text.substr(1)).has_value());
    CHECK_FALSE(without_checksum("checksum\n").has_value());
    CHECK(without_checksum(with_checksum("")) == "");

    NamedLines lines("a 1\nb two words\nc x\nd");
    CHECK(lines.is_next("a"));
    CHECK_FALSE(lines.take("b").has_value());
    CHECK(lines.take_number("a") == 1);
    CHECK(lines.take("b") == "two words");
    CHECK_FALSE(lines.take_number("c").has_value());  // no number, and gone
    CHECK_FALSE(lines.take("d").has_value());         // no whole line
    CHECK_FALSE(lines.is_at_end());
}

TEST_CASE("numbers in a line") {
    using Numbers = std::vector<std::uint64_t>;
    CHECK(numbers_in("1 20 18446744073709551615") == Numbers{1, 20, ~std::uint64_t{0}});
    CHECK(numbers_in("00ff", 16) == Numbers{255});
    CHECK(numbers_in("").empty());
    for (std::string const bad : {"1  2", "-1", "1x", "18446744073709551616"})
        CHECK(numbers_in(bad).empty());
}
