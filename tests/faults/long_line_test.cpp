// A line of 1 GiB: apart from the others for the memory and the time that it takes.
#include <string>

#include "faults/fault.hpp"

using namespace serry::test;

TEST_CASE("a line of a GiB is read as any other") {
    constexpr std::uint64_t byte_count = std::uint64_t{1} << 30;
    TempDir const dir;
    write_file(dir / "in", "one line\n");
    std::filesystem::resize_file(dir / "in", byte_count);
    JobResult const result =
        run_job(2, {FAULTS_INPUT_JOB_PROGRAM, "measure", dir / "in", "--quiet"},
                {"SERRY_MEMORY=8GiB"}, std::chrono::seconds(120));
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    CHECK(result.out == std::to_string(byte_count - 9) + " 2\n");
}
