#include "serry/write_hdf5.hpp"

#include <array>
#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "serry/read_hdf5.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Row = std::array<double, 3>;

Row row(std::int64_t n) {
    double const first = static_cast<double>(n) / 8;
    return {first, -first, 1};
}

}  // namespace

TEST_CASE("an output holds a file a partition, all of them as one, and _SUCCESS") {
    SharedTempDir const dir;
    Job job;
    write_hdf5(job.numbers(1000).map(row), dir / "out", "/rows");
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::directory_iterator(dir / "out"))
        count += entry.is_regular_file();
    CHECK(count == 11 + 2);
    CHECK(read_file(dir / "out/_SUCCESS").find("partitions 11\nrecords 1000\n")
          != std::string::npos);
    CHECK((read_hdf5<Row>(job.context, dir / "out", "/rows").collect().to_vector()
           == oracle(1000, row, always)));
    CHECK(thrown([&] {
              read_hdf5<Row>(job.context, dir / "out/_all.h5", "/rows").count();
          }).find("its records are in other files")
          != std::string::npos);
    job.session.comm().barrier();
}

TEST_CASE("an output is replaced with --overwrite alone") {
    SharedTempDir const dir;
    std::string const path = dir / "out";
    for (bool const overwrite : {false, true}) {
        Options options;
        options.overwrite = overwrite;
        Session session(MPI_COMM_WORLD, options);
        Context context(session, {}, {});
        write_hdf5(iota(context, 5, 2), path, "n");
        CHECK(read_hdf5<int>(context, path, "n").count() == 5);
        session.comm().barrier();
        if (!overwrite)
            CHECK(thrown([&] { write_hdf5(iota(context, 5), path, "n"); })
                  == "UsageError 2: " + path
                         + ": exists already; choose another --output or pass --overwrite");
        session.comm().barrier();
    }
}

TEST_CASE("options that make no sense are told before anything runs") {
    Job job;
    auto const failure = [&](std::string const& name, WriteHdf5Options const& options) {
        return thrown([&] {
            write_hdf5(job.numbers(), "/nowhere/out", name, options, {"/src/job.cpp", 9});
        });
    };
    std::string const begin = "UsageError 2: write_hdf5 (job.cpp:9): ";
    CHECK(failure("/a/", {})
          == begin
                 + "\"/a/\" cannot be the name of a dataset, expected one like \"/group/dataset\"");
    CHECK(failure("a", {.deflate_level = 10})
          == begin + "the deflate_level is 10, expected 0 (none) to 9");
    CHECK(failure("a", {.chunk_bytes = 0})
          == begin + "chunk_bytes is 0, expected 1 to 1073741824, 1 GiB");
}
