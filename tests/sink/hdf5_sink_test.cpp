#include "serry/sink/hdf5_sink.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "serry/source/hdf5_source.hpp"
#include "sink/failing_calls.hpp"
#include "sink/mounted_folder.hpp"
#include "sink/stage_on_ranks.hpp"
#include "sink/thrown.hpp"
#include "source/hdf5_files.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct User {
    std::uint16_t id = 0;
    std::string name;
    double score = 0;
    bool active = false;
    std::string country;

    friend bool operator==(User const&, User const&) = default;
};

User user(int i) {
    return {static_cast<std::uint16_t>(i), "Zoë " + std::to_string(i), i / 16.0, i % 2 == 1,
            i % 2 == 0 ? "de" : ""};
}

/// f(0) to f(2999), in partitions of 0, 1000, 0 and 2000 records.
template <typename F>
auto partitions_of(F f) {
    std::vector<std::vector<decltype(f(0))>> partitions(4);
    for (int i = 0; i < 1000; ++i) partitions[1].push_back(f(i));
    for (int i = 1000; i < 3000; ++i) partitions[3].push_back(f(i));
    return partitions;
}

template <typename T>
void write(std::string const& folder,
           std::vector<std::vector<T>> const& partitions,
           Hdf5Storage const& storage) {
    std::filesystem::create_directories(folder);
    Lineage lineage;
    Given<T> source(lineage, partitions);
    Transformation const action(lineage, action_named("write_hdf5"));
    Hdf5Sink<T> sink(source, action, folder, storage);
    run_rank(sink, 0, 1, partitions.size());
    write_hdf5_view(folder, storage, hdf5_record<T>(), sink.part_rows());
}

template <typename T>
std::vector<T> read_back(std::string const& folder, std::string const& dataset) {
    Lineage lineage;
    auto const source = std::make_shared<Hdf5Source<T>>(
        lineage, Hdf5Input{{folder}, dataset, hdf5_record<T>()}, CallSite{"/src/job.cpp", 1}, 0);
    source->set_splits(source->list_splits({3}));
    Runner<T> runner(source);
    std::vector<T> all;
    for (std::uint64_t p = 0; p < source->partition_count(); ++p)
        for (T const& record : runner.run(p, source->partition_count())) all.push_back(record);
    return all;
}

template <typename F>
auto all_of(F f) {
    std::vector<decltype(f(0))> all;
    for (int i = 0; i < 3000; ++i) all.push_back(f(i));
    return all;
}

std::int64_t sevens(int i) { return std::int64_t{i} * 7 - 20'000; }
std::array<float, 3> row(int i) {
    float const first = static_cast<float>(i) / 4;
    return {first, first + 1, first + 2};
}
std::int64_t same(int i) { return i; }

}  // namespace

template <>
inline constexpr auto serry::field_names<User> =
    serry::names("id", "name", "score", "active", "country");

TEST_CASE("h5py and pandas read what was written, cell by cell, and read_hdf5 does") {
    TempDir const dir;
    write(dir / "numbers", partitions_of(sevens), {.dataset = "/a/b/numbers"});
    write(dir / "rows", partitions_of(row), {.dataset = "rows", .chunk_bytes = 1000});
    write(dir / "users", partitions_of(user), {.dataset = "users", .chunk_bytes = 4096});
    write(dir / "deflated", partitions_of(same),
          {.dataset = "n", .deflate_level = 4, .has_checksums = false, .chunk_bytes = 1024});
    write(dir / "none", std::vector<std::vector<std::int64_t>>(2), {.dataset = "n"});
    run_python("sink/check_hdf5.py", {dir.path()});
    CHECK((read_back<std::int64_t>(dir / "numbers", "/a/b/numbers") == all_of(sevens)));
    CHECK((read_back<std::array<float, 3>>(dir / "rows", "rows") == all_of(row)));
    CHECK((read_back<User>(dir / "users", "users") == all_of(user)));
    CHECK((read_back<std::int64_t>(dir / "deflated", "n") == all_of(same)));
    CHECK(read_back<std::int64_t>(dir / "none", "n").empty());
}

TEST_CASE("texts and bools alone") {
    TempDir const dir;
    auto const word = [](int i) { return std::string(static_cast<std::size_t>(i % 50), 'x'); };
    auto const is_third = [](int i) { return i % 3 == 0; };
    write(dir / "words", partitions_of(word), {.dataset = "w"});
    CHECK((read_back<std::string>(dir / "words", "w") == all_of(word)));
    std::vector<std::vector<unsigned char>> bytes(1);
    for (int i = 0; i < 256; ++i) bytes[0].push_back(static_cast<unsigned char>(i));
    write(dir / "bytes", bytes, {.dataset = "b"});
    CHECK(read_back<unsigned char>(dir / "bytes", "b") == bytes[0]);
    static_cast<void>(is_third);
}

TEST_CASE("the same records give the same bytes, at any time") {
    TempDir const dir;
    for (char const* name : {"one", "two"}) {
        write(dir / name, partitions_of(user), {.dataset = "/all/of/users", .deflate_level = 1});
        std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    }
    for (char const* file : {"/part-00001.h5", "/part-00003.h5", "/_all.h5"})
        CHECK((read_file(dir / (std::string("one") + file))
               == read_file(dir / (std::string("two") + file))));
}

TEST_CASE("text with a zero byte is located at the action and the record") {
    TempDir const dir;
    Lineage lineage;
    std::vector<std::string> records(700, "text");
    records[600] = std::string("a\0b", 3);
    Given<std::string> source(lineage, {records});
    Transformation const action(lineage, action_named("write_hdf5"));
    Hdf5Sink<std::string> sink(source, action, dir.path(), {.dataset = "w"});
    try {
        run_rank(sink, 0, 1, 1);
        FAIL("nothing was thrown");
    } catch (TaskFailure const& failure) {
        CHECK(std::string(failure.what())
              == "a text of 3 bytes holds a zero byte, at which HDF5's texts end; leave it out, or "
                 "write_text");
        CHECK(failure.exit_code() == ExitCode::input);
        CHECK(failure.step()->label() == "write_hdf5 (job.cpp:8)");
        CHECK(failure.record() == 600);
    }
}

TEST_CASE("a full disk is a storage error wherever it comes, and HDF5 gets over it") {
    TempDir const dir;
    std::vector<std::vector<std::int64_t>> const numbers{std::vector<std::int64_t>(100'000, 7)};
    std::vector<std::vector<std::string>> const words{
        std::vector<std::string>(20'000, "some text")};
    int failures = 0;
    for (char const* size : {"size=16k", "size=64k", "size=256k", "size=512k"}) {
        MountedFolder const small(dir / size, size);
        if (!small.is_mounted()) {
            MESSAGE("skipped: only root may mount");
            return;
        }
        for (std::uint64_t const chunk_bytes : {4096, 1 << 20}) {
            std::string const name = "out" + std::to_string(chunk_bytes);
            std::string const failure = thrown([&] {
                write(small.path() / name, numbers,
                      {.dataset = "n", .deflate_level = 0, .chunk_bytes = chunk_bytes});
            });
            std::string const begin =
                "StorageError 74: " + (small.path() / name).string() + "/part-00000.h5: writing ";
            CHECK(failure.substr(0, begin.size()) == begin);
            CHECK(failure.find("No space left on device; ") != std::string::npos);
            failures += failure != "nothing thrown";
            CHECK(thrown([&] {
                      write(small.path() / (name + "w"), words, {.dataset = "w"});
                  }).starts_with("StorageError 74: "));
        }
    }
    CHECK(failures == 8);
    write(dir / "after", numbers, {.dataset = "n"});
    CHECK((read_back<std::int64_t>(dir / "after", "n") == numbers[0]));
}

TEST_CASE("the disk that is full for the view alone") {
    TempDir const dir;
    MountedFolder const small(dir / "small", "size=4k");
    if (!small.is_mounted()) return;
    write_file(small.path() / "filler", std::string(4096, 'x'));
    CHECK(thrown([&] {
              write_hdf5_view(small.path(), {.dataset = "n"}, hdf5_record<int>(), {{0, 5}, {1, 7}});
          }).starts_with("StorageError 74: " + (small.path() / "_all.h5").string() + ": writing "));
}
