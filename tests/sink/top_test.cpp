#include "serry/sink/top.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "sink/stage_on_ranks.hpp"
#include "stage/pipelines.hpp"
#include "support/allocations.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Compared by the key alone, so that the value tells which of equal ones was kept.
using Pair = KeyValue<int, int>;
constexpr auto by_key = [](Pair const& a, Pair const& b) { return a.key < b.key; };

std::vector<Pair> random_pairs(int count, int key_count) {
    std::mt19937_64 random(53);
    std::vector<Pair> pairs;
    for (int i = 0; i < count; ++i)
        pairs.emplace_back(static_cast<int>(random() % static_cast<std::uint64_t>(key_count)), i);
    return pairs;
}

std::vector<Pair> expected_top(std::vector<Pair> pairs, std::uint64_t most) {
    std::stable_sort(pairs.begin(), pairs.end(), by_key);
    if (pairs.size() > most) pairs.resize(most);
    return pairs;
}

}  // namespace

TEST_CASE("the first records by an order are kept, of equal ones those that came earlier") {
    for (int count : {0, 1, 2, 10, 1000})
        for (int key_count : {1, 3, 1000000})
            for (std::uint64_t most : {0, 1, 2, 7, 500, 1000, 5000}) {
                auto const pairs = random_pairs(count, key_count);
                TopRecords<Pair, decltype(by_key)> top(most, by_key);
                for (Pair const& pair : pairs) top.add(pair);
                CHECK(top.records() == expected_top(pairs, most));
            }
}

TEST_CASE("records may be looked at in between") {
    auto const pairs = random_pairs(300, 50);
    TopRecords<Pair, decltype(by_key)> top(20, by_key);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        top.add(pairs[i]);
        if (i % 17 != 0) continue;
        CHECK(top.records()
              == expected_top({pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(i) + 1},
                              20));
    }
}

TEST_CASE("records in ascending and in descending order are no trouble") {
    for (int sign : {1, -1}) {
        std::vector<Pair> pairs;
        for (int i = 0; i < 20000; ++i) pairs.emplace_back(sign * i, i);
        TopRecords<Pair, decltype(by_key)> top(100, by_key);
        for (Pair const& pair : pairs) top.add(pair);
        CHECK(top.records() == expected_top(pairs, 100));
    }
}

TEST_CASE("as many as one likes may be asked for") {
    for (std::uint64_t most : {std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max()}) {
        auto const pairs = random_pairs(5000, 50);
        TopRecords<Pair, decltype(by_key)> top(most, by_key);
        for (Pair const& pair : pairs) top.add(pair);
        CHECK(top.records() == expected_top(pairs, most));
    }
}

TEST_CASE("what views point at is kept, and let go of with them") {
    auto const longer = [](std::string_view a, std::string_view b) { return a.size() > b.size(); };
    std::mt19937_64 random(59);
    std::vector<std::string> texts;
    // Mostly longer than those before, so that most are taken in at first: 20 MB of them.
    for (std::size_t i = 0; i < 20000; ++i)
        texts.emplace_back(i / 10 + random() % 20, static_cast<char>('a' + i % 26));
    std::string buffer(3000, '#');
    TopRecords<std::string_view, decltype(longer)> top(10, longer);
    reset_allocations();
    for (std::string const& text : texts) {
        text.copy(buffer.data(), text.size());
        top.add(std::string_view(buffer).substr(0, text.size()));
        std::fill(buffer.begin(), buffer.end(), '#');
    }
    CHECK(allocations.peak_bytes < 400000);
    std::stable_sort(texts.begin(), texts.end(), longer);
    REQUIRE(top.records().size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(top.records()[i] == texts[i]);
}

TEST_CASE("the tops of ranks, taken together in their order, are the top of all") {
    std::vector<std::vector<Pair>> partitions(13);
    auto const pairs = random_pairs(3000, 100);
    for (std::size_t i = 0; i < pairs.size(); ++i)
        partitions[i * 13 / pairs.size()].push_back(pairs[i]);
    Lineage lineage;
    Transformation const action(lineage, action_named("top"));
    auto const records = given<Pair>(lineage, partitions, 64);
    for (int rank_count : {1, 2, 3, 7, 20})
        for (std::uint64_t most : {0, 1, 40, 5000}) {
            TopRecords<Pair, decltype(by_key)> all(most, by_key);
            for (int rank = 0; rank < rank_count; ++rank) {
                TopEnd<Pair, decltype(by_key)> end(*records.last, action, most, by_key);
                run_rank(end, rank, rank_count, partitions.size());
                ByteReader reader(end.encoded().view());
                while (reader.remaining() > 0) all.add(decode<Pair>(reader));
            }
            CHECK(all.records() == expected_top(pairs, most));
        }
}

TEST_CASE("what the order throws is located at the action, while the stage runs") {
    Lineage lineage;
    Transformation const action(lineage, action_named("top"));
    auto const fail_at_call = [&](int limit) {
        int calls = 0;
        auto const before = [&calls, limit](int a, int b) {
            if (++calls == limit) throw std::runtime_error("compared enough");
            return a < b;
        };
        auto const numbers = given<int>(lineage, {numbers_up_to(1000)});
        TopEnd<int, decltype(before)> end(*numbers.last, action, 900, before);
        try {
            run_rank(end, 0, 1, 1);
        } catch (TaskFailure const& failure) {
            CHECK(failure.what() == std::string("std::runtime_error: compared enough"));
            CHECK(failure.step()->label() == "top (job.cpp:8)");
            return true;
        }
        // In order once the tasks have ended: nothing is compared any more.
        int const after = calls;
        CHECK(end.record_count() == 900);
        CHECK(calls == after);
        return false;
    };
    CHECK(fail_at_call(1));
    CHECK(fail_at_call(500));
    CHECK_FALSE(fail_at_call(1000000));
}

TEST_CASE("a record that is compared is named when the order throws") {
    Lineage lineage;
    Transformation const action(lineage, action_named("top"));
    auto const before = [](int a, int b) {
        if (a == 700 || b == 700) throw std::runtime_error("700");
        return a < b;
    };
    auto const numbers = given<int>(lineage, {numbers_up_to(1000)});
    TopEnd<int, decltype(before)> end(*numbers.last, action, 10, before);
    try {
        run_rank(end, 0, 1, 1);
        FAIL("nothing thrown");
    } catch (TaskFailure const& failure) {
        CHECK(failure.record() == 700);
    }
}
