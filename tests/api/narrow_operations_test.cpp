#include "serry/narrow_operations.hpp"

#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/reduce_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// The sum of a partition's numbers, by its index.
struct PartitionSum {
    std::int64_t index;
    std::int64_t sum = 0;

    template <typename Emit>
    void operator()(std::span<std::int64_t const> batch, Emit const&) {
        sum = std::accumulate(batch.begin(), batch.end(), sum);
    }
    template <typename Emit>
    void finish(Emit const& emit) const {
        emit(Count(index, sum));
    }
};

/// What distinct() gives of records in partitions, as reduce_by_key would.
template <typename T>
std::string distinct_bytes(std::vector<T> const& records, std::uint64_t partitions) {
    std::vector<KeyValue<T, bool>> pairs;
    for (T const& record : records) pairs.emplace_back(record, true);
    auto const first = [](bool kept, bool) { return kept; };
    std::vector<T> expected;
    for (auto const& partition : reduce_by_oracle(cut(pairs, 11), first, partitions))
        for (auto const& pair : partition) expected.push_back(pair.key);
    return bytes_of(expected);
}

}  // namespace

TEST_CASE("map, with and without an arena") {
    Job job;
    CHECK(job.numbers().map(squared).collect().to_vector() == oracle(1000, squared, always));
    Results<std::string_view> const names = job.numbers().map(name_in).collect();
    CHECK(std::equal(names.begin(), names.end(), oracle(1000, name_of, always).begin()));
}

TEST_CASE("filter") {
    Job job;
    CHECK(job.numbers().filter(is_odd).collect().to_vector()
          == oracle(
              1000, [](std::int64_t n) { return n; }, is_odd));
}

TEST_CASE("flat_map, by emitting and by returning") {
    Job job;
    Numbers expected;
    for (std::int64_t n = 0; n < 100; ++n)
        for (std::int64_t i = 0; i < n % 4; ++i) expected.push_back(n);
    auto const emitting = [](std::int64_t n, auto&& emit) {
        for (std::int64_t i = 0; i < n % 4; ++i) emit(n);
    };
    auto const returning = [](std::int64_t n) {
        return Numbers(static_cast<std::size_t>(n % 4), n);
    };
    CHECK(job.numbers(100).flat_map<std::int64_t>(emitting).collect().to_vector() == expected);
    CHECK(job.numbers(100).flat_map(returning).collect().to_vector() == expected);
}

TEST_CASE("map_partitions has a state for each partition") {
    Job job;
    auto const sums = job.numbers(1000, 10).map_partitions<Count>([](Partition p) {
        CHECK(p.count == 10);
        return PartitionSum{static_cast<std::int64_t>(p.index)};
    });
    std::vector<Count> expected;
    for (std::int64_t p = 0; p < 10; ++p) expected.emplace_back(p, 100 * (100 * p) + 4950);
    CHECK(sums.collect().to_vector() == expected);
}

TEST_CASE("glom makes one record of a partition, empty ones too, and keeps what views point at") {
    Job job;
    for (std::int64_t const count : {0, 1, 5, 3000}) {
        auto const records = oracle(count, squared, always);
        auto const gloms =
            job.numbers(static_cast<std::uint64_t>(count), 7).map(squared).glom().collect();
        CHECK(gloms.to_vector() == cut(records, 7));
    }
    auto const names = job.numbers(3000, 7).map(name_in).glom().collect();
    CHECK(names.size() == 7);
    std::vector<std::string> all;
    for (auto const& partition : names) all.insert(all.end(), partition.begin(), partition.end());
    CHECK(all == oracle(3000, name_of, always));
    CHECK(job.numbers(3000, 7).glom().take(1).begin()->size() == 429);
}

TEST_CASE("distinct gives each record once, by hash, of any type that can be a key") {
    Job job;
    auto const check = [&](auto const& records) {
        for (std::uint64_t const partitions : {1, 4}) {
            auto const results =
                parallelize(job.context, records, 11).distinct(partitions).collect();
            CHECK(bytes_of(results.to_vector()) == distinct_bytes(records, partitions));
        }
    };
    check(Numbers{});
    check(Numbers{7});
    check(Numbers(1000, 7));
    check(oracle(
        2000, [](std::int64_t n) { return n % 31; }, always));
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    check(Numbers{least, -1, 0, std::numeric_limits<std::int64_t>::max(), least});
    check(std::vector<double>{0.0, -0.0, std::nan("1"), -std::nan("2"), 1e308, -1e308, 0.0});
    check(std::vector<std::string>{"", "a", std::string(1, '\0'), "a", std::string(50, 'x'), ""});
    check(std::vector<Count>{{1, 2}, {2, 1}, {1, 2}});

    Results<std::string_view> const names =
        job.numbers()
            .map([](std::int64_t n, Arena& arena) { return name_in(n % 20, arena); })
            .distinct()
            .collect();
    CHECK(names.size() == 20);
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == 20);
}
