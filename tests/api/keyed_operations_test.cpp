#include "serry/keyed_operations.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"

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
