// Every operator of PartitionOperations against what it means, record by record: the same records
// in the same partitions, in the same order, at every number of ranks.

#include "serry/partition_operations.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "serry/base/error.hpp"
#include "shuffle/reduce_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Lists = Partitions<std::int64_t>;

Lists lists_of(Dataset<std::int64_t> const& dataset) {
    return dataset.glom().collect().to_vector();
}

Numbers joined(Lists const& lists) {
    Numbers all;
    for (Numbers const& list : lists) all.insert(all.end(), list.begin(), list.end());
    return all;
}

/// Partitions of all sizes, some of them empty.
Dataset<std::int64_t> uneven(Context& context, std::uint64_t count, std::uint64_t partitions) {
    return iota(context, count, partitions).filter([](std::int64_t n) {
        return n % 3 != 1 && (n < 40 || n > 90);
    });
}

template <typename Call>
std::string usage_error(Call const& call) {
    try {
        call();
    } catch (UsageError const& error) {
        return error.what();
    }
    return "nothing thrown";
}
template <typename Call>
std::string input_error(Call const& call) {
    try {
        call();
    } catch (InputError const& error) {
        return error.what();
    }
    return "nothing thrown";
}

std::int64_t coded(Joined<std::int64_t, std::int64_t> const& pair) {
    return pair.left * 1000 + pair.right;
}

/// Too little memory for anything to wait, and rounds of a few records; another on each rank.
Options tiny() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    Options options;
    options.progress = "off";
    options.memory_bytes = 6000 + 1000 * static_cast<std::uint64_t>(rank);
    options.round_bytes = 64;
    return options;
}
struct TinyJob {
    Session session{MPI_COMM_WORLD, tiny()};
    Context context{session, {}, {}};
};

std::uint64_t spilled_bytes(Session const& session) {
    std::uint64_t bytes = 0;
    for (StageReport const& report : session.reports()) bytes += report.vote.spilled_bytes;
    return bytes;
}

}  // namespace

TEST_CASE("repartition keeps the order, and partitions differ by one record at most") {
    Job job;
    for (std::uint64_t const count : {0, 1, 2, 100, 1000})
        for (std::uint64_t const partitions : {1, 2, 7, 64}) {
            CAPTURE(count);
            CAPTURE(partitions);
            auto const given = uneven(job.context, count, 9);
            Numbers const expected = given.collect().to_vector();
            Lists const lists = lists_of(given.repartition(partitions));
            CHECK(lists.size() == partitions);
            CHECK(joined(lists) == expected);
            for (Numbers const& list : lists) {
                CHECK(list.size() >= expected.size() / partitions);
                CHECK(list.size() <= (expected.size() + partitions - 1) / partitions);
            }
        }
}

TEST_CASE("coalesce puts neighbouring partitions together") {
    Job job;
    auto const given = uneven(job.context, 100, 9);
    Lists const before = lists_of(given);
    for (std::size_t const partitions : {1, 2, 4, 9, 20}) {
        CAPTURE(partitions);
        Lists expected(partitions);
        for (std::size_t p = 0; p < before.size(); ++p) {
            Numbers& to = expected[p * partitions / before.size()];
            to.insert(to.end(), before[p].begin(), before[p].end());
        }
        CHECK(lists_of(given.coalesce(partitions)) == expected);
    }
}

TEST_CASE("zip pairs records by their places, whatever the partitions of both") {
    Job job;
    for (std::uint64_t const count : {0, 1, 100, 1000})
        for (std::uint64_t const other_partitions : {1, 4, 30}) {
            auto const left = uneven(job.context, count, 9);
            Numbers const numbers = left.collect().to_vector();
            Numbers squares;
            for (std::int64_t const n : numbers) squares.push_back(n * n);
            auto const right = parallelize(job.context, squares, other_partitions);
            Lists const zipped = lists_of(left.zip(right).map([](auto const& pair) {
                return pair.right == pair.left * pair.left ? pair.left : -1;
            }));
            CHECK(zipped == lists_of(left));
        }
}

TEST_CASE("zip of views, of text and of numbers") {
    Job job;
    auto const names = iota(job.context, 500, 5).map(name_in);
    auto const zipped = names.zip(iota(job.context, 500, 8));
    std::int64_t next = 0;
    for (auto const& [name, number] : zipped.collect()) {
        CHECK(name == name_of(next));
        CHECK(number == next++);
    }
    CHECK(next == 500);
}

TEST_CASE("zip of datasets that are not of one length is refused") {
    Job job;
    std::string const text = input_error([&] {
        iota(job.context, 10, 3).zip(iota(job.context, 12, 3), CallSite{"job.cpp", 7});
    });
    CHECK(text == "zip (job.cpp:7): the datasets have 10 and 12 records, expected as many of both");
}

TEST_CASE("zip_partitions gives both sides of each partition, as often as wanted") {
    Job job;
    auto const left = uneven(job.context, 100, 9);
    auto const right = iota(job.context, 50, 4).coalesce(9);
    auto const sums = [](auto const& a, auto const& b, auto const& emit) {
        std::int64_t sum = 0;
        for (std::int64_t const n : a)
            for (std::int64_t const m : b) sum += n * m;
        emit(sum);
        emit(static_cast<std::int64_t>(a.size() * 1000 + b.size()));
    };
    Lists const a = lists_of(left), b = lists_of(right);
    Lists expected(9);
    for (std::size_t p = 0; p < 9; ++p) {
        if (a[p].empty() && b[p].empty()) continue;
        std::int64_t sum = 0;
        for (std::int64_t const n : a[p])
            for (std::int64_t const m : b[p]) sum += n * m;
        expected[p] = {sum, static_cast<std::int64_t>(a[p].size() * 1000 + b[p].size())};
    }
    CHECK(lists_of(left.zip_partitions<std::int64_t>(right, sums)) == expected);

    std::string const text = usage_error([&] {
        left.zip_partitions<std::int64_t>(iota(job.context, 50, 4), sums, CallSite{"job.cpp", 7});
    });
    CHECK(text
          == "zip_partitions (job.cpp:7): the datasets have 9 and 4 partitions, expected as many of "
             "both; repartition() one of them");
}

TEST_CASE("what a function of zip_partitions throws is told with its place") {
    Job job;
    auto const fail = [](auto const&, auto const&, auto const&) { throw std::runtime_error("no"); };
    auto const zipped =
        iota(job.context, 10, 1)
            .zip_partitions<std::int64_t>(iota(job.context, 10, 1), fail, CallSite{"job.cpp", 7});
    std::string text;
    try {
        zipped.count();
    } catch (StageError const& error) {
        text = error.what();
    }
    CHECK(text.find("zip_partitions (job.cpp:7)") != std::string::npos);
    CHECK(text.find("no") != std::string::npos);
}

TEST_CASE("cartesian pairs each record with each, the left one first in order") {
    Job job;
    for (std::uint64_t const left_count : {0, 1, 20})
        for (std::uint64_t const right_count : {0, 1, 700}) {
            auto const left = iota(job.context, left_count, 6);
            auto const right = iota(job.context, right_count, 4);
            Lists expected = lists_of(left);
            for (Numbers& list : expected) {
                Numbers pairs;
                for (std::int64_t const n : list)
                    for (std::uint64_t m = 0; m < right_count; ++m)
                        pairs.push_back(n * 1000 + static_cast<std::int64_t>(m));
                list = pairs;
            }
            CHECK(lists_of(left.cartesian(right).map(coded)) == expected);
        }
}

TEST_CASE("windows cross partitions, whatever their width, step and the partitions' sizes") {
    Job job;
    for (std::uint64_t const count : {0, 1, 5, 100})
        for (std::uint64_t const partitions : {1, 6, 64})
            for (std::uint64_t const width : {1, 2, 5, 40})
                for (std::uint64_t const step : {1, 3, 50}) {
                    CAPTURE(count);
                    CAPTURE(partitions);
                    CAPTURE(width);
                    CAPTURE(step);
                    auto const given = uneven(job.context, count, partitions);
                    Lists const lists = lists_of(given);
                    Numbers const all = joined(lists);
                    Partitions<Numbers> expected(lists.size());
                    std::size_t index = 0;
                    for (std::size_t p = 0; p < lists.size(); ++p)
                        for (std::size_t i = 0; i < lists[p].size(); ++i, ++index)
                            if (index % step == 0 && index + width <= all.size())
                                expected[p].emplace_back(
                                    all.begin() + static_cast<std::ptrdiff_t>(index),
                                    all.begin() + static_cast<std::ptrdiff_t>(index + width));
                    auto const windows = given.sliding(width, step);
                    CHECK((windows.glom().collect().to_vector() == expected));
                }
}

TEST_CASE("of nothing there are no partitions and no windows") {
    Job job;
    auto const numbers = iota(job.context, 10, 2);
    CHECK(usage_error([&] {
              numbers.repartition(0, CallSite{"job.cpp", 7});
          })
          == "repartition (job.cpp:7): 0 partitions asked for, expected at least 1");
    CHECK(usage_error([&] {
              numbers.coalesce(0, CallSite{"job.cpp", 7});
          })
          == "coalesce (job.cpp:7): 0 partitions asked for, expected at least 1");
    CHECK(usage_error([&] {
              numbers.sliding(0, 1, CallSite{"job.cpp", 7});
          })
          == "sliding (job.cpp:7): 0 records asked for, expected at least 1");
    CHECK(usage_error([&] {
              numbers.sliding(1, 0, CallSite{"job.cpp", 7});
          })
          == "sliding (job.cpp:7): 0 records asked for, expected at least 1");
}

TEST_CASE("what does not fit the memory is spilled, and the results stay the same") {
    Job job;
    TinyJob tiny_job;
    auto const run = [](Context& context) {
        auto const numbers = uneven(context, 3000, 9);
        auto const other = iota(context, 10, 2);
        auto const sum = [](Numbers const& window) { return window[0] * 7 + window[2]; };
        auto const ends = [](auto const& a, auto const& b, auto const& emit) {
            for (std::int64_t const n : a) emit(n);
            for (std::int64_t const n : b) emit(-n);
        };
        return std::vector<Lists>{
            lists_of(numbers.repartition(4)),
            lists_of(numbers.coalesce(4)),
            lists_of(numbers.zip(numbers.repartition(3)).map(coded)),
            lists_of(numbers.zip_partitions<std::int64_t>(numbers.coalesce(9), ends)),
            lists_of(numbers.cartesian(other).map(coded)),
            lists_of(numbers.sliding(3, 2).map(sum)),
        };
    };
    CHECK(run(tiny_job.context) == run(job.context));
    CHECK(spilled_bytes(tiny_job.session) > 0);
    CHECK(spilled_bytes(job.session) == 0);
}

TEST_CASE("a union of exchanged parts is numbered, cut and zipped in its order") {
    Job job;
    auto const part = [&](std::int64_t first) {
        return iota(job.context, 100, 5)
            .map([first](std::int64_t n) { return first + n; })
            .repartition(5);
    };
    auto const both = part(0).union_with(part(100));
    Numbers expected;
    for (std::int64_t n = 0; n < 200; ++n) expected.push_back(n);
    CHECK(both.collect().to_vector() == expected);
    std::uint64_t next = 0;
    for (auto const& [index, number] : both.zip_with_index().collect()) {
        CHECK(index == next);
        CHECK(number == static_cast<std::int64_t>(next++));
    }
    CHECK(joined(lists_of(both.repartition(7))) == expected);
    CHECK(joined(lists_of(both.zip(iota(job.context, 200, 3)).map([](auto const& pair) {
              return pair.left == pair.right ? pair.left : -1;
          })))
          == expected);
    CHECK(both.sliding(2).count() == 199);
}
