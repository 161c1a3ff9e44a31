#include "serry/sink/hdf5_part_writer.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/failing_calls.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

void fill(Hdf5PartWriter& parts, std::size_t row_count) {
    for (std::size_t i = 0; i < row_count; ++i) {
        auto const number = static_cast<std::int64_t>(i);
        parts.rows().put(&number, sizeof number);
        parts.write_full();
    }
}

}  // namespace

TEST_CASE("parts are named by their partition") {
    CHECK(hdf5_part_name(3) == "part-00003.h5");
    CHECK(hdf5_part_name(1'234'567) == "part-1234567.h5");
}

TEST_CASE("a small part takes little room, a large one that of its rows") {
    TempDir const dir;
    Hdf5PartWriter parts(dir.path(), {.dataset = "n"}, hdf5_record<std::int64_t>());
    parts.open(0);
    CHECK(parts.rows_left() == std::size_t{1} << 17);
    fill(parts, 10);
    parts.close();
    CHECK(parts.byte_count() < 8192);
    parts.open(1);
    fill(parts, 500'000);
    parts.close();
    CHECK(parts.byte_count() > 4'000'000);
    CHECK(parts.byte_count() < 4'300'000);
    parts.sync();
    CHECK(std::filesystem::file_size(dir / "part-00001.h5") == parts.byte_count());
}

TEST_CASE("a part that was not closed is forgotten") {
    TempDir const dir;
    Hdf5PartWriter parts(dir.path(), {.dataset = "n"}, hdf5_record<std::int64_t>());
    parts.open(0);
    fill(parts, 200'000);
    parts.open(1);
    fill(parts, 1);
    parts.close();
    parts.sync();
    CHECK(thrown([&] { parts.open(1); })
          == "StorageError 74: " + (dir / "part-00001.h5").string()
                 + ": making the file failed: File exists; choose another --output if it stays so");
}

TEST_CASE("what the disk refuses at the end is told") {
    TempDir const dir;
    Hdf5PartWriter parts(dir.path(), {.dataset = "n"}, hdf5_record<std::int64_t>());
    parts.open(0);
    fill(parts, 10);
    parts.close();
    FailingCalls const syncs("fsync", {EIO});
    std::string const failure = thrown([&] { parts.sync(); });
    CHECK(failure.starts_with("StorageError 74: " + (dir / "part-00000.h5").string()
                              + ": bringing it to the disk after "));
    CHECK(syncs.all_came());
}
