// reduce_to_index against reduce_by_key, which is tested against an oracle: the same bits for every
// index that has a value, and zeros between them, in the order of the indices.

#include "serry/shuffle/reduce_to_index.hpp"

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "serry/base/error.hpp"

using namespace serry;
using namespace serry::test;

namespace {

template <typename V, typename F>
void check_against_keys(Dataset<KeyValue<std::uint32_t, V>> const& given,
                        std::uint64_t index_count,
                        F combine,
                        V const& zero,
                        std::uint64_t partition_count) {
    std::map<std::uint32_t, V> expected;
    for (auto const& [key, value] : given.reduce_by_key(combine).collect()) expected[key] = value;
    std::uint64_t next = 0;
    auto const reduced = given.reduce_to_index(index_count, combine, zero, partition_count);
    auto const partitions = reduced.glom().collect().to_vector();
    CHECK((partition_count == 0 || partitions.size() == partition_count));
    for (auto const& partition : partitions)
        for (auto const& [index, value] : partition) {
            REQUIRE(index == next++);
            auto const found = expected.find(index);
            REQUIRE(value == (found == expected.end() ? zero : found->second));
        }
    CHECK(next == index_count);
    CHECK(reduced.count() == index_count);
}

struct TinyJob {
    static Options options() {
        Options options;
        options.progress = "off";
        options.round_bytes = 64;
        return options;
    }
    Session session{MPI_COMM_WORLD, options()};
    Context context{session, {}, {}};
};

template <typename Call>
std::string stage_error(Call const& call) {
    try {
        call();
    } catch (StageError const& error) {
        return error.what();
    }
    return "nothing thrown";
}

}  // namespace

TEST_CASE("sums that round, integer sums and texts are those of reduce_by_key") {
    Job job;
    TinyJob tiny;
    for (Context* const context : {&job.context, &tiny.context})
        for (std::uint64_t const count : {0, 1, 5000})
            for (std::uint64_t const partitions : {0, 1, 5, 64}) {
                auto const numbers = iota(*context, count, 13);
                auto const key = [](std::int64_t n) {
                    return static_cast<std::uint32_t>(n * n % 101);
                };
                auto const reals = numbers.map([key](std::int64_t n) {
                    return KeyValue(key(n), std::ldexp(1.0 / static_cast<double>(n + 1),
                                                       static_cast<int>(n % 40)));
                });
                check_against_keys(reals, 150, std::plus{}, -1.0, partitions);
                auto const integers =
                    numbers.map([key](std::int64_t n) { return KeyValue(key(n), n << (n % 40)); });
                check_against_keys(integers, 101, std::plus{}, std::int64_t{0}, partitions);
                auto const texts =
                    numbers.filter([](std::int64_t n) { return n < 200; })
                        .map([key](std::int64_t n) { return KeyValue(key(n), std::to_string(n)); });
                auto const folded = [](std::string const& a, std::string const& b) {
                    return '(' + a + b + ')';
                };
                check_against_keys(texts, 102, folded, std::string("none"), partitions);
            }
}

TEST_CASE("values that view text, of one index and of many") {
    Job job;
    auto const longest = [](std::string_view a, std::string_view b) {
        return a.size() < b.size() ? b : a;
    };
    auto const names = iota(job.context, 3000, 7).map([](std::int64_t n, Arena& arena) {
        return KeyValue<std::uint32_t, std::string_view>(static_cast<std::uint32_t>(n % 37),
                                                         name_in(n, arena));
    });
    std::uint32_t next = 0;
    for (auto const& [index, name] : names.reduce_to_index(40, longest, "nobody").collect()) {
        CHECK(index == next++);
        CHECK(name == (index < 37 ? std::string_view(name).substr(0, 11) : "nobody"));
        CHECK((index >= 37 || name.size() == 11));
    }
    CHECK(next == 40);
}

TEST_CASE("a key that is no index ends the action, and names the record") {
    Job job;
    auto const given = iota(job.context, 100, 5).map([](std::int64_t n) {
        return KeyValue(static_cast<std::int32_t>(n == 77 ? -3 : n), 1.0);
    });
    std::string const text = stage_error([&] {
        given.reduce_to_index(100, std::plus{}, 0.0, 0, CallSite{"job.cpp", 7}).count();
    });
    CHECK(text.find("reduce_to_index (job.cpp:7)") != std::string::npos);
    CHECK(text.find("the key -3 is no index, expected 0 to 99") != std::string::npos);
    std::string usage;
    try {
        given.reduce_to_index(0, std::plus{}, 0.0, 0, CallSite{"job.cpp", 7});
    } catch (UsageError const& error) {
        usage = error.what();
    }
    CHECK(usage == "reduce_to_index (job.cpp:7): 0 indices asked for, expected at least 1");
}

TEST_CASE("more indices than keys can name are refused, and as many are not") {
    Job job;
    auto const given = iota(job.context, 1000, 5).map([](std::int64_t n) {
        return KeyValue(static_cast<std::uint8_t>(n % 256), std::int64_t{1});
    });
    std::string usage;
    try {
        given.reduce_to_index(257, std::plus{}, 0, 0, CallSite{"job.cpp", 7});
    } catch (UsageError const& error) {
        usage = error.what();
    }
    CHECK(usage
          == "reduce_to_index (job.cpp:7): 257 indices asked for, of which the keys' type holds only "
             "those up to 255");
    CHECK(given.reduce_to_index(256, std::plus{}, 0).count() == 256);
    // More partitions than indices: some are empty.
    CHECK(iota(job.context, 10, 3)
              .map([](std::int64_t n) { return KeyValue(n % 3, n); })
              .reduce_to_index(3, std::plus{}, 0, 64)
              .collect()
              .to_vector()
              .at(2)
              .value
          == 2 + 5 + 8);
}

TEST_CASE("take() of the first indices reads no more partitions than it needs") {
    Job job;
    auto const counts = iota(job.context, 1000, 5)
                            .map([](std::int64_t n) { return KeyValue(n % 100, std::int64_t{1}); })
                            .reduce_to_index(100, std::plus{}, 0, 10);
    auto const first = counts.take(3).to_vector();
    REQUIRE(first.size() == 3);
    CHECK(first[2].key == 2);
    CHECK(first[2].value == 10);
}
