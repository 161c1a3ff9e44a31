#include "support/temp_dir.hpp"

#include <system_error>

#include <doctest/doctest.h>

using namespace serry::test;

TEST_CASE("a folder is empty at first, the test's own, and gone at the end") {
    std::filesystem::path path;
    {
        TempDir const dir;
        TempDir const other;
        path = dir.path();
        CHECK(path != other.path());
        CHECK(std::filesystem::is_empty(path));
        write_file(dir / "below" / "file", "text");
        CHECK(read_file(dir / "below/file") == "text");
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a file that is not there is an exception") {
    TempDir const dir;
    CHECK_THROWS_AS(read_file(dir / "nothing"), std::system_error);
}

static std::filesystem::path kept;

TEST_CASE("a folder is kept when its test fails" * doctest::expected_failures(1)) {
    TempDir const dir;
    kept = dir.path();
    CHECK_MESSAGE(false, "fails on purpose");
}

TEST_CASE("... which the test before has done") {
    CHECK(std::filesystem::remove(kept));
    CHECK_FALSE(test_has_failed());
}
