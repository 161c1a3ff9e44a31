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

/// Whether the splits of each file follow each other from its first to its last byte, file by file.
bool cover_in_order(std::vector<Split> const& splits, std::vector<InputFile> const& files) {
    std::uint32_t file = 0;
    std::uint64_t at = 0;
    for (Split const& split : splits) {
        while (file < split.file && at == files[file].size_bytes) {
            ++file;
            at = 0;
        }
        if (split.file != file || split.begin != at || split.end < split.begin) return false;
        at = split.end;
    }
    while (file + 1 < files.size() && at == files[file].size_bytes) {
        ++file;
        at = 0;
    }
    return files.empty() || (file + 1 == files.size() && at == files[file].size_bytes);
}

std::uint64_t longest(std::vector<Split> const& splits) {
    std::uint64_t bytes = 0;
    for (Split const& split : splits) bytes = std::max(bytes, split.end - split.begin);
    return bytes;
}

}  // namespace

TEST_CASE("one file is cut into exactly as many equal splits as asked for") {
    for (std::uint64_t const size : {1, 2, 3, 10, 99, 100, 101, 1'000'000}) {
        auto const files = files_of({size});
        for (std::uint64_t count = 1; count <= 130; ++count) {
            auto const splits = cut_files(files, count);
            CHECK(splits.size() == count);
            CHECK(cover_in_order(splits, files));
            CHECK(longest(splits) == (size + count - 1) / count);
        }
    }
}

TEST_CASE("more partitions than bytes give empty splits") {
    using Splits = std::vector<Split>;
    CHECK(cut_files(files_of({2}), 4) == Splits{{0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {0, 1, 2}});
    CHECK(cut_files(files_of({0}), 3) == Splits{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}});
    CHECK(cut_files(files_of({0, 0}), 0) == Splits{{0, 0, 0}});
}

TEST_CASE("empty files have no split, unless there is nothing else") {
    auto const splits = cut_files(files_of({0, 5, 0, 5, 0}), 2);
    CHECK(splits == std::vector<Split>{{1, 0, 5}, {3, 0, 5}});
}

TEST_CASE("several files are cut into exactly as many splits as asked for, if there are enough") {
    std::mt19937 random(5);
    for (int i = 0; i < 500; ++i) {
        std::vector<std::uint64_t> sizes(1 + random() % 20);
        for (auto& size : sizes) size = random() % 5 ? random() % (1U << random() % 20) : 0;
        auto const files = files_of(sizes);
        auto const full = static_cast<std::uint64_t>(
            std::count_if(sizes.begin(), sizes.end(), [](auto size) { return size > 0; }));
        std::uint64_t const count = std::max<std::uint64_t>(1, full + random() % 200);
        auto const splits = cut_files(files, count);
        CHECK(splits.size() == count);
        CHECK((full == 0 || cover_in_order(splits, files)));
        // No shorter longest piece would do with as few splits.
        std::uint64_t const shorter = longest(splits) - 1;
        std::uint64_t needed = 0;
        for (auto const size : sizes) needed += shorter ? (size + shorter - 1) / shorter : 0;
        CHECK((longest(splits) <= 1 || needed > count));
    }
}

TEST_CASE("fewer partitions than files give each file a split, and cut the long ones") {
    std::vector<std::uint64_t> sizes(100, 10);
    sizes[50] = 9'000;
    auto const files = files_of(sizes);
    auto const splits = cut_files(files, 10);
    CHECK(cover_in_order(splits, files));
    CHECK(splits.size() == 99 + 10);  // of 9990 bytes a tenth, 999 bytes, is the most
    CHECK(longest(splits) == 900);
}

TEST_CASE("when nobody asks, splits have about the size that the input's bytes give") {
    auto const files = files_of({1000 * mebibyte});
    auto const splits = cut_files(files, 0);
    CHECK(splits.size() == default_partition_count(1000 * mebibyte));
    CHECK(cover_in_order(splits, files));

    std::vector<std::uint64_t> sizes(1000, 1000);
    sizes.push_back(1000 * mebibyte);
    auto const with_small_ones = cut_files(files_of(sizes), 0);
    CHECK(with_small_ones.size() == 1000 + 64);
    CHECK(longest(with_small_ones) <= 16 * mebibyte);
}

TEST_CASE("a compressed file is never cut") {
    using Splits = std::vector<Split>;
    std::vector<InputFile> const files{{.path = "a.gz", .size_bytes = 1000},
                                       {.path = "b", .size_bytes = 300},
                                       {.path = "c.zst", .size_bytes = 1000},
                                       {.path = "empty.gz", .size_bytes = 0}};
    CHECK(cut_files(files, 6)
          == Splits{
              {0, 0, 1000}, {1, 0, 100}, {1, 100, 200}, {1, 200, 300}, {2, 0, 1000}, {3, 0, 0}});
    CHECK(cut_files(files, 1) == Splits{{0, 0, 1000}, {1, 0, 300}, {2, 0, 1000}, {3, 0, 0}});
    CHECK(cut_files({files[0], files[2]}, 8) == Splits{{0, 0, 1000}, {1, 0, 1000}});
    CHECK(cut_files({files[0]}, 0) == Splits{{0, 0, 1000}});
}

TEST_CASE("huge files and counts do not overflow") {
    std::uint64_t const exbibyte = std::uint64_t{1} << 60;
    auto const files = files_of({exbibyte, exbibyte, 1});
    auto const splits = cut_files(files, 100'000);
    CHECK(splits.size() == 100'000);
    CHECK(cover_in_order(splits, files));
    CHECK(longest(splits) <= 2 * exbibyte / 99'000);
}
