// `serry checkpoints`: exact about what is valid, and why not.
#include "serry/tool/checkpoint_tool.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/killed_jobs.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// A job that was killed, with what it left.
struct Left {
    KilledJob job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "chain"}, ""});
    KilledJobRun run{job};
    std::string folder = run.checkpoints();

    Left() { CHECK(run.run(2, "sink-commit:0:1").exit_code == 137); }
    std::string pack(std::string const& number) const {
        return folder + '/' + number + "-1/rank-000001.h5";
    }
};

int exit_code(std::vector<std::string> const& words) {
    std::vector<std::string> command = {SERRY_TOOL_PROGRAM, "checkpoints"};
    command.insert(command.end(), words.begin(), words.end());
    return run_command(command, std::chrono::seconds(10)).exit_code;
}

}  // namespace

TEST_CASE("what a killed job left is listed, shown and found valid") {
    Left const left;
    ToolReport const list = list_checkpoints(left.folder);
    CHECK(list.text.find(" of faults_resume_job, attempt 1; 3 results in the journal\n")
          != std::string::npos);
    CHECK(list.text.find("        1        1      1           5          1,009   ")
          != std::string::npos);
    CHECK(list.text.find("  checkpoint \"both\" (resume_job.cpp:") != std::string::npos);
    ToolReport const verified = verify_checkpoints(left.folder);
    CHECK(verified.is_good);
    CHECK(verified.text.find("checkpoint 1: valid\n") == 0);
    CHECK(verified.text.find("7 of 7 checkpoints are valid, ") != std::string::npos);
    ToolReport const job = show_checkpoint(left.folder, std::nullopt);
    CHECK(job.text.find("\nargument chain\nargument " + left.run.output() + "\n")
          != std::string::npos);
    CHECK(job.text.find("\njournal: result 0 of take (resume_job.cpp:") != std::string::npos);
    CHECK(show_checkpoint(left.folder, 2).text.find("serry_checkpoint 1\nnumber 2\n") == 0);
    CHECK(exit_code({"ls", left.folder}) == 0);
    CHECK(exit_code({"verify", left.folder}) == 0);
    CHECK(exit_code({"show", left.folder, "3"}) == 0);
}

TEST_CASE("what is damaged is named, and pruned") {
    Left left;
    std::filesystem::remove(left.pack("000002"));
    write_file(left.pack("000003"), read_file(left.pack("000003")) + "more");
    std::string bytes = read_file(left.pack("000006"));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
    write_file(left.pack("000006"), bytes);
    write_file(left.folder + "/000007.manifest", "serry_checkpoint 1\n");
    ToolReport const verified = verify_checkpoints(left.folder);
    CHECK_FALSE(verified.is_good);
    auto const line = [&](std::string const& number) {
        auto const lines = lines_after(verified.text, "checkpoint " + number + ": ");
        return lines.empty() ? "" : lines[0];
    };
    CHECK(line("1") == "valid");
    CHECK(line("2") == "not valid: " + left.pack("000002") + ": No such file or directory");
    check_matches(line("3"),
                  "not valid: " + left.pack("000003") + ": has [0-9]+ bytes, expected [0-9]+");
    check_matches(line("6"), "not valid: " + left.pack("000006") + ": is damaged: .*");
    CHECK(line("7")
          == "not valid: " + left.folder
                 + "/000007.manifest: is damaged: it is not as it was written");
    CHECK(verified.text.find("3 of 7 checkpoints are valid, ") != std::string::npos);
    CHECK(list_checkpoints(left.folder).text.find("         7  its manifest is damaged\n")
          != std::string::npos);
    CHECK(exit_code({"verify", left.folder}) == 74);

    CHECK(prune_checkpoints(left.folder, 2).text == "5 checkpoints deleted, 2 kept\n");
    CHECK(verify_checkpoints(left.folder).text.find("2 of 2 checkpoints are valid, ")
          != std::string::npos);
    left.run.check_finishes(3);
    check_matches(list_checkpoints(left.folder).text,
                  "job [0-9a-f]+-[0-9a-f]+ has succeeded\nno checkpoints\n");
}

TEST_CASE("other folders are refused") {
    TempDir const dir;
    std::string const path = dir.path();
    CHECK(thrown([&] { list_checkpoints(path); })
          == "UsageError 2: " + path
                 + ": holds no checkpoints of serry's; expected a folder that jobs were given as "
                   "--checkpoint");
    CHECK(thrown([&] { verify_checkpoints(path + "/none"); })
          == "UsageError 2: " + path
                 + "/none: is no folder; expected one that jobs were given as --checkpoint");
    Left const left;
    CHECK(thrown([&] { show_checkpoint(left.folder, 99); })
          == "UsageError 2: " + left.folder
                 + ": has no checkpoint 99; \"serry checkpoints ls\" lists those it has");
    CHECK(exit_code({"ls"}) == 2);
    CHECK(exit_code({}) == 2);
}
