#include "serry/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "exec/numbers_stage.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct PassOn {
    template <typename Emit>
    void operator()(std::span<std::int64_t const> batch, Emit const& emit) const {
        for (std::int64_t n : batch) emit(n);
    }
};

}  // namespace

TEST_CASE("apply makes transformations of one's own") {
    Job job;
    auto const doubled = [](Dataset<std::int64_t> const& numbers) {
        return numbers.map([](std::int64_t n) { return 2 * n; });
    };
    CHECK(job.numbers(3).apply(doubled).collect().to_vector() == Numbers{0, 2, 4});
}

TEST_CASE("count, of everything and of nothing") {
    Job job;
    CHECK(job.numbers(12345).count() == 12345);
    CHECK(job.numbers(0).count() == 0);
    CHECK(job.numbers(3, 50).count() == 3);
}

TEST_CASE("take gives the first records, and runs no more partitions than it needs") {
    Job job;
    for (std::uint64_t count : {0, 1, 5, 99, 100, 101, 1000, 5000}) {
        Results<std::int64_t> const taken = job.numbers().take(count);
        CHECK(taken.to_vector()
              == oracle(
                  static_cast<std::int64_t>(std::min<std::uint64_t>(count, 1000)),
                  [](std::int64_t n) { return n; }, always));
    }
    int calls = 0;
    job.numbers(100'000, 10).filter([&calls](std::int64_t) { return ++calls > 0; }).take(1);
    CHECK(job.session.comm().all_reduce_sum(static_cast<std::uint64_t>(calls)) < 10'000);
}

TEST_CASE("top gives the first by any order, of equal ones the earlier") {
    Job job;
    auto const by_last_digit = [](std::int64_t a, std::int64_t b) { return a % 10 > b % 10; };
    CHECK(job.numbers().top(4, by_last_digit).to_vector() == Numbers{9, 19, 29, 39});
    CHECK(job.numbers().top(0, by_last_digit).to_vector() == Numbers{});
    CHECK(job.numbers(3).top(10, std::greater{}).to_vector() == Numbers{2, 1, 0});
    CHECK(job.numbers(3).top(std::uint64_t{1} << 63, std::greater{}).to_vector()
          == Numbers{2, 1, 0});
    Results<std::string_view> const names = job.numbers().map(name_in).top(2, std::greater{});
    CHECK(names.to_vector() == std::vector<std::string_view>{"number 999", "number 998"});
}

TEST_CASE("first and is_empty run no more partitions than they need") {
    Job job;
    for (std::uint64_t const count : {1, 2, 1000}) {
        CHECK(job.numbers(count, 20).first() == 0);
        CHECK_FALSE(job.numbers(count, 20).is_empty());
    }
    CHECK_FALSE(job.numbers(0, 20).first());
    CHECK(job.numbers(0, 20).is_empty());
    CHECK(parallelize(job.context, Numbers{}).is_empty());
    auto const late = job.numbers(1000, 100).filter([](std::int64_t n) { return n == 998; });
    CHECK(late.first() == 998);
    CHECK_FALSE(late.is_empty());
    CHECK(late.filter(is_odd).is_empty());
    CHECK(job.numbers(10).map(name_in).first() == "number 0");
    int calls = 0;
    auto const counted =
        job.numbers(100'000, 10).filter([&calls](std::int64_t) { return ++calls > 0; });
    counted.first();
    counted.is_empty();
    CHECK(job.session.comm().all_reduce_sum(static_cast<std::uint64_t>(calls)) <= 2 * 512);
    auto const pointers = job.numbers(5).map([](std::int64_t) { return std::make_shared<int>(1); });
    CHECK_FALSE(pointers.is_empty());
}

TEST_CASE("take_ordered gives the least, NaN last, of equal ones the earlier") {
    Job job;
    CHECK(
        job.numbers().map([](std::int64_t n) { return (n * 7) % 1000; }).take_ordered(3).to_vector()
        == Numbers{0, 1, 2});
    CHECK(job.numbers(0).take_ordered(3).empty());
    CHECK(job.numbers(5).take_ordered(0).empty());
    CHECK(parallelize(job.context, Numbers(20, 4)).take_ordered(50).to_vector() == Numbers(20, 4));
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    auto const odd = parallelize(
        job.context, std::vector<double>{not_a_number, 1, -0.0, not_a_number, 0.0, -1}, 4);
    auto const least = odd.take_ordered(9).to_vector();
    REQUIRE(least.size() == 6);
    CHECK(least[0] == -1);
    CHECK((least[1] == 0 && std::signbit(least[1]) && least[2] == 0 && !std::signbit(least[2])));
    CHECK(least[3] == 1);
    CHECK((std::isnan(least[4]) && std::isnan(least[5])));
    CHECK(job.numbers(200).map(name_in).take_ordered(2).to_vector()
          == std::vector<std::string_view>{"number 0", "number 1"});
}

namespace {

/// Adds a partition's numbers, and counts partitions.
struct Adding {
    std::uint64_t* sum;
    std::uint64_t* partitions;

    void operator()(std::span<std::int64_t const> batch) const {
        for (std::int64_t const n : batch) *sum += static_cast<std::uint64_t>(n);
    }
    void finish() const { ++*partitions; }
};

}  // namespace

TEST_CASE("foreach_partition has a state for each partition") {
    Job job;
    for (std::uint64_t const count : {0, 1, 1000}) {
        std::uint64_t sum = 0, partitions = 0;
        job.numbers(count, 13).foreach_partition([&](Partition partition) {
            CHECK(partition.count == 13);
            return Adding{&sum, &partitions};
        });
        CHECK(job.session.comm().all_reduce_sum(sum) == count * (count - (count > 0)) / 2);
        CHECK(job.session.comm().all_reduce_sum(partitions) == 13);
    }
}

TEST_CASE("foreach sees every record once, on some rank") {
    Job job;
    std::uint64_t sum = 0;
    job.numbers().foreach ([&sum](std::int64_t n) { sum += static_cast<std::uint64_t>(n); });
    CHECK(job.session.comm().all_reduce_sum(sum) == 499'500);
}

TEST_CASE("write_text makes a part for each partition, and _SUCCESS") {
    SharedTempDir const dir;
    Job job;
    job.numbers(20, 3)
        .map([](std::int64_t n) { return Count(n, n * n); })
        .write_text(dir / "out", {"job.cpp", 9});
    CHECK(read_file(dir / "out/part-00000").find("0\t0\n1\t1\n2\t4\n") == 0);
    std::string all;
    for (std::string const name : {"out/part-00000", "out/part-00001", "out/part-00002"})
        all += read_file(dir / name);
    std::string expected;
    for (int n = 0; n < 20; ++n)
        expected += std::to_string(n) + '\t' + std::to_string(n * n) + '\n';
    CHECK(all == expected);
    CHECK(read_file(dir / "out/_SUCCESS")
          == "serry_output 1\njob " + job.session.job_id() + "\naction 1\ncall_site job.cpp:9\npartitions 3\n"
             "records 20\nbytes " + std::to_string(expected.size()) + '\n');
    job.session.comm().barrier();
}

TEST_CASE("an output that failed is not there") {
    SharedTempDir const dir;
    Job job;
    auto const failing = job.numbers(100).map([](std::int64_t n) {
        if (n == 77) throw std::runtime_error("bad");
        return n;
    });
    CHECK(thrown([&] { failing.write_text(dir / "out"); }).find("StageError 66: ") == 0);
    job.session.comm().barrier();
    CHECK(std::filesystem::is_empty(dir.path()));
    job.session.comm().barrier();
}

TEST_CASE("explain tells the stages with their steps and call sites") {
    Job job;
    auto const counts = iota(job.context, 10, 4, {"job.cpp", 1})
                            .map([](std::int64_t n) { return Count(n, n); }, {"job.cpp", 2})
                            .reduce_by_key(std::plus{}, 3, {"job.cpp", 3})
                            .filter([](Count const&) { return true; }, {"job.cpp", 4});
    CHECK(counts.explain()
          == "stage 1\n  iota (job.cpp:1), 4 partitions\n  map (job.cpp:2)\n"
             "  reduce_by_key (job.cpp:3), 3 partitions\nstage 2\n  filter (job.cpp:4)\n");
}

TEST_CASE("what functions throw where all ranks do the same is a StageError of the action") {
    Job job;
    auto const add = [](std::int64_t left, std::int64_t right) {
        if (left + right == 499'500) throw std::overflow_error("too much");
        return left + right;
    };
    std::string const error = thrown([&] { job.numbers().reduce(add, {"job.cpp", 5}); });
    std::string const in_stage = "StageError 66: stage 1 (iota > reduce) failed on rank 0 " + this_host()
                                 + ", partition 10 of 11, in reduce (job.cpp:5), record 90: "
                                   "std::overflow_error: too much";
    CHECK(error
          == (job.context.rank_count() == 1
                  ? in_stage
                  : "StageError 66: reduce (job.cpp:5) failed on every rank, combining "
                    "the partitions' results: std::overflow_error: too much"));

    auto const before = [](std::int64_t left, std::int64_t right) {
        if (left + right == 999 + 0) throw std::range_error("these two");
        return left % 1000 == 999 && right % 1000 != 999;
    };
    CHECK(thrown([&] {
              job.numbers(1000, 1000)
                  .filter([](std::int64_t n) { return n % 999 == 0; })
                  .top(1, before, {"job.cpp", 6});
          }).find("StageError 66: ")
          == 0);
    CHECK(job.numbers().count() == 1000);
}

TEST_CASE("a function that throws while ranks order their own records for top ends the stage") {
    Job job;
    auto const before = [](std::int64_t left, std::int64_t right) {
        if (std::max(left, right) == 999) throw std::range_error("the last one");
        return left > right;
    };
    std::string const last = std::to_string(job.context.rank_count() - 1);
    std::string const error = thrown([&] {
        job.numbers(1000, 11).top(5000, before, {"job.cpp", 6});
    });
    CHECK(error
          == "StageError 66: stage 1 (iota > top) failed on rank " + last + ' ' + this_host()
                 + ", partition 10 of 11, in top (job.cpp:6), record 90: std::range_error: the last one");
    CHECK(job.numbers().count() == 1000);
}

TEST_CASE("a program that asks for more partitions than any machine could hold is told so") {
    Job job;
    std::string const rest =
        " partitions were asked for, expected at most 16,777,216; ask for fewer, or "
        "leave their number to serry";
    CHECK(thrown([&] {
              iota(job.context, 5, 20'000'000, {"job.cpp", 1}).count();
          })
          == "UsageError 2: iota (job.cpp:1): 20000000" + rest);
    auto const counts = job.numbers().map([](std::int64_t n) { return Count(n, n); });
    CHECK(thrown([&] {
              counts.reduce_by_key(std::plus{}, 20'000'000, {"job.cpp", 2}).count();
          })
          == "UsageError 2: reduce_by_key (job.cpp:2): 20000000" + rest);
}

TEST_CASE("records may be bools, which a std::vector does not hold as such") {
    Job job;
    std::vector<bool> flags;
    for (int i = 0; i < 1000; ++i) flags.push_back(i % 7 == 0);
    auto const held = parallelize(job.context, flags, 5);
    CHECK(held.collect().to_vector() == flags);
    CHECK(held.filter(std::identity()).count() == 143);
    CHECK(held.top(200, std::greater{}).to_vector()[142]);
    CHECK_FALSE(held.top(200, std::greater{}).to_vector()[143]);
    CHECK(held.reduce(std::logical_or{}) == true);
    auto const twice = held.flat_map([](bool flag) { return std::vector<bool>{flag, !flag}; });
    CHECK(twice.filter(std::identity()).count() == 1000);
}

TEST_CASE("as many narrow steps run in a row as may be asked for, and more are refused") {
    Job job;
    auto numbers = job.numbers(1000, 2);
    auto const one_more = [](std::int64_t n) { return n + 1; };
    auto const emit_it = [](std::int64_t n, auto&& emit) { emit(n); };
    for (std::uint64_t i = 0; i < most_narrow_steps; i += 4)
        numbers = numbers.map(one_more)
                      .flat_map<std::int64_t>(emit_it)
                      .map_partitions<std::int64_t>([](Partition) { return PassOn(); })
                      .filter(always);
    CHECK(numbers.reduce(std::plus{}) == 999 * 500 + 1000 * 1024);
    for (int i = 0; i < 200'000; ++i) numbers = numbers.map(one_more);
    CHECK(thrown([&] { numbers.count(); }).find("UsageError 2: 204,096 narrow steps in a row")
          == 0);
    CHECK(job.numbers().count() == 1000);
}
