#include "serry/sink/binary_sink.hpp"

#include <array>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/failing_calls.hpp"
#include "sink/stage_on_ranks.hpp"
#include "sink/thrown.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using HundredBytes = std::array<char, 100>;

std::vector<HundredBytes> records(std::size_t count, char first) {
    std::vector<HundredBytes> records(count);
    for (std::size_t i = 0; i < count; ++i) records[i].fill(static_cast<char>(first + i % 7));
    return records;
}

std::string bytes_of(std::vector<HundredBytes> const& records) {
    std::string bytes;
    for (HundredBytes const& record : records) bytes.append(record.data(), record.size());
    return bytes;
}

}  // namespace

TEST_CASE("each partition becomes a part that holds its records' bytes") {
    TempDir const dir;
    std::vector<std::vector<HundredBytes>> const partitions{
        records(50'000, 'a'), {}, records(3, 'k')};
    Lineage lineage;
    Given<HundredBytes> source(lineage, partitions);
    BinarySink<HundredBytes> sink(source, dir.path());
    run_rank(sink, 0, 1, 3);
    CHECK((read_file(dir / "part-00000") == bytes_of(partitions[0])));
    CHECK(read_file(dir / "part-00001").empty());
    CHECK(read_file(dir / "part-00002") == bytes_of(partitions[2]));
}

TEST_CASE("a full disk fails the task as a storage error") {
    TempDir const dir;
    Lineage lineage;
    Given<HundredBytes> source(lineage, {records(10, 'a')});
    BinarySink<HundredBytes> sink(source, dir.path());
    FailingCalls const writes("write", {ENOSPC});
    std::string const begin =
        "StorageError 74: " + (dir / "part-00000").string()
        + ": writing 0.98 KiB more after 0 B failed: No space left on device; ";
    CHECK(thrown([&] { run_rank(sink, 0, 1, 1); }).substr(0, begin.size()) == begin);
    CHECK(writes.all_came());
}
