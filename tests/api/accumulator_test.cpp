#include "serry/accumulator.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/reduce_oracle.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Total = Accumulator<std::int64_t>;

/// The numbers below `count`, added to `total` on their way.
Dataset<std::int64_t> added_to(Total const& total, Dataset<std::int64_t> const& numbers) {
    return numbers.map([total](std::int64_t n) {
        total.add(n);
        return n;
    });
}

/// For map_partitions: adds by a copy.
struct Handler {
    Total total;
    template <typename Emit>
    void operator()(std::span<std::int64_t const> batch, Emit const&) const {
        for (std::int64_t const n : batch) Total(total).add(n);
    }
};

}  // namespace

TEST_CASE("what tasks add is the same on all ranks after an action, and nothing before it") {
    Job job;
    Total total(job.context);
    auto const numbers = added_to(total, job.numbers());
    CHECK(total.value() == 0);
    numbers.count();
    CHECK(total.value() == 499'500);
}

TEST_CASE("a second action on a dataset adds nothing") {
    Job job;
    Total total(job.context, 7);
    auto const numbers = added_to(total, job.numbers());
    for (int i = 0; i < 3; ++i) {
        numbers.count();
        numbers.filter(is_odd).collect();
        CHECK(total.value() == 499'507);
    }
}

TEST_CASE("of runs that stopped early, the one that went furthest counts") {
    Job job;
    Total total(job.context);
    auto const numbers = added_to(total, job.numbers(100'000, 10));
    numbers.take(1);
    CHECK(total.value() == 512 * 511 / 2);
    numbers.take(600);
    CHECK(total.value() == 1024 * 1023 / 2);
    numbers.take(1);
    CHECK(total.value() == 1024 * 1023 / 2);
    numbers.count();
    CHECK(total.value() == std::int64_t{100'000} * 99'999 / 2);
    numbers.take(1);
    CHECK(total.value() == std::int64_t{100'000} * 99'999 / 2);
}

TEST_CASE("each function that an accumulator is given to counts for itself") {
    Job job;
    Total total(job.context);
    auto const once = added_to(total, job.numbers(10));
    auto const twice = added_to(total, once);
    twice.count();
    CHECK(total.value() == 90);
    added_to(total, job.numbers(10)).count();
    CHECK(total.value() == 135);
    for (int i = 0; i < 2; ++i) job.numbers(10).foreach ([total](std::int64_t n) { total.add(n); });
    CHECK(total.value() == 225);
}

TEST_CASE("handlers of map_partitions, and copies made in tasks, add to their function's") {
    Job job;
    Total total(job.context);
    auto const numbers =
        job.numbers().map_partitions<std::int64_t>([total](Partition) { return Handler{total}; });
    numbers.count();
    numbers.count();
    CHECK(total.value() == 499'500);
}

TEST_CASE("what a failed stage added does not count") {
    Job job;
    Total total(job.context);
    bool fails = true;
    auto const numbers = added_to(total, job.numbers()).map([&fails](std::int64_t n) {
        if (fails && n == 999) throw std::runtime_error("the last one");
        return n;
    });
    CHECK(thrown([&] { numbers.count(); }).find("StageError 66: ") == 0);
    CHECK(total.value() == 0);
    fails = false;
    numbers.count();
    CHECK(total.value() == 499'500);
}

TEST_CASE("work before an exchange adds once, whatever is done with its result") {
    Job job;
    Total total(job.context);
    auto const sums = added_to(total, job.numbers())
                          .map([](std::int64_t n) { return Count(n % 7, n); })
                          .reduce_by_key(std::plus{});
    CHECK(sums.count() == 7);
    CHECK(sums.collect().size() == 7);
    CHECK(total.value() == 499'500);
}

TEST_CASE(
    "values of other types are combined in the order of partitions, the same bits everywhere") {
    Job job;
    auto const join = [](std::string const& a, std::string const& b) { return a + b; };
    Accumulator<std::string, decltype(join)> text(job.context, "<", join);
    Accumulator<double> sum(job.context);
    std::string expected = "<";
    std::vector<double> reals;
    for (std::int64_t n = 0; n < 300; ++n) {
        if (n % 3 == 0) expected += std::to_string(n) + ' ';
        reals.push_back(1e15 / static_cast<double>(n * n + 1));
    }
    job.numbers(300)
        .map([text, sum](std::int64_t n) {
            if (n % 3 == 0) text.add(std::to_string(n) + ' ');
            sum.add(1e15 / static_cast<double>(n * n + 1));
            return n;
        })
        .count();
    CHECK(text.value() == expected);
    double expected_sum = 0;
    for (auto const& partition : cut(reals, 11)) {
        double part = partition[0];
        for (std::size_t i = 1; i < partition.size(); ++i) part += partition[i];
        expected_sum += part;
    }
    CHECK(bytes_of(std::vector{sum.value()}) == bytes_of(std::vector{expected_sum}));
}

TEST_CASE("adding outside of a task is an error, and combining may throw") {
    Job job;
    Total total(job.context);
    CHECK(thrown([&] { total.add(1); })
          == "UsageError 2: an accumulator was added to outside of a task, where every rank would "
             "add; add to it in functions given to transformations, or add to a variable of your own");
    job.numbers(5).count();
    CHECK(thrown([&] { total.add(1); }).find("UsageError 2: ") == 0);

    auto const bounded = [](std::int64_t a, std::int64_t b) {
        if (a + b > 100'000) throw std::overflow_error("too much");
        return a + b;
    };
    Accumulator<std::int64_t, decltype(bounded)> small(job.context, 0, bounded);
    job.numbers()
        .map([small](std::int64_t n) {
            small.add(n);
            return n;
        })
        .count();
    CHECK(thrown([&] { small.value({"job.cpp", 3}); })
          == "StageError 66: accumulator value (job.cpp:3) failed on every rank, combining the "
             "partitions' results: std::overflow_error: too much");
}
