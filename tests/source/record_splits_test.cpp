#include "serry/source/record_splits.hpp"

#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace serry;

namespace {

std::vector<RecordFile> some_files(std::uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<RecordFile> files(1 + random() % 4);
    for (RecordFile& file : files)
        file = {.record_count = random() % 3 == 0 ? 0 : random() % 1000,
                .record_bytes = 1 + random() % 100,
                .together = 1 + random() % 50};
    return files;
}

/// Every record of every file is in one split, in order, and chunks are whole.
void check(std::vector<RecordFile> const& files, std::vector<Split> const& splits) {
    std::size_t file = 0;
    std::uint64_t next = 0;
    for (Split const& split : splits) {
        for (; file < split.file; ++file, next = 0) REQUIRE(next == files[file].record_count);
        REQUIRE(split.begin == next);
        REQUIRE(split.end >= split.begin);
        bool const is_whole = split.end % files[file].together == 0;
        REQUIRE((is_whole || split.end == files[file].record_count));
        next = split.end;
    }
    for (; file < files.size(); ++file, next = 0) REQUIRE(next == files[file].record_count);
}

}  // namespace

TEST_CASE("splits hold every record once, in order, cut where it is allowed") {
    for (std::uint32_t seed = 0; seed < 50; ++seed)
        for (std::uint64_t const count : {0, 1, 2, 7, 64, 5000}) {
            auto const files = some_files(seed);
            SplitList const list = cut_records(files, count);
            auto const& splits = list.splits;
            REQUIRE(list.partition_count() >= 1);
            if (count > 0) REQUIRE(list.partition_count() == count);
            check(files, splits);
        }
}

TEST_CASE("splits are about equal") {
    auto const splits =
        cut_records({{.record_count = 1000, .record_bytes = 100, .together = 1}}, 4).splits;
    CHECK(splits == std::vector<Split>{{0, 0, 250}, {0, 250, 500}, {0, 500, 750}, {0, 750, 1000}});
    auto const chunks =
        cut_records({{.record_count = 10, .record_bytes = 8, .together = 4}}, 2).splits;
    CHECK(chunks == std::vector<Split>{{0, 0, 4}, {0, 4, 10}});
}

TEST_CASE("no records make empty splits") {
    CHECK(cut_records({{}, {}}, 3).partition_count() == 3);
    CHECK(cut_records({}, 0).partition_count() == 1);
}
