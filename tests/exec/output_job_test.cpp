#include "serry/exec/output_job.hpp"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "sink/small_output.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// A session in its first action.
struct Job {
    explicit Job(bool overwrite = false) : session(MPI_COMM_WORLD, with(overwrite)) {
        session.open_action(action);
    }
    static Options with(bool overwrite) {
        Options options;
        options.overwrite = overwrite;
        return options;
    }

    /// Every rank writes a part.
    void write(OutputJob& output) {
        auto const rank = static_cast<std::uint64_t>(session.comm().rank());
        auto const ranks = static_cast<std::uint64_t>(session.comm().rank_count());
        write_file(output.parts_path() + "/part-0000" + std::to_string(rank), "text\n");
        session.comm().barrier();
        Vote vote;
        vote.records_out = ranks;
        vote.bytes_out = 5 * ranks;
        output.commit(vote, ranks);
    }

    Session session;
    Transformation action{session.lineage(),
                          {.name = "write_text",
                           .at = {"/src/job.cpp", 8},
                           .dependency = Dependency::narrow,
                           .parents = {}}};
};

std::size_t entry_count(std::filesystem::path const& folder) { return names_in(folder).size(); }

}  // namespace

TEST_CASE("all ranks write into one folder, which is put in place with a _SUCCESS of the job's") {
    SharedTempDir const dir;
    Job job;
    OutputJob output(job.session, dir / "out", job.action);
    std::string const& path = output.parts_path();
    CHECK(job.session.comm().broadcast(path, 0) == path);
    job.session.comm().barrier();
    CHECK_FALSE(std::filesystem::exists(dir / "out"));

    job.write(output);

    std::string const ranks = std::to_string(job.session.comm().rank_count());
    CHECK(read_file(dir / "out/_SUCCESS")
          == "serry_output 1\njob " + job.session.job_id()
                 + "\naction 1\ncall_site job.cpp:8\npartitions " + ranks + "\nrecords " + ranks
                 + "\nbytes " + std::to_string(5 * std::stoi(ranks)) + '\n');
    CHECK(entry_count(dir / "out") == std::stoul(ranks) + 1);
    CHECK(entry_count(dir.path()) == 1);
    job.session.comm().barrier();
}

TEST_CASE("an output that exists is the same UsageError on every rank") {
    SharedTempDir const dir;
    Job job;
    if (job.session.comm().rank() == 0) write_file(dir / "out/file", "");
    job.session.comm().barrier();
    std::string const path = dir / "out";
    CHECK(thrown([&] { OutputJob(job.session, path, job.action); })
          == "UsageError 2: " + path
                 + ": exists already; choose another --output or pass --overwrite");
    CHECK(entry_count(dir.path()) == 1);
    job.session.comm().barrier();
}

TEST_CASE("with --overwrite an earlier output is replaced") {
    SharedTempDir const dir;
    for (int round = 0; round < 2; ++round) {
        Job job(true);
        OutputJob output(job.session, dir / "out", job.action);
        job.write(output);
        CHECK(read_file(dir / "out/_SUCCESS").find(job.session.job_id()) != std::string::npos);
        job.session.comm().barrier();
    }
    CHECK(entry_count(dir.path()) == 1);
    comm::Communicator(MPI_COMM_WORLD).barrier();
}

TEST_CASE("an output that is not committed leaves nothing behind") {
    SharedTempDir const dir;
    Job job;
    {
        OutputJob const output(job.session, dir / "out", job.action);
        job.session.comm().barrier();
        CHECK(entry_count(dir.path()) == 1);
        write_file(output.parts_path() + "/part-0000" + std::to_string(job.session.comm().rank()),
                   "text\n");
        job.session.comm().barrier();
    }
    job.session.comm().barrier();
    CHECK(entry_count(dir.path()) == 0);
    job.session.comm().barrier();
}

TEST_CASE("a commit that fails on rank 0 is the same StorageError on every rank") {
    SharedTempDir const dir;
    Job job;
    OutputJob output(job.session, dir / "out", job.action);
    std::string const path = dir / "out";
    CHECK(thrown([&] { output.commit(Vote(), 2); })
          == "StorageError 74: " + path + ": 0 part files are in " + output.parts_path()
                 + ", expected 2; the folder of --output must be on a file system that all nodes share");
    job.session.comm().barrier();
}
