#include "serry/source/binary_source.hpp"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "source/input_file.hpp"
#include "stage/pipelines.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Point {
    double x = 0;
    std::int64_t id = 0;

    friend bool operator==(Point const&, Point const&) = default;
};

std::vector<Point> points(int begin, int end) {
    std::vector<Point> points;
    for (int i = begin; i < end; ++i) points.push_back({i / 4.0, i});
    return points;
}

template <typename T>
std::string bytes_of(std::vector<T> const& records) {
    return {reinterpret_cast<char const*>(records.data()), records.size() * sizeof(T)};
}

template <typename T>
std::shared_ptr<BinarySource<T>> source_of(std::vector<std::string> patterns,
                                           std::uint64_t header_bytes = 0) {
    Lineage lineage;
    return std::make_shared<BinarySource<T>>(lineage, std::move(patterns), header_bytes,
                                             CallSite{"/src/job.cpp", 1}, 0);
}

template <typename T>
std::vector<T> read_all(std::vector<std::string> patterns,
                        std::uint64_t header_bytes,
                        std::uint64_t partition_count) {
    auto const source = source_of<T>(std::move(patterns), header_bytes);
    source->set_splits(source->list_splits({partition_count}));
    Runner<T> runner(source);
    std::vector<T> all;
    for (std::uint64_t p = 0; p < source->partition_count(); ++p)
        for (T const& record : runner.run(p, source->partition_count())) all.push_back(record);
    return all;
}

}  // namespace

TEST_CASE("the records of several files come in order, at any partition count") {
    TempDir const dir;
    write_file(dir / "in/a", "head" + bytes_of(points(0, 10'000)));
    write_file(dir / "in/b", "head");
    write_file(dir / "in/c", "head" + bytes_of(points(10'000, 10'003)));
    for (std::uint64_t const count : {0, 1, 2, 3, 64, 20'000})
        CHECK((read_all<Point>({dir / "in"}, 4, count) == points(0, 10'003)));
}

TEST_CASE("records of bytes") {
    TempDir const dir;
    std::string const text = "one  two  threefour five ";
    write_file(dir / "in", text);
    auto const words = read_all<std::array<char, 5>>({dir / "in"}, 0, 2);
    CHECK(words.size() == 5);
    CHECK(bytes_of(words) == text);
    CHECK(read_all<char>({dir / "in"}, 20, 3) == std::vector<char>{'f', 'i', 'v', 'e', ' '});
}

TEST_CASE("an empty input has no records") {
    TempDir const dir;
    write_file(dir / "in", "");
    CHECK(read_all<double>({dir / "in"}, 0, 3).empty());
}

TEST_CASE("a file that holds no whole records is an InputError with the sizes") {
    TempDir const dir;
    write_file(dir / "in", std::string(1027, 'x'));
    std::string const path = dir / "in";
    auto const source = source_of<std::array<char, 100>>({path}, 7);
    CHECK(thrown([&] { source->list_splits({}); })
          == "InputError 65: " + path
                 + ": has 1020 bytes behind a header of 7, expected a multiple of the record's 100 "
                   "bytes (10 records leave 20 bytes); check that the file is whole, and that its "
                   "records are as the program reads them");
    auto const large_header = source_of<std::array<char, 100>>({path}, 2000);
    CHECK(thrown([&] { large_header->list_splits({}); })
          == "InputError 65: " + path
                 + ": has 1027 bytes, expected a header of 2000 and records of 100 bytes each; "
                   "check the path and header_bytes");
    CHECK(thrown([&] { source_of<char>({})->list_splits({}); })
          == "UsageError 2: read_binary (job.cpp:1): no path was given; expected one or more");
}

TEST_CASE("a file that changes after it was listed is an InputError") {
    TempDir const dir;
    write_file(dir / "in", bytes_of(points(0, 100)));
    auto const source = source_of<Point>({dir / "in"});
    source->set_splits(source->list_splits({1}));
    write_file(dir / "in", bytes_of(points(0, 101)));
    Runner<Point> runner(source);
    CHECK(thrown([&] { runner.run(0, 1); })
          == "InputError 65: " + (dir / "in").string()
                 + ": the file changed while it was being read: it has 1616 bytes, expected 1600 "
                   "bytes; leave the input alone while a job runs, and start the job again");
}

TEST_CASE("other records, headers and paths make another lineage") {
    auto const fingerprint = source_of<double>({"in"})->fingerprint();
    CHECK(source_of<double>({"in"})->fingerprint() == fingerprint);
    CHECK(source_of<float>({"in"})->fingerprint() != fingerprint);
    CHECK(source_of<double>({"in"}, 1)->fingerprint() != fingerprint);
    CHECK(source_of<double>({"on"})->fingerprint() != fingerprint);
}
