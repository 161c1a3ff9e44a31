#include "serry/source/file_splits.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

std::vector<InputFile> files_of(std::vector<std::uint64_t> const& sizes) {
    std::vector<InputFile> files;
    for (std::uint64_t const size : sizes)
        files.push_back({.path = "file-" + std::to_string(files.size()), .size_bytes = size});
    return files;
}

using Splits = std::vector<Split>;

/// The splits of each partition.
std::vector<Splits> partitions_of(SplitList const& list) {
    std::vector<Splits> partitions;
    for (std::uint64_t p = 0; p < list.partition_count(); ++p) {
        auto const splits = list.splits_of(p);
        partitions.emplace_back(splits.begin(), splits.end());
    }
    return partitions;
}

/// Whether the splits cover the files from the first to the last byte, in order, and none is empty
/// that need not be.
bool cover_in_order(SplitList const& list) {
    std::vector<Split> found;
    for (Splits const& splits : partitions_of(list))
        found.insert(found.end(), splits.begin(), splits.end());
    if (found != list.splits) return false;
    auto split = found.begin();
    for (std::uint32_t file = 0; file < list.files.size(); ++file) {
        std::uint64_t const size = list.files[file].size_bytes;
        std::uint64_t at = 0;
        for (; split != found.end() && split->file == file; ++split) {
            if (split->begin != at || (split->end <= at && size > 0)) return false;
            at = split->end;
        }
        if (at != size) return false;
    }
    return split == found.end();
}

std::uint64_t bytes_of(Splits const& splits) {
    std::uint64_t bytes = 0;
    for (Split const& split : splits) bytes += split.end - split.begin;
    return bytes;
}

std::uint64_t longest(SplitList const& list) {
    std::uint64_t bytes = 0;
    for (Splits const& splits : partitions_of(list)) bytes = std::max(bytes, bytes_of(splits));
    return bytes;
}

}  // namespace

TEST_CASE("one file is cut into exactly as many equal partitions as asked for") {
    for (std::uint64_t const size : {1, 2, 3, 10, 99, 100, 101, 1'000'000}) {
        for (std::uint64_t count = 1; count <= 130; ++count) {
            SplitList const list = cut_files(files_of({size}), count);
            CHECK(list.partition_count() == count);
            CHECK(cover_in_order(list));
            CHECK(longest(list) == (size + count - 1) / count);
        }
    }
}

TEST_CASE("more partitions than bytes leave some empty") {
    CHECK(partitions_of(cut_files(files_of({2}), 4))
          == std::vector<Splits>{{}, {{0, 0, 1}}, {}, {{0, 1, 2}}});
    CHECK(partitions_of(cut_files(files_of({0}), 3)) == std::vector<Splits>(3));
    CHECK(partitions_of(cut_files(files_of({0, 0}), 0)) == std::vector<Splits>(1));
    CHECK(partitions_of(cut_files({}, 0)) == std::vector<Splits>(1));
}

TEST_CASE("empty files have no split") {
    CHECK(partitions_of(cut_files(files_of({0, 5, 0, 5, 0}), 2))
          == std::vector<Splits>{{{1, 0, 5}}, {{3, 0, 5}}});
}

TEST_CASE("small files are packed together, long ones are cut") {
    CHECK(partitions_of(cut_files(files_of({1, 2, 3, 2, 8}), 2))
          == std::vector<Splits>{{{0, 0, 1}, {1, 0, 2}, {2, 0, 3}, {3, 0, 2}}, {{4, 0, 8}}});
    CHECK(partitions_of(cut_files(files_of({1, 2, 7}), 2))
          == std::vector<Splits>{{{0, 0, 1}, {1, 0, 2}, {2, 0, 2}}, {{2, 2, 7}}});
}

TEST_CASE("several files make exactly as many partitions as asked for, of much the same size") {
    std::mt19937 random(5);
    for (int i = 0; i < 500; ++i) {
        std::vector<std::uint64_t> sizes(1 + random() % 20);
        for (auto& size : sizes) size = random() % 5 ? random() % (1U << random() % 20) : 0;
        std::uint64_t const total = std::accumulate(sizes.begin(), sizes.end(), std::uint64_t{0});
        std::uint64_t const count = 1 + random() % 200;
        SplitList const list = cut_files(files_of(sizes), count);
        CHECK(list.partition_count() == count);
        CHECK(cover_in_order(list));
        CHECK(longest(list) <= total / count + total / count / 8 + 1);
    }
}

TEST_CASE("no file is cut close to one of its ends, unless it is alone") {
    // Places of cuts: 1000 and 2000 of 3000.
    CHECK(partitions_of(cut_files(files_of({1010, 980, 1010}), 3))
          == std::vector<Splits>{{{0, 0, 1010}}, {{1, 0, 980}}, {{2, 0, 1010}}});
    CHECK(partitions_of(cut_files(files_of({1100, 890, 1010}), 3))
          == std::vector<Splits>{{{0, 0, 1000}}, {{0, 1000, 1100}, {1, 0, 890}}, {{2, 0, 1010}}});
}

TEST_CASE("when nobody asks, there are as many partitions as the input's bytes give") {
    SplitList const one = cut_files(files_of({1000 * mebibyte}), 0);
    CHECK(one.partition_count() == default_partition_count(1000 * mebibyte));
    CHECK(cover_in_order(one));
    CHECK(longest(one) <= 16 * mebibyte);

    SplitList const several = cut_files(files_of({500 * mebibyte, 1, 499 * mebibyte}), 0);
    CHECK(several.partition_count() == default_partition_count(999 * mebibyte + (128 << 10) + 1));
    CHECK(cover_in_order(several));
}

TEST_CASE("ten thousand files of a kilobyte make 64 partitions of about as many each") {
    SplitList const list = cut_files(files_of(std::vector<std::uint64_t>(10'000, 1000)), 0);
    CHECK(list.partition_count() == 64);
    CHECK(cover_in_order(list));
    for (Splits const& splits : partitions_of(list)) {
        CHECK(splits.size() >= 156);
        CHECK(splits.size() <= 157);
    }
    CHECK(cut_files(files_of(std::vector<std::uint64_t>(10, 1000)), 0).partition_count() == 1);
}

TEST_CASE("a compressed file is never cut, and leaves no partition empty") {
    std::vector<InputFile> const files{{.path = "a.gz", .size_bytes = 1000},
                                       {.path = "b", .size_bytes = 300},
                                       {.path = "c.zst", .size_bytes = 1000},
                                       {.path = "empty.gz", .size_bytes = 0}};
    CHECK(partitions_of(cut_files(files, 23))
          == std::vector<Splits>{{{0, 0, 1000}},
                                 {{1, 0, 100}},
                                 {{1, 100, 200}},
                                 {{1, 200, 300}},
                                 {{2, 0, 1000}},
                                 {{3, 0, 0}}});
    CHECK(partitions_of(cut_files(files, 1))
          == std::vector<Splits>{{{0, 0, 1000}, {1, 0, 300}, {2, 0, 1000}, {3, 0, 0}}});
    CHECK(partitions_of(cut_files({files[0], files[2]}, 8))
          == std::vector<Splits>{{{0, 0, 1000}}, {{1, 0, 1000}}});
    CHECK(partitions_of(cut_files({files[3]}, 0)) == std::vector<Splits>{{{0, 0, 0}}});
    CHECK(partitions_of(cut_files({files[3]}, 5)) == std::vector<Splits>{{{0, 0, 0}}});
}

TEST_CASE("huge files and counts do not overflow") {
    std::uint64_t const exbibyte = std::uint64_t{1} << 60;
    SplitList const list = cut_files(files_of({exbibyte, exbibyte, 1}), 100'000);
    CHECK(list.partition_count() == 100'000);
    CHECK(cover_in_order(list));
    CHECK(longest(list) <= 2 * exbibyte / 99'000 * 9 / 8);
}
