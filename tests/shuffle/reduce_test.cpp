#include "serry/shuffle/reduce.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <doctest/doctest.h>

#include "shuffle/simulated_shuffle.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Neither associative nor commutative: every fold but the documented one gives another text.
struct Nest {
    std::string operator()(std::string const& left, std::string const& right) const {
        return '(' + left + right + ')';
    }
};
struct AddNumbers {
    double operator()(double left, double right) const { return left + right; }
};

std::string random_key(std::mt19937_64& random, std::uint64_t most_keys) {
    std::uint64_t const number = random() % most_keys;
    return std::to_string(number) + std::string(number % 37, number % 2 ? '\0' : 'k');
}

template <typename K, typename V, typename MakeKey, typename MakeValue>
Partitions<KeyValue<K, V>> make_sources(std::uint64_t partitions,
                                        std::uint64_t most_records,
                                        MakeKey make_key,
                                        MakeValue make_value) {
    std::mt19937_64 random(partitions * 1000 + most_records);
    Partitions<KeyValue<K, V>> sources(partitions);
    for (auto& partition : sources)
        for (std::uint64_t i = random() % (most_records + 1); i > 0; --i)
            partition.emplace_back(make_key(random), make_value(random));
    return sources;
}

/// On some numbers of ranks, with some memory, into some numbers of partitions: always the oracle's
/// bytes.
template <typename K, typename V, typename F>
void check_everywhere(Partitions<KeyValue<K, V>> const& sources, F combine) {
    TempDir const dir;
    for (std::uint64_t const results : {1, 2, 7}) {
        auto const expected = reduce_by_oracle(sources, combine, results);
        for (int const ranks : {1, 2, 3, 5})
            for (std::uint64_t const slots : {0, 2, 5, 16})
                for (std::uint64_t const memory : {0, 20000, 1 << 30}) {
                    SimulatedShuffle<K, V, F> shuffle(sources, combine,
                                                      {.rank_count = ranks,
                                                       .result_partitions = results,
                                                       .memory_bytes = memory,
                                                       .table_slots = slots,
                                                       .window_bytes = 1 + memory % 777,
                                                       .scratch = dir.path()});
                    shuffle.run();
                    CHECK(shuffle.records_sent() == shuffle.records_received());
                    auto const found = shuffle.result();
                    REQUIRE(found.size() == results);
                    for (std::size_t p = 0; p < results; ++p)
                        CHECK((found[p] == bytes_of(expected[p])));
                }
    }
}

}  // namespace

TEST_CASE("integer sums by text are the same on any ranks, with any memory") {
    for (std::uint64_t const partitions : {1, 3, 8})
        check_everywhere(
            make_sources<std::string, std::int64_t>(
                partitions, 700, [](auto& random) { return random_key(random, 100); },
                [](auto& random) { return static_cast<std::int64_t>(random() >> 20); }),
            std::plus<>());
}

TEST_CASE("texts that show how they were folded are the same on any ranks, with any memory") {
    for (std::uint64_t const partitions : {1, 5, 8, 13})
        check_everywhere(make_sources<std::int64_t, std::string>(
                             partitions, 150,
                             [](auto& random) { return static_cast<std::int64_t>(random() % 20); },
                             [](auto& random) {
                                 return std::string(1, static_cast<char>('a' + random() % 26));
                             }),
                         Nest());
}

TEST_CASE("sums that round are the same bits, by keys of which several count as one") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<double> const keys{0.0,
                                   -0.0,
                                   1.5,
                                   infinity,
                                   -infinity,
                                   std::nan("1"),
                                   -std::nan("2"),
                                   std::numeric_limits<double>::denorm_min()};
    auto const sources = make_sources<double, double>(
        9, 200, [&](auto& random) { return keys[random() % keys.size()]; },
        [](auto& random) {
            return std::ldexp(static_cast<double>(random() % 1000000),
                              static_cast<int>(random() % 80) - 40);
        });
    CHECK(reduce_by_oracle(sources, AddNumbers(), 1)[0].size() == 6);
    check_everywhere(sources, AddNumbers());
}

TEST_CASE("keys that are tuples, and values that are vectors, are combined") {
    using Key = std::tuple<std::int16_t, std::string, double>;
    using Numbers = std::vector<std::int32_t>;
    auto const append = [](Numbers left, Numbers const& right) {
        left.insert(left.end(), right.begin(), right.end());
        return left;
    };
    check_everywhere(make_sources<Key, Numbers>(
                         4, 100,
                         [](auto& random) {
                             return Key(static_cast<std::int16_t>(random() % 3),
                                        std::string(random() % 20, 'x'), random() % 2 ? 0.0 : -0.0);
                         },
                         [](auto& random) {
                             return Numbers(random() % 4, static_cast<std::int32_t>(random()));
                         }),
                     append);
}

TEST_CASE("empty datasets, one record, and one key come through") {
    using Sources = Partitions<KeyValue<std::string, std::string>>;
    check_everywhere(Sources(3), Nest());
    check_everywhere(Sources{{}, {{"", "v"}}, {}}, Nest());
    Sources one_key(6);
    for (std::size_t p = 0; p < 6; ++p)
        for (int i = 0; i < 100; ++i) one_key[p].emplace_back("the key", std::to_string(p));
    check_everywhere(one_key, Nest());
}

TEST_CASE("keys of one hash come by their bytes") {
    auto const key_of_hash_0 = [](std::uint64_t number) {
        return "\x2f\x64\xbd\x78\x64\x1d\x76\xa0" + std::to_string(number);
    };
    REQUIRE(hash_key(key_of_hash_0(1)) == hash_key(key_of_hash_0(20)));
    check_everywhere(make_sources<std::string, std::string>(
                         6, 80, [&](auto& random) { return key_of_hash_0(random() % 40); },
                         [](auto& random) { return std::to_string(random() % 10); }),
                     Nest());
}

TEST_CASE("values that are views are kept by sender and receiver") {
    auto const longer = [](std::string_view left, std::string_view right) {
        return left.size() >= right.size() ? left : right.substr(0);
    };
    auto const owned = make_sources<std::string, std::string>(
        5, 300, [](auto& random) { return random_key(random, 50); },
        [](auto& random) {
            return std::string(random() % 60, static_cast<char>('a' + random() % 26));
        });
    auto const expected = reduce_by_oracle(
        owned,
        [&](std::string const& left, std::string const& right) {
            return std::string(longer(left, right));
        },
        3);
    TempDir const dir;
    for (std::uint64_t const memory : {0, 1 << 30}) {
        Partitions<KeyValue<std::string_view, std::string_view>> views(owned.size());
        for (std::size_t p = 0; p < owned.size(); ++p)
            for (auto const& record : owned[p]) views[p].emplace_back(record.key, record.value);
        SimulatedShuffle<std::string_view, std::string_view, decltype(longer)> shuffle(
            views, longer,
            {.rank_count = 3,
             .result_partitions = 3,
             .memory_bytes = memory,
             .table_slots = 16,
             .scratch = dir.path()});
        shuffle.run();
        auto const found = shuffle.result();
        for (std::size_t p = 0; p < 3; ++p) CHECK((found[p] == bytes_of(expected[p])));
    }
}

TEST_CASE("long keys and values cross windows and tables") {
    check_everywhere(make_sources<std::string, std::string>(
                         3, 20,
                         [](auto& random) {
                             return std::string(random() % 8 == 0 ? 10000 : 5,
                                                static_cast<char>('a' + random() % 5));
                         },
                         [](auto& random) { return std::string(random() % 2000, 'v'); }),
                     Nest());
}

TEST_CASE("exact combiners send a record a key and rank, ordered ones few more") {
    auto const exact_sources = make_sources<std::int64_t, std::int64_t>(
        64, 300, [](auto& random) { return static_cast<std::int64_t>(random() % 50); },
        [](auto&) { return std::int64_t{1}; });
    Partitions<KeyValue<std::int64_t, double>> ordered_sources(exact_sources.size());
    for (std::size_t p = 0; p < exact_sources.size(); ++p)
        for (auto const& record : exact_sources[p])
            ordered_sources[p].emplace_back(record.key, 0.1);
    for (int const ranks : {1, 2, 3, 4, 7, 8}) {
        SimulatedShuffle<std::int64_t, std::int64_t, std::plus<>> exact(exact_sources, {},
                                                                        {.rank_count = ranks});
        exact.run();
        CHECK(exact.records_sent() == 50U * static_cast<unsigned>(ranks));
        CHECK(exact.exchanges() == 1);
        SimulatedShuffle<std::int64_t, double, std::plus<>> ordered(ordered_sources, {},
                                                                    {.rank_count = ranks});
        ordered.run();
        double const most = std::max(1.0, 2 * std::log2(64.0 / ranks));
        CHECK(static_cast<double>(ordered.records_sent()) <= 50 * ranks * most);
    }
}

TEST_CASE("with little memory, ranks exchange often and spill") {
    auto const sources = make_sources<std::string, double>(
        6, 3000, [](auto& random) { return std::to_string(random() % 2000); },
        [](auto& random) { return static_cast<double>(random()) * 1e-3; });
    TempDir const dir;
    SimulatedShuffle<std::string, double, std::plus<>> shuffle(sources, {},
                                                               {.rank_count = 3,
                                                                .result_partitions = 5,
                                                                .memory_bytes = 40000,
                                                                .table_slots = 16,
                                                                .scratch = dir.path()});
    shuffle.run();
    CHECK(shuffle.exchanges() > 10);
    CHECK(shuffle.spilled_bytes() > 10000);
    auto const found = shuffle.result();
    auto const expected = reduce_by_oracle(sources, std::plus<>(), 5);
    for (std::size_t p = 0; p < 5; ++p) CHECK((found[p] == bytes_of(expected[p])));
}

TEST_CASE(
    "the result is held only when the stage is committed, and its parents are then forgotten") {
    Lineage lineage;
    using Pair = KeyValue<std::string, std::int64_t>;
    auto source =
        std::make_shared<MemorySource<Pair>>(lineage, CallSite{}, std::vector<Pair>{{"a", 1}}, 1);
    std::weak_ptr<MemorySource<Pair>> const alive = source;
    ReduceTransformation<std::string, std::int64_t, std::plus<>> step(lineage, {}, source, {}, 1);
    source.reset();
    step.set_partition_count(1);
    StageSetting const setting{
        .tasks = Placement(1), .memory_bytes = 1 << 20, .scratch = "/nowhere"};
    step.open_end(0, setting);
    CHECK_FALSE(step.is_available());
    CHECK(step.parents().size() == 1);
    step.open_end(0, setting)->commit();
    CHECK(step.is_available());
    CHECK(step.parents().at(0) == nullptr);
    CHECK(alive.expired());
}

// What a user's combiner throws names the step and the record.

namespace {

struct NoSevens {
    std::int64_t operator()(std::int64_t left, std::int64_t right) const {
        if (right == 7 || left == 7) throw std::runtime_error("seven");
        return left + right;
    }
};

std::string failure_of(Partitions<KeyValue<std::string, std::int64_t>> const& sources, int ranks) {
    SimulatedShuffle<std::string, std::int64_t, NoSevens> shuffle(sources, {},
                                                                  {.rank_count = ranks});
    try {
        shuffle.run();
    } catch (TaskFailure const& failure) {
        return failure.step()->label() + " record " + std::to_string(failure.record()) + ": "
               + failure.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a combiner that throws is told with its step and the record's number") {
    Partitions<KeyValue<std::string, std::int64_t>> sources(2);
    for (int i = 0; i < 1500; ++i)
        sources[1].emplace_back(std::string(static_cast<std::size_t>(i % 5 * 5), 'k'), 0);
    CHECK(failure_of(sources, 1) == "");
    for (std::size_t const at : {5, 64, 511, 512, 1499}) {
        auto with_seven = sources;
        with_seven[1][at].value = 7;
        CHECK(failure_of(with_seven, 2)
              == "reduce_by_key (job.cpp:2) record " + std::to_string(at)
                     + ": std::runtime_error: seven");
    }
    // Each rank has one value of the key: they meet where they are received.
    CHECK(
        failure_of({{{"a", 1}, {"k", 7}}, {{"k", 1}}}, 2).find("reduce_by_key (job.cpp:2) record ")
        == 0);
}
