#include "serry/stage/union.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/reduce_oracle.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

Numbers numbers_from(std::int64_t first, std::int64_t count) {
    Numbers numbers;
    for (std::int64_t n = 0; n < count; ++n) numbers.push_back(first + n);
    return numbers;
}

struct Parts {
    explicit Parts(Context& context) {
        std::int64_t first = 0;
        for (auto const& [count, partitions] : std::vector<std::pair<std::int64_t, std::uint64_t>>{
                 {40, 5}, {3, 1}, {0, 2}, {90, 13}}) {
            Numbers const numbers = numbers_from(first, count);
            first += count;
            datasets.push_back(parallelize(context, numbers, partitions));
            for (auto const& partition : cut(numbers, partitions)) records.push_back(partition);
        }
    }
    Dataset<std::int64_t> all() const { return Dataset<std::int64_t>::union_of(datasets); }

    std::vector<Dataset<std::int64_t>> datasets;
    Partitions<std::int64_t> records;
};

/// Gives one number for its partition.
struct Numbered {
    std::int64_t number;

    template <typename Emit>
    void operator()(std::span<std::int64_t const>, Emit const&) const {}
    template <typename Emit>
    void finish(Emit const& emit) const {
        emit(number);
    }
};

std::string part_text(std::string const& folder, std::uint64_t partition) {
    std::ifstream file(folder + "/part-000" + (partition < 10 ? "0" : "")
                       + std::to_string(partition));
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("a union has its parts' records in their order, for every action") {
    Job job;
    Parts const parts(job.context);
    auto const all = parts.all();
    Numbers const expected = numbers_from(0, 133);
    CHECK(all.count() == 133);
    CHECK(all.collect().to_vector() == expected);
    for (std::int64_t const count : {0, 1, 8, 9, 41, 44, 132, 133, 200})
        CHECK(all.take(static_cast<std::uint64_t>(count)).to_vector()
              == numbers_from(0, std::min<std::int64_t>(count, 133)));
    auto const by_last_digit = [](std::int64_t a, std::int64_t b) { return a % 10 < b % 10; };
    Numbers sorted = expected;
    std::stable_sort(sorted.begin(), sorted.end(), by_last_digit);
    sorted.resize(20);
    CHECK(all.top(20, by_last_digit).to_vector() == sorted);
    CHECK(all.reduce(std::plus{}) == 133 * 132 / 2);
}

TEST_CASE("write_text of a union writes a part for each partition of each of its parts") {
    Job job;
    SharedTempDir const dir;
    Parts const parts(job.context);
    std::string const folder = dir.path() / "out";
    parts.all().write_text(folder);
    CHECK(parts.records.size() == 21);
    for (std::uint64_t p = 0; p < parts.records.size(); ++p) {
        std::string text;
        for (std::int64_t const n : parts.records[p]) text += std::to_string(n) + '\n';
        CHECK(part_text(folder, p) == text);
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

TEST_CASE("partitions are numbered through, and in the parts as they were") {
    Job job;
    Parts const parts(job.context);
    auto const numbered = [](Partition partition) {
        return Numbered{static_cast<std::int64_t>(partition.index * 100 + partition.count)};
    };
    auto const part = parts.datasets[0].map_partitions<std::int64_t>(numbered);
    CHECK(parts.datasets[1].union_with(part).collect().to_vector()
          == Numbers{40, 41, 42, 5, 105, 205, 305, 405});
    CHECK(parts.datasets[1]
              .union_with(part)
              .map_partitions<std::int64_t>(numbered)
              .collect()
              .to_vector()
          == Numbers{6, 106, 206, 306, 406, 506});
}

TEST_CASE("unions of unions, and of a dataset with itself") {
    Job job;
    Parts const parts(job.context);
    auto const twice = parts.all().union_with(parts.all());
    Numbers expected = numbers_from(0, 133);
    auto const once = expected;
    expected.insert(expected.end(), once.begin(), once.end());
    CHECK(twice.collect().to_vector() == expected);
    auto const same = parts.datasets[3].union_with(parts.datasets[3]);
    auto const of_same = same.union_with(same);
    CHECK(of_same.count() == 360);
    CHECK(of_same.take(100).to_vector()[90] == 43);
}

TEST_CASE("doubles summed over a union are the same bits at any number of ranks") {
    Job job;
    Parts const parts(job.context);
    using Sum = KeyValue<std::int64_t, double>;
    auto const to_sum = [](std::int64_t n) {
        return Sum(n % 7, 1.0 / static_cast<double>(n + 1) + 1e9 * static_cast<double>(n % 3));
    };
    Partitions<Sum> pairs;
    for (auto const& partition : parts.records) {
        pairs.emplace_back();
        for (std::int64_t const n : partition) pairs.back().push_back(to_sum(n));
    }
    auto const sums = parts.all().map(to_sum).reduce_by_key(std::plus{}, 4);
    auto const expected = reduce_by_oracle(pairs, std::plus{}, 4);
    CHECK(bytes_of(sums.collect().to_vector()) == bytes_of(expected));

    auto const value = [](Sum const& sum) { return sum.value; };
    Partitions<double> values;
    for (auto const& partition : pairs) {
        values.emplace_back();
        for (Sum const& sum : partition) values.back().push_back(sum.value);
    }
    CHECK(parts.all().map(to_sum).map(value).reduce(std::plus{})
          == fold_by_oracle(values, std::plus{}));
}

TEST_CASE("what exchanges brought is united where it is, whatever the numbers of partitions") {
    Job job;
    auto const pairs = job.numbers(500).map([](std::int64_t n) { return Count(n % 50, n); });
    auto const some = pairs.reduce_by_key(std::plus{}, 3);
    auto const more = pairs.reduce_by_key(std::plus{}, 8);
    auto expected = some.collect().to_vector();
    for (Count const& count : more.collect()) expected.push_back(count);
    auto const both = some.union_with(more);
    std::size_t const before = job.session.reports().size();
    CHECK(both.collect().to_vector() == expected);
    CHECK(job.session.reports().size() == before + 1);
    // Not hash-partitioned any more: this needs an exchange.
    auto const sums = as_map(both.reduce_by_key(std::plus{}).collect().to_vector());
    CHECK(job.session.reports().size() == before + 3);
    CHECK(sums.size() == 50);
    CHECK(sums.at(3) == 2 * (3 * 10 + 50 * 45));
}

TEST_CASE("what a part throws is told with the union's partition") {
    Job job;
    auto const bad = job.numbers(20, 2).map([](std::int64_t n) {
        if (n == 15) throw std::runtime_error("no fifteen");
        return n;
    });
    std::string text;
    try {
        job.numbers(30, 3).union_with(bad).count();
    } catch (StageError const& error) {
        text = error.what();
    }
    CHECK(text.find("(union_with > count) failed on rank ") != std::string::npos);
    CHECK(text.find("partition 4 of 5, in map (union_test.cpp:") != std::string::npos);
    CHECK(text.find("record 5: std::runtime_error: no fifteen") != std::string::npos);
}
