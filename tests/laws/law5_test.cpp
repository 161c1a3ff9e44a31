// Law 5: a partition is not a rank. The same job gives the same bytes at any rank count and any
// memory, sums of floating-point numbers included.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry::test;

namespace {

/// All that a run of the job gives: what it prints, and its parts by name.
std::string bytes_of_run(int rank_count, std::vector<std::string> const& environment) {
    TempDir const dir;
    JobResult const result =
        run_job(rank_count, {LAWS_LAW5_JOB_PROGRAM, dir / "out", "--quiet"}, environment);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    if (result.exit_code != 0) return "";
    std::vector<std::string> parts;
    for (auto const& entry : std::filesystem::directory_iterator(dir / "out"))
        if (entry.path().filename() != "_SUCCESS") parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    std::string bytes = result.out;
    for (std::string const& part : parts)
        bytes += part.substr(part.rfind('/')) + '\n' + read_file(part);
    return bytes;
}

}  // namespace

TEST_CASE("the bytes are the same at any rank count and any memory") {
    std::string const expected = bytes_of_run(1, {});
    CHECK(std::count(expected.begin(), expected.end(), '\n') > 1000);
    CHECK(expected.find("\n29999\n") != std::string::npos);
    for (int rank_count : {2, 3, 4, 7}) {
        CAPTURE(rank_count);
        CHECK((bytes_of_run(rank_count, {}) == expected));
    }
    std::vector<std::vector<std::string>> const settings = {
        {"SERRY_MEMORY=256KiB"},
        {"SERRY_TABLE_SLOTS=64", "SERRY_MEMORY=1MiB"},
        {"SERRY_TABLE_SLOTS=2", "SERRY_ROUND_BYTES=3000", "SERRY_MEMORY=300KiB"},
        {"SERRY_ROUTE=flat"},
        {"SERRY_ROUTE=two-hop", "SERRY_RANKS_PER_NODE=2"},
        {"SERRY_ROUTE=three-hop", "SERRY_RANKS_PER_NODE=2", "SERRY_ROUND_BYTES=3000"},
        {"SERRY_ROUTE=sparse"}};
    for (auto const& environment : settings) {
        for (int rank_count : {1, 3}) {
            CAPTURE(environment[0]);
            CAPTURE(rank_count);
            CHECK((bytes_of_run(rank_count, environment) == expected));
        }
    }
}

TEST_CASE("so few partitions that some ranks have none give the same bytes") {
    for (std::string const partitions : {"SERRY_PARTITIONS=1", "SERRY_PARTITIONS=5"}) {
        CAPTURE(partitions);
        std::string const expected = bytes_of_run(1, {partitions});
        for (int rank_count : {3, 7}) CHECK((bytes_of_run(rank_count, {partitions}) == expected));
    }
}
