// Data that is no mistake, but unusual.
#include <string>

#include "faults/fault.hpp"

using namespace serry::test;

namespace {

/// "LONGEST COUNT" of the lines of a file that is `byte_count` long and, but for its first line,
/// empty of anything.
std::string measured(std::uint64_t byte_count, int rank_count, std::chrono::seconds limit) {
    TempDir const dir;
    write_file(dir / "in", "one line\n");
    std::filesystem::resize_file(dir / "in", byte_count);
    JobResult const result = run_job(
        rank_count, {FAULTS_INPUT_JOB_PROGRAM, "measure", dir / "in", "--quiet"}, {}, limit);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    return result.out;
}

}  // namespace

TEST_CASE("a line of a quarter GiB, at more partitions than lines") {
    constexpr std::uint64_t byte_count = std::uint64_t{256} << 20;
    CHECK(measured(byte_count, 2, std::chrono::seconds(60))
          == std::to_string(byte_count - 9) + " 2\n");
}

TEST_CASE("records of no bytes and of ten million, spilled and not") {
    for (std::vector<std::string> const& environment :
         {std::vector<std::string>{}, {"SERRY_MEMORY=1MiB", "SERRY_TABLE_SLOTS=2"}}) {
        for (int rank_count : {1, 3}) {
            CAPTURE(environment.size());
            CAPTURE(rank_count);
            JobResult const result = run_job(rank_count, {FAULTS_ODD_DATA_JOB_PROGRAM, "--quiet"},
                                             environment, std::chrono::seconds(60));
            CHECK_FALSE(result.timed_out);
            CHECK(result.exit_code == 0);
            CHECK(result.err == "");
            CHECK(result.out
                  == "0 10000000 0 10000001\n"
                     "2 keys of 0 to 10000000 bytes\n"
                     "nothing: 0 records, 0 keys, none reduced\n");
        }
    }
}

TEST_CASE("more ranks than partitions, and than records") {
    TempDir const dir;
    write_file(dir / "in", "a b a\n");
    for (std::string const partitions : {"1", "3"}) {
        JobResult const result =
            run_job(7, {WORD_COUNT_PROGRAM, dir / "in", "--partitions", partitions, "--quiet"});
        CHECK(result.exit_code == 0);
        CHECK(result.out == "2\ta\n1\tb\n");
    }
}
