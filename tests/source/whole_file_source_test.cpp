#include "serry/source/whole_file_source.hpp"

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "source/input_file.hpp"
#include "stage/pipelines.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

/// Keeps copies of what the views show.
struct Copies final : Consumer<WholeFile> {
    void consume(std::span<WholeFile const> batch) override {
        for (WholeFile const& file : batch) files.emplace_back(file.key, file.value);
    }
    void finish() override {}
    Files files;
};

struct Stage {
    explicit Stage(std::string const& pattern, std::uint64_t partition_count = 0)
        : source(lineage, {pattern}, CallSite{"/src/job.cpp", 1}, partition_count) {
        source.attach(pipeline, copies);
        source.set_splits(source.list_splits({partition_count}));
    }
    void run_all() {
        for (std::uint64_t p = 0; p < source.partition_count(); ++p) {
            TaskContext task({p, source.partition_count()}, poller);
            pipeline.run(task);
            bytes += task.bytes_in;
        }
    }

    Lineage lineage;
    WholeFileSource source;
    Pipeline pipeline;
    Copies copies;
    TestPoller poller;
    std::uint64_t bytes = 0;
};

std::vector<InputFile> of_sizes(std::vector<std::uint64_t> const& sizes) {
    std::vector<InputFile> files;
    for (std::uint64_t const size : sizes)
        files.push_back({.path = "f", .size_bytes = size, .modified_ns = 0, .inode = 0});
    return files;
}

}  // namespace

TEST_CASE("each file is a record of its path and its bytes, in order, at any partition count") {
    TempDir const dir;
    Files expected;
    std::uint64_t total = 0;
    for (int i = 0; i < 20; ++i) {
        std::string const name = "in/" + std::string(1, static_cast<char>('a' + i));
        std::string const text(i == 7 ? 5'000'000 : i * 1000, static_cast<char>('0' + i));
        write_file(dir / name, text);
        expected.emplace_back(dir / name, text);
        total += text.size();
    }
    for (std::uint64_t const count : {0, 1, 3, 20, 50}) {
        Stage stage(dir / "in", count);
        stage.run_all();
        CHECK((stage.copies.files == expected));
        CHECK(stage.bytes == total);
        if (count > 0) CHECK(stage.source.partition_count() == count);
    }
}

TEST_CASE("files are dealt in order, none is lost, and the partitions are about equal") {
    std::mt19937 random(3);
    for (int round = 0; round < 50; ++round) {
        std::vector<std::uint64_t> sizes(random() % 100);
        std::uint64_t total = 0;
        std::uint64_t largest = 0;
        for (std::uint64_t& size : sizes) {
            size = random() % 10 == 0 ? 0 : random() % 1'000'000;
            total += size + 4096;
            largest = std::max(largest, size + 4096);
        }
        for (std::uint64_t const count : {1, 2, 7, 300}) {
            auto const splits = deal_files(of_sizes(sizes), count);
            REQUIRE(splits.size() == count);
            std::uint64_t next = 0;
            for (Split const& split : splits) {
                REQUIRE(split.begin == next);
                std::uint64_t bytes = 0;
                for (; next < split.end; ++next) bytes += sizes[next] + 4096;
                REQUIRE(bytes <= total / count + largest + 1);
            }
            REQUIRE(next == sizes.size());
        }
    }
}

TEST_CASE("small files share partitions unless the program says otherwise") {
    CHECK(deal_files(of_sizes(std::vector<std::uint64_t>(1000, 10)), 0).size() == 4);
    CHECK(deal_files(of_sizes({std::uint64_t{1} << 40, 5}), 0).size() == 2);
}

TEST_CASE("a file beyond the limit does not fit") {
    TempDir const dir;
    write_file(dir / "in", std::string(2048, 'x'));
    Stage stage(dir / "in");
    stage.source.set_file_limit_bytes(2047);
    std::string const path = dir / "in";
    CHECK(thrown([&] { stage.run_all(); })
          == "StorageError 71: " + path
                 + ": has 2.00 KiB, and read_whole_files holds a file whole, in at most 2.00 KiB on "
                   "this rank; raise --memory (SERRY_MEMORY), run fewer ranks on a node, or read "
                   "the file in pieces (read_text, read_binary)");
    stage.source.set_file_limit_bytes(2048);
    stage.run_all();
    CHECK(stage.copies.files.size() == 1);
}

TEST_CASE("a file that changes after it was listed is an InputError") {
    TempDir const dir;
    write_file(dir / "in", "one");
    Stage stage(dir / "in");
    write_file(dir / "in", "three");
    CHECK(exit_code_of([&] { stage.run_all(); }) == ExitCode::input);
}

TEST_CASE("without a path there is nothing to read") {
    Lineage lineage;
    WholeFileSource const source(lineage, {}, {"/src/job.cpp", 1}, 0);
    CHECK(thrown([&] { source.list_splits({}); })
          == "UsageError 2: read_whole_files (job.cpp:1): no path was given; expected one or more");
}
