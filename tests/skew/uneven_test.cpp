// One key has half of 10^7 records: what each of 8 ranks handles then, over all stages of a job.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/launched_job.hpp"
#include "support/temp_dir.hpp"

using namespace serry::test;

namespace {

constexpr std::size_t rank_count = 8;

std::uint64_t number_in(std::string const& event, std::string const& field) {
    std::string const name = '"' + field + "\":";
    std::size_t const at = event.find(name);
    REQUIRE(at != std::string::npos);
    return std::stoull(event.substr(at + name.size()));
}

/// What the busiest rank handled over the mean.
struct Skew {
    double records = 0;
    double bytes = 0;
};

Skew skew_of(std::string const& operation) {
    TempDir const dir;
    std::string const log = dir / "events";
    JobResult const job = run_job(rank_count, {SKEW_UNEVEN_JOB_PROGRAM, operation, "--records",
                                               "10000000", "--events", log, "--quiet"});
    CHECK(job.exit_code == 0);
    CHECK(job.out
          == (operation == "reduce" || operation == "group" ? "993154" : "10000000")
                 + std::string(" records\n"));
    std::array<double, rank_count> records{}, bytes{};
    for (std::string const& event : lines_after(read_file(log), "{\"event\":\"stage\"")) {
        std::size_t const rank = number_in(event, "rank");
        for (char const* const field : {"records_in", "records_sent", "records_received"})
            records.at(rank) += static_cast<double>(number_in(event, field));
        for (char const* const field : {"bytes_in", "bytes_sent", "bytes_received"})
            bytes.at(rank) += static_cast<double>(number_in(event, field));
    }
    auto const most_over_mean = [](std::array<double, rank_count> const& by_rank) {
        double sum = 0;
        for (double const one : by_rank) sum += one;
        // The tasks of a job that moves nothing and reads no file have no bytes.
        return sum > 0 ? *std::max_element(by_rank.begin(), by_rank.end()) * rank_count / sum : 1;
    };
    return {most_over_mean(records), most_over_mean(bytes)};
}

}  // namespace

TEST_CASE("a heavy key is no rank's alone where it can be helped") {
    for (std::string const operation : {"reduce", "sort", "broadcast_join", "skewed_join"}) {
        CAPTURE(operation);
        Skew const skew = skew_of(operation);
        CHECK(skew.records <= 1.2);
        CHECK(skew.bytes <= 1.2);
    }
}

TEST_CASE("what brings a key's records to one rank shows it") {
    for (std::string const operation : {"join", "group"}) {
        CAPTURE(operation);
        Skew const skew = skew_of(operation);
        CHECK(skew.records > 2);
        CHECK(skew.bytes > 2);
    }
}
