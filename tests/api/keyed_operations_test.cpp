#include "serry/keyed_operations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "shuffle/reduce_oracle.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("key_by and map_values") {
    Job job;
    auto const pairs =
        job.numbers(50).key_by(squared).map_values([](std::int64_t n) { return n + 1; });
    CHECK(pairs.collect().to_vector()
          == oracle(
              50, [](std::int64_t n) { return Count(n * n, n + 1); }, always));
}

TEST_CASE("reduce_by_key gives each key once, of any type of key and value") {
    Job job;
    auto const by_number = job.numbers()
                               .map([](std::int64_t n) { return Count(n % 37, n); })
                               .reduce_by_key(std::plus{});
    std::map<std::int64_t, std::int64_t> sums;
    for (std::int64_t n = 0; n < 1000; ++n) sums[n % 37] += n;
    CHECK(as_map(by_number.collect().to_vector()) == sums);

    auto const by_word =
        job.numbers()
            .map([](std::int64_t n, Arena& arena) { return Word(name_in(n % 37, arena), n); })
            .reduce_by_key(std::plus{}, 5);
    std::map<std::string_view, std::int64_t> word_sums;
    std::vector<std::string> names;
    for (std::int64_t n = 0; n < 37; ++n) names.push_back(name_of(n));
    for (std::int64_t n = 0; n < 37; ++n) word_sums[names[static_cast<std::size_t>(n)]] = sums[n];
    Results<Word> const words = by_word.collect();
    CHECK(as_map(words.to_vector()) == word_sums);

    using Longest = KeyValue<std::pair<std::int64_t, bool>, std::string>;
    auto const longest = [](std::string const& left, std::string const& right) {
        return right.size() > left.size() ? right : left;
    };
    auto const by_pair = job.numbers()
                             .map([](std::int64_t n) {
                                 return Longest({n % 5, is_odd(n)}, name_of(n));
                             })
                             .reduce_by_key(longest);
    std::map<std::pair<std::int64_t, bool>, std::string> first_longest;
    for (std::int64_t n = 0; n < 1000; ++n) {
        std::string& kept = first_longest[{n % 5, is_odd(n)}];
        kept = longest(kept, name_of(n));
    }
    CHECK(as_map(by_pair.collect().to_vector()) == first_longest);
}

namespace {

struct Twice {
    using record_type = std::int64_t;
    template <typename Emit>
    void operator()(std::int64_t n, Emit const& emit) const {
        for (std::int64_t i = 0; i < n % 3; ++i) emit(n + i);
    }
};

}  // namespace

TEST_CASE("keys, values, and any number of values for one") {
    Job job;
    auto const pairs = job.numbers(50).key_by(squared);
    CHECK(pairs.keys().collect().to_vector() == oracle(50, squared, always));
    CHECK(pairs.values().collect().to_vector()
          == oracle(
              50, [](std::int64_t n) { return n; }, always));
    auto const names = job.numbers(50).map(
        [](std::int64_t n, Arena& arena) { return Word(name_in(n, arena), n); });
    Results<std::string_view> const keys = names.keys().collect();
    CHECK(std::equal(keys.begin(), keys.end(), oracle(50, name_of, always).begin()));

    auto const range = [](std::int64_t n) {
        Numbers values;
        for (std::int64_t i = 0; i < n % 3; ++i) values.push_back(n + i);
        return values;
    };
    for (std::uint64_t const count : {0, 1, 2000}) {
        std::vector<Count> expected;
        for (std::int64_t n = 0; n < static_cast<std::int64_t>(count); ++n)
            for (std::int64_t i = 0; i < n % 3; ++i) expected.emplace_back(n * n, n + i);
        auto const numbers = job.numbers(count).key_by(squared);
        CHECK(numbers.flat_map_values(Twice{}).collect().to_vector() == expected);
        CHECK(numbers.flat_map_values(range).collect().to_vector() == expected);
    }
}

TEST_CASE("fold_by_key takes its zero once a key, from the left") {
    Job job;
    auto const pairs = job.numbers(100, 20).map([](std::int64_t n) { return Count(n % 3, n); });
    CHECK(as_map(pairs.fold_by_key(1000, std::plus{}, 4).collect().to_vector())
          == std::map<std::int64_t, std::int64_t>{{0, 2683}, {1, 2617}, {2, 2650}});
    auto const join = [](std::string const& a, std::string const& b) { return a + b; };
    auto const texts = job.numbers(6, 3).map(
        [](std::int64_t n) { return KeyValue<bool, std::string>(n % 2 != 0, std::to_string(n)); });
    CHECK(as_map(texts.fold_by_key("<", join).collect().to_vector())
          == std::map<bool, std::string>{{false, "<024"}, {true, "<135"}});
    CHECK(job.numbers(0).key_by(squared).fold_by_key(1, std::plus{}).count() == 0);
}

TEST_CASE("combine_by_key and aggregate_by_key make values of another type, in order") {
    Job job;
    auto const list_of = [](std::int64_t n) { return Numbers{n}; };
    auto const append = [](Numbers list, std::int64_t n) {
        list.push_back(n);
        return list;
    };
    auto const join = [](Numbers left, Numbers const& right) {
        left.insert(left.end(), right.begin(), right.end());
        return left;
    };
    for (std::int64_t const count : {0, 1, 7, 500}) {
        std::map<std::int64_t, Numbers> expected;
        for (std::int64_t n = 0; n < count; ++n) expected[n % 7].push_back(n);
        auto const pairs =
            job.numbers(static_cast<std::uint64_t>(count), 20).map([](std::int64_t n) {
                return Count(n % 7, n);
            });
        CHECK(as_map(pairs.combine_by_key(list_of, append, join, 3).collect().to_vector())
              == expected);
        CHECK(as_map(pairs.aggregate_by_key(Numbers{}, append, join, 3).collect().to_vector())
              == expected);
    }
}

namespace {

struct Mean {
    double sum = 0;
    std::int64_t count = 0;
};

}  // namespace

TEST_CASE("aggregates by key that round are the same bits at any number of ranks") {
    Job job;
    using Real = KeyValue<std::int64_t, double>;
    std::vector<Real> records;
    for (std::int64_t n = 0; n < 3000; ++n)
        records.emplace_back(n * n % 11, 1e9 / static_cast<double>(n + 1));
    auto const add = [](Mean const& mean, double x) { return Mean{mean.sum + x, mean.count + 1}; };
    auto const merge = [](Mean const& a, Mean const& b) {
        return Mean{a.sum + b.sum, a.count + b.count};
    };
    std::vector<KeyValue<std::int64_t, Mean>> singles;
    for (Real const& record : records) singles.emplace_back(record.key, Mean{record.value, 1});
    auto const expected = reduce_by_oracle(cut(singles, 13), merge, 5);
    auto const means =
        parallelize(job.context, records, 13).aggregate_by_key(Mean{}, add, merge, 5);
    CHECK(bytes_of(means.collect().to_vector()) == bytes_of(expected));
}

TEST_CASE("count_by_key, lookup and collect_as_map") {
    Job job;
    auto const pairs = job.numbers(100).map([](std::int64_t n) { return Count(n % 7, n); });
    auto const counts = pairs.count_by_key();
    CHECK(counts.size() == 7);
    CHECK(counts.value_or(1, 0) == 15);
    CHECK(counts.value_or(2, 0) == 14);
    CHECK_FALSE(counts.contains(7));
    CHECK(pairs.lookup(5).to_vector()
          == oracle(
              100, [](std::int64_t n) { return n; }, [](std::int64_t n) { return n % 7 == 5; }));
    CHECK(pairs.lookup(7).empty());
    auto const map = pairs.collect_as_map();
    CHECK(map.size() == 7);
    for (std::int64_t key = 0; key < 7; ++key)
        CHECK(map.value_or(key, 0) == (key < 2 ? 98 : 91) + key);
    auto const none = job.numbers(0).key_by(squared);
    CHECK(none.count_by_key().empty());
    CHECK(none.collect_as_map().empty());
    CHECK(none.lookup(0).empty());

    auto const reals = job.numbers(4).map([](std::int64_t n) {
        return KeyValue<double, std::int64_t>(n % 2 ? -0.0 : std::nan(""), n);
    });
    CHECK(reals.lookup(0.0).to_vector() == Numbers{1, 3});
    CHECK(reals.lookup(-std::nan("1")).to_vector() == Numbers{0, 2});
    CHECK(reals.count_by_key().value_or(0.0, 0) == 2);
    auto const names = job.numbers(50).map(
        [](std::int64_t n, Arena& arena) { return Word(name_in(n % 5, arena), n); });
    CHECK(names.count_by_key().value_or("number 3", 0) == 10);
    CHECK(names.collect_as_map().value_or("number 3", 0) == 48);
    CHECK(names.lookup("number 3").size() == 10);
}

TEST_CASE("a result of an exchange is held: what comes before it runs once") {
    Job job;
    int calls = 0;
    auto const counts = job.numbers(100)
                            .map([&calls](std::int64_t n) {
                                ++calls;
                                return Count(n % 3, 1);
                            })
                            .reduce_by_key(std::plus{});
    CHECK(counts.count() == 3);
    CHECK(counts.filter([](Count const& count) { return count.value == 34; }).count() == 1);
    CHECK(job.session.comm().all_reduce_sum(static_cast<std::uint64_t>(calls)) == 100);
}

TEST_CASE("exchanges follow one another, and loops assign datasets") {
    Job job;
    auto counts = job.numbers(729).map([](std::int64_t n) { return Count(n, 1); });
    for (int round = 0; round < 5; ++round)
        counts = counts.map([](Count const& count) { return Count(count.key / 3, count.value); })
                     .reduce_by_key(std::plus{});
    CHECK(as_map(counts.collect().to_vector())
          == std::map<std::int64_t, std::int64_t>{{0, 243}, {1, 243}, {2, 243}});
}
