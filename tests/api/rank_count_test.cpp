// Law 5 at the number of ranks that this program is run with: what comes out is the oracle's, bit
// for bit, whatever the ranks have of memory, and whatever must be exchanged and spilled for it.

#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/dataset.hpp"
#include "serry/read.hpp"
#include "shuffle/reduce_oracle.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Sum = KeyValue<std::int64_t, double>;
using Count = KeyValue<std::string, std::int64_t>;

std::uint64_t own_rank() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return static_cast<std::uint64_t>(rank);
}

/// Tables that freeze at 16 slots, rounds of 64 bytes, and memory that differs by rank and is soon
/// full.
Options narrow_options(TempDir const& scratch) {
    Options options;
    options.memory_bytes = 12'000 + 4'000 * own_rank();
    options.table_slots = 16;
    options.round_bytes = 64;
    options.scratch = scratch.path();
    options.progress = "off";
    return options;
}

/// The same with larger rounds, which differ by rank: for more records.
Options small_options(TempDir const& scratch) {
    Options options = narrow_options(scratch);
    options.round_bytes = 4'096 >> own_rank() % 3;
    return options;
}

Options wide_options() {
    Options options;
    options.scratch = "/nowhere";
    options.progress = "off";
    return options;
}

struct Job {
    explicit Job(Options const& options) : session(MPI_COMM_WORLD, options) {}

    /// What the exchanges of the last action did, all ranks together.
    Vote last_exchange() const {
        Vote vote;
        for (StageReport const& report : session.reports())
            if (report.plan.ends_in_exchange) vote = report.vote;
        return vote;
    }

    Session session;
    Context context{session, {}, {}};
};

/// How many of the keys are different.
enum class Keys { all_distinct, few, one };

std::uint64_t key_number(Keys keys, std::uint64_t record) {
    return keys == Keys::all_distinct ? record : keys == Keys::few ? record * 7 % 40 : 0;
}

/// Doubles of magnitudes from 1e-12 to 1e12.
std::vector<Sum> sums(Keys keys, std::size_t count) {
    std::mt19937_64 random(count);
    std::vector<Sum> records;
    for (std::size_t i = 0; i < count; ++i) {
        double const magnitude = std::pow(10.0, static_cast<double>(random() % 25) - 12);
        double const fraction = static_cast<double>(random() % 2'000'001) / 1e6 - 1;
        records.emplace_back(static_cast<std::int64_t>(key_number(keys, i)), fraction * magnitude);
    }
    return records;
}

/// Words of 1 to 40 bytes and more, with NUL.
std::vector<Count> words(Keys keys, std::size_t count) {
    std::vector<Count> records;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t const number = key_number(keys, i);
        std::string key = std::to_string(number);
        key.append(number % 40, '\0');
        records.emplace_back(std::move(key), static_cast<std::int64_t>(i % 5));
    }
    return records;
}

struct Counts {
    std::uint64_t source;
    std::uint64_t result;
};

/// Fewer partitions than ranks, as many, and more; on either side.
constexpr Counts all_counts[] = {{1, 64}, {64, 1}, {2, 5}, {5, 2}, {5, 64}, {64, 5}, {64, 64}};

/// reduce_by_key gives the oracle's bytes; returns what the exchange did.
template <typename Record>
Vote check_sums(Options const& options, std::vector<Record> const& records, Counts const& counts) {
    CAPTURE(counts.source);
    CAPTURE(counts.result);
    Job job(options);
    auto const result = parallelize(job.context, records, counts.source)
                            .reduce_by_key(std::plus{}, counts.result)
                            .collect();
    auto const expected = reduce_by_oracle(cut(records, counts.source), std::plus{}, counts.result);
    CHECK((bytes_of(result.to_vector()) == bytes_of(expected)));
    return job.last_exchange();
}

/// With all memory, with little, and with least; proves that each is what it is called.
template <typename MakeRecords>
void check_everywhere(Keys keys, MakeRecords make_records) {
    TempDir const scratch;
    for (Counts const& counts : all_counts) {
        Vote const wide = check_sums(wide_options(), make_records(keys, 3000), counts);
        CHECK(wide.exchanges == 1);
        CHECK(wide.spilled_bytes == 0);
        Vote const small = check_sums(small_options(scratch), make_records(keys, 3000), counts);
        Vote const narrow = check_sums(narrow_options(scratch), make_records(keys, 500), counts);
        if (keys == Keys::one) {
            // All that there is fits the smallest table.
            CHECK(small.exchanges == 1);
            CHECK(small.records_sent <= wide.records_sent);
            continue;
        }
        // Only records that a frozen table refused are exchanged before the end.
        CHECK(small.exchanges > 1);
        CHECK(small.spilled_bytes > 0);
        CHECK(small.records_sent >= wide.records_sent);
        CHECK(small.rounds > wide.rounds);
        CHECK(narrow.rounds > 30);
    }
}

}  // namespace

TEST_CASE("sums of doubles by key are the same bits however little memory the ranks have") {
    for (Keys const keys : {Keys::all_distinct, Keys::few, Keys::one}) {
        CAPTURE(static_cast<int>(keys));
        check_everywhere(keys, sums);
    }
}

TEST_CASE("counts by text keys are the same however little memory the ranks have") {
    for (Keys const keys : {Keys::all_distinct, Keys::few, Keys::one}) {
        CAPTURE(static_cast<int>(keys));
        check_everywhere(keys, words);
    }
}

TEST_CASE("an empty dataset, and one of fewer records than ranks, reduce as the oracle says") {
    TempDir const scratch;
    for (std::size_t const count : {0, 1, 3}) {
        CAPTURE(count);
        for (Counts const& counts : all_counts) {
            check_sums(narrow_options(scratch), sums(Keys::all_distinct, count), counts);
            Vote const vote = check_sums(wide_options(), words(Keys::all_distinct, count), counts);
            CHECK(vote.records_sent == count);
        }
    }
}

TEST_CASE("without memory every record that is passed on is spilled, and comes back") {
    TempDir const scratch;
    Options options = small_options(scratch);
    options.memory_bytes = 1;
    options.table_slots = 2;
    auto const records = words(Keys::all_distinct, 20'000);
    Vote const vote = check_sums(options, records, {7, 5});
    CHECK(vote.exchanges > 4);                                  // one a batch of 512 records
    CHECK(vote.spilled_bytes > bytes_of(records).size() / 20);  // compressed
    CHECK(vote.records_sent == 20'000);
}

TEST_CASE("reduce() of doubles is the same bits at any number of ranks") {
    TempDir const scratch;
    std::vector<double> values;
    for (Sum const& record : sums(Keys::one, 5000)) values.push_back(record.value);
    std::vector<double> const few(values.begin(), values.begin() + 3);
    for (auto const& numbers : {values, few, std::vector<double>()})
        for (std::uint64_t const partitions : {1, 2, 5, 64}) {
            CAPTURE(partitions);
            Job job(narrow_options(scratch));
            auto const sum = parallelize(job.context, numbers, partitions).reduce(std::plus{});
            auto const expected = fold_by_oracle(cut(numbers, partitions), std::plus{});
            REQUIRE(sum.has_value() == expected.has_value());
            if (sum) CHECK(bytes_of(std::vector{*sum}) == bytes_of(std::vector{*expected}));
        }
    // The oracle's order is not that of a loop over all numbers: the test could fail.
    CHECK(*fold_by_oracle(cut(values, 64), std::plus{})
          != std::accumulate(values.begin(), values.end(), 0.0));
}

TEST_CASE("a result of several MiB is held once a node and is the oracle's") {
    std::vector<Count> records;
    for (std::int64_t i = 0; i < 60'000; ++i)
        records.emplace_back("a key of some length, number " + std::to_string(i), i);
    Vote const vote = check_sums(wide_options(), records, {23, 5});
    CHECK(vote.bytes_sent > 2'000'000);
    CHECK(vote.exchanges == 1);
}
