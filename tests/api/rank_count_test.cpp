// Law 5 at the number of ranks that this program is run with: what comes out is the oracle's, bit
// for bit, whatever the ranks have of memory, and whatever must be exchanged and spilled for it.

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/dataset.hpp"
#include "serry/read.hpp"
#include "shuffle/reduce_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Sum = KeyValue<std::int64_t, double>;
using Count = KeyValue<std::string, std::int64_t>;

constexpr std::uint64_t partition_counts[] = {1, 2, 5, 64};
constexpr std::uint64_t source_partitions = 23;

int own_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

/// Tables that freeze at 16 slots, rounds of 64 bytes, and memory that differs by rank and is soon
/// full.
Options narrow_options() {
    Options options;
    options.memory_bytes = 12'000 + 4'000 * static_cast<std::uint64_t>(own_rank());
    options.table_slots = 16;
    options.round_bytes = 64;
    options.progress = "off";
    return options;
}

Options wide_options() {
    Options options;
    options.progress = "off";
    return options;
}

struct Job {
    explicit Job(Options const& options) : session(MPI_COMM_WORLD, options) {}

    Session session;
    Context context{session, {}, {}};
};

/// Doubles of magnitudes from 1e-12 to 1e12 under so many keys.
std::vector<Sum> doubles(std::size_t count, std::int64_t key_count) {
    std::mt19937_64 random(count);
    std::vector<Sum> records;
    for (std::size_t i = 0; i < count; ++i) {
        double const magnitude = std::pow(10.0, static_cast<double>(random() % 25) - 12);
        double const fraction = static_cast<double>(random() % 2'000'001) / 1e6 - 1;
        records.emplace_back(
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(key_count)),
            fraction * magnitude);
    }
    return records;
}

std::vector<Count> words(std::size_t count, std::uint64_t key_count) {
    std::mt19937_64 random(count + 1);
    std::vector<Count> records;
    for (std::size_t i = 0; i < count; ++i) {
        std::string key = std::to_string(random() % key_count);
        key.append(key.size() * key.size(), '\0');  // up to 40 bytes and more, with NUL
        records.emplace_back(std::move(key), static_cast<std::int64_t>(i % 5));
    }
    return records;
}

/// reduce_by_key over `records` in this job is the oracle's, for every partition count.
template <typename Record>
void check_sums(Job& job, std::vector<Record> const& records) {
    auto const source = parallelize(job.context, records, source_partitions);
    for (std::uint64_t const partitions : partition_counts) {
        CAPTURE(partitions);
        auto const expected =
            reduce_by_oracle(cut(records, source_partitions), std::plus{}, partitions);
        auto const sums = source.reduce_by_key(std::plus{}, partitions);
        CHECK(bytes_of(sums.collect().to_vector()) == bytes_of(expected));
    }
}

/// What the stages of a job that end in an exchange did.
struct Done {
    std::uint64_t rounds = 0;
    std::uint64_t spilled_bytes = 0;
};

Done done_by(Job const& job) {
    Done done;
    for (StageReport const& report : job.session.reports()) {
        done.rounds += report.vote.rounds;
        done.spilled_bytes += report.vote.spilled_bytes;
    }
    return done;
}

}  // namespace

TEST_CASE("sums of doubles by key are the same bits however little memory the ranks have") {
    for (std::int64_t const key_count : {1, 7, 1000, 1'000'000}) {
        CAPTURE(key_count);
        auto const records = doubles(3000, key_count);
        Job narrow(narrow_options());
        check_sums(narrow, records);
        Job wide(wide_options());
        check_sums(wide, records);
        if (key_count >= 1000) {
            CHECK(done_by(narrow).rounds > 10 * done_by(wide).rounds);
            CHECK(done_by(narrow).spilled_bytes > 0);
        }
        CHECK(done_by(wide).spilled_bytes == 0);
    }
}

TEST_CASE("counts by text keys are the oracle's, combined in tables or passed on") {
    for (std::uint64_t const key_count : {1, 50, 100'000}) {
        CAPTURE(key_count);
        auto const records = words(2000, key_count);
        Job narrow(narrow_options());
        check_sums(narrow, records);
        Job wide(wide_options());
        check_sums(wide, records);
    }
}

TEST_CASE("an empty dataset, and one of fewer records than ranks, reduce as the oracle says") {
    for (std::size_t const count : {0, 1, 3}) {
        CAPTURE(count);
        Job narrow(narrow_options());
        check_sums(narrow, doubles(count, 2));
    }
}

TEST_CASE("reduce() of doubles is the same bits at any number of ranks") {
    auto const records = doubles(5000, 1);
    std::vector<double> values;
    for (Sum const& record : records) values.push_back(record.value);
    for (std::uint64_t const partitions : partition_counts) {
        CAPTURE(partitions);
        Job job(narrow_options());
        auto const sum = parallelize(job.context, values, partitions).reduce(std::plus{});
        auto const expected = fold_by_oracle(cut(values, partitions), std::plus{});
        REQUIRE(sum.has_value());
        CHECK(bytes_of(std::vector{*sum}) == bytes_of(std::vector{*expected}));
    }
}

TEST_CASE("a result of several MiB is held once a node and is the oracle's") {
    std::vector<Count> records;
    for (std::int64_t i = 0; i < 60'000; ++i)
        records.emplace_back("a key of some length, number " + std::to_string(i), i);
    Job job(wide_options());
    auto const expected = reduce_by_oracle(cut(records, source_partitions), std::plus{}, 5);
    auto const sums =
        parallelize(job.context, records, source_partitions).reduce_by_key(std::plus{}, 5);
    CHECK(bytes_of(sums.collect().to_vector()) == bytes_of(expected));
}
