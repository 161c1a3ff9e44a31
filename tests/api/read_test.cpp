#include "serry/read.hpp"

#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Job {
    Job() = default;
    explicit Job(std::uint64_t partition_count) : session(MPI_COMM_WORLD, with(partition_count)) {}

    static Options with(std::uint64_t partition_count) {
        Options options;
        options.partition_count = partition_count;
        return options;
    }

    Session session{MPI_COMM_WORLD, {}};
    Context context{session, {}, {}};
};

/// A file that all ranks see when it returns.
void write_shared(SharedTempDir const& dir, std::string const& name, std::string const& text) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    if (comm.rank() == 0) write_file(dir / name, text);
    comm.barrier();
}

std::vector<std::string> lines_of(Dataset<std::string_view> const& lines) {
    std::vector<std::string> all;
    for (std::string_view line : lines.collect()) all.emplace_back(line);
    return all;
}

using Lines = std::vector<std::string>;

std::string many_lines() {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "line " + std::to_string(i * i) + '\n';
    return text;
}

/// Emits one record a partition.
struct OneEach {
    template <typename Batch, typename Emit>
    void operator()(Batch const&, Emit const&) const {}
    template <typename Emit>
    void finish(Emit const& emit) const {
        emit(std::int64_t{1});
    }
};

template <typename T>
std::uint64_t partition_count_of(Dataset<T> const& dataset) {
    auto const one_each = [](Partition) { return OneEach(); };
    return dataset.template map_partitions<std::int64_t>(one_each).count();
}

}  // namespace

TEST_CASE("records at hand become a dataset in their order, at any number of partitions") {
    Job job;
    std::vector<std::int64_t> numbers(777);
    std::iota(numbers.begin(), numbers.end(), -5);
    for (std::uint64_t partitions : {0, 1, 3, 1000}) {
        auto const dataset = parallelize(job.context, numbers, partitions);
        CHECK(dataset.collect().to_vector() == numbers);
        CHECK(partition_count_of(dataset) == (partitions ? partitions : 64));
    }
    CHECK(parallelize(job.context, std::vector<std::string>{}).count() == 0);
}

TEST_CASE("--partitions cuts records at hand, where the program does not say otherwise") {
    Job job(5);
    CHECK(partition_count_of(iota(job.context, 100)) == 5);
    CHECK(partition_count_of(iota(job.context, 100, 7)) == 7);
    CHECK(partition_count_of(parallelize(job.context, std::vector<std::int64_t>{1, 2})) == 5);
}

TEST_CASE("iota is the numbers from 0") {
    Job job;
    std::vector<std::int64_t> expected(1000);
    std::iota(expected.begin(), expected.end(), 0);
    CHECK(iota(job.context, 1000).collect().to_vector() == expected);
    CHECK(iota(job.context, 0).count() == 0);
    CHECK(iota(job.context, 1'000'000'000'000).take(2).to_vector()
          == std::vector<std::int64_t>{0, 1});
}

TEST_CASE("range counts up and down, to the ends of the numbers and no further") {
    Job job;
    using Numbers = std::vector<std::int64_t>;
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    auto const numbers = [&](std::int64_t begin, std::int64_t end, std::int64_t step) {
        return range(job.context, begin, end, step, 3).collect().to_vector();
    };
    CHECK(numbers(2, 5, 1) == Numbers{2, 3, 4});
    CHECK(numbers(-3, 6, 4) == Numbers{-3, 1, 5});
    CHECK(numbers(6, -3, -4) == Numbers{6, 2, -2});
    CHECK(numbers(5, 5, 1).empty());
    CHECK(numbers(5, 2, 1).empty());
    CHECK(numbers(2, 5, -1).empty());
    CHECK(numbers(most - 2, most, 2) == Numbers{most - 2});
    CHECK(numbers(least, most, most) == Numbers{least, -1, most - 1});
    CHECK(numbers(most, least, least) == Numbers{most, -1});
    CHECK(range(job.context, least, most).take(1).to_vector() == Numbers{least});
    CHECK(thrown([&] { range(job.context, 1, 2, 0, 0, {"job.cpp", 4}); })
          == "UsageError 2: range (job.cpp:4): the step is 0, expected another number; 1 counts "
             "upwards");
}

TEST_CASE("the lines of a file come in order, without line ends, at any number of partitions") {
    SharedTempDir const dir;
    write_shared(dir, "in", "a\r\n\nb c\n\xff\xfe");
    for (std::uint64_t partitions : {0, 1, 2, 5, 64}) {
        Job job;
        CHECK(lines_of(read_text(job.context, dir / "in", partitions))
              == Lines{"a", "", "b c", "\xff\xfe"});
    }
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("many lines, over all ranks") {
    SharedTempDir const dir;
    std::string const text = many_lines();
    write_shared(dir, "in", text);
    Job job(13);
    std::string joined;
    for (std::string const& line : lines_of(read_text(job.context, dir / "in")))
        joined += line + '\n';
    CHECK((joined == text));
    CHECK(partition_count_of(read_text(job.context, dir / "in")) == 13);
}

TEST_CASE("several paths, folders and patterns, in the order given") {
    SharedTempDir const dir;
    write_shared(dir, "d/b", "1\n");
    write_shared(dir, "d/a", "2\n");
    write_shared(dir, "d/_hidden", "no\n");
    write_shared(dir, "z1", "3\n");
    write_shared(dir, "z2", "4");
    Job job;
    CHECK(lines_of(read_text(job.context, {dir / "z*", dir / "d", dir / "z1"}))
          == Lines{"3", "4", "2", "1", "3"});
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("what cannot be read is told by the first action, on every rank") {
    SharedTempDir const dir;
    Job job;
    std::string const path = dir / "nothing";
    auto const lines = read_text(job.context, path);
    std::string const expected =
        "InputError 65: " + path
        + ": no such file or directory; expected a file, a directory or a pattern that matches files; "
          "check the path, and that the host of rank 0 sees it";
    CHECK(thrown([&] { lines.count(); }) == expected);
    CHECK(thrown([&] { lines.collect(); }) == expected);
    CHECK(iota(job.context, 3).count() == 3);
}
