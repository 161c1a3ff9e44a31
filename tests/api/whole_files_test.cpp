#include "serry/whole_files.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("each file is one record, in order, at any number of ranks and partitions") {
    SharedTempDir const dir;
    Job job;
    std::vector<std::string> expected;
    for (int i = 0; i < 40; ++i) {
        std::string const path = dir / ("in/" + std::to_string(100 + i));
        std::string const text(static_cast<std::size_t>(i * i * 10), 'x');
        if (job.session.comm().rank() == 0) write_file(path, text);
        expected.push_back(path + '=' + text);
    }
    job.session.comm().barrier();
    for (std::uint64_t const partitions : {0, 1, 7, 90}) {
        std::vector<std::string> seen;
        for (WholeFile const& file :
             read_whole_files(job.context, dir / "in", partitions).collect())
            seen.push_back(std::string(file.key) + '=' + std::string(file.value));
        CHECK((seen == expected));
    }
    job.session.comm().barrier();
}

TEST_CASE("a quarter of the rank's memory is the most for one file") {
    SharedTempDir const dir;
    Options options;
    options.memory_bytes = 4096;
    Session session(MPI_COMM_WORLD, options);
    Context context(session, {}, {});
    if (session.comm().rank() == 0) write_file(dir / "in", std::string(1025, 'x'));
    session.comm().barrier();
    try {
        read_whole_files(context, dir / "in").count();
        CHECK(false);
    } catch (StageError const& error) {
        CHECK(error.exit_code() == ExitCode::does_not_fit);
        CHECK(std::string(error.what()).find("holds a file whole, in at most 1.00 KiB")
              != std::string::npos);
    }
    session.comm().barrier();
}
