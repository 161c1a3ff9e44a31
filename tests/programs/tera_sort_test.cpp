#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

namespace fs = std::filesystem;

/// Records of 100 bytes; keys of all bytes, every tenth one of few.
std::vector<std::string> make_records(std::size_t count) {
    std::mt19937_64 random(7);
    std::vector<std::string> records(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::string record(100, '.');
        std::string const number = std::to_string(i);
        record.replace(20, number.size(), number);
        for (std::size_t k = 0; k < 10; ++k)
            record[k] = static_cast<char>(i % 10 == 0 ? random() % 2 * 255 : random());
        records[i] = record;
    }
    return records;
}

std::string joined(std::vector<std::string> const& records) {
    std::string all;
    for (std::string const& record : records) all += record;
    return all;
}

JobResult run_tera_sort(int rank_count, std::vector<std::string> const& words) {
    std::vector<std::string> command = {TERA_SORT_PROGRAM};
    command.insert(command.end(), words.begin(), words.end());
    JobResult result = run_job(rank_count, command, {"SERRY_QUIET=1"});
    CHECK(result.exit_code == 0);
    CHECK(result.errors.empty());
    return result;
}

std::string output_of(fs::path const& output) {
    std::vector<std::string> parts;
    for (auto const& entry : fs::directory_iterator(output))
        if (entry.path().filename() != "_SUCCESS") parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    CHECK(parts.size() == 5);
    std::string all;
    for (std::string const& part : parts) all += read_file(part);
    return all;
}

}  // namespace

TEST_CASE("records are sorted by their first ten bytes, stably, with any ranks and memory") {
    TempDir const dir;
    auto records = make_records(20'000);
    write_file(dir / "in", joined(records));
    auto const has_smaller_key = [](std::string const& a, std::string const& b) {
        return std::string_view(a).substr(0, 10) < std::string_view(b).substr(0, 10);
    };
    std::stable_sort(records.begin(), records.end(), has_smaller_key);
    for (int const ranks : {1, 2, 3})
        for (std::string const memory : {"1g", "300k"}) {
            fs::path const out = dir / ("out" + std::to_string(ranks) + memory);
            run_tera_sort(ranks, {dir / "in", "--output", out, "--partitions", "5", "--memory",
                                  memory, "--scratch", dir.path()});
            CHECK((output_of(out) == joined(records)));
        }
}

TEST_CASE("without an output the records are counted") {
    TempDir const dir;
    write_file(dir / "in", joined(make_records(123)));
    CHECK(run_tera_sort(2, {dir / "in", "--descending"}).out == "123 records\n");
}
