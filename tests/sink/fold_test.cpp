#include "serry/sink/fold.hpp"

#include <cstdint>
#include <functional>
#include <optional>
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

template <typename T>
using Partitions = std::vector<std::vector<T>>;

/// The result of reduce(f) over `rank_count` ranks: their partials folded to the end.
template <typename T, typename F>
std::optional<Owned<T>> reduced(Partitions<T> const& partitions, F const& f, int rank_count) {
    Lineage lineage;
    Transformation const action(lineage, action_named("reduce"));
    auto const records = given<T>(lineage, partitions, 100);
    std::string partials;
    for (int rank = 0; rank < rank_count; ++rank) {
        FoldEnd<T, F> end(*records.last, action, f);
        run_rank(end, rank, rank_count, partitions.size());
        partials += end.partials().view();
    }
    Arena arena;
    auto const result = fold_partials<T>(partials, f, arena);
    std::fill(partials.begin(), partials.end(), '#');
    if (!result) return std::nullopt;
    return Owned<T>(*result);
}

/// The same by its definition: partitions from their first record on, then aligned blocks of
/// partitions.
template <typename T, typename F>
std::optional<T> expected_of(Partitions<T> const& partitions,
                             F const& f,
                             std::size_t begin,
                             std::size_t size) {
    std::optional<T> left, right;
    if (size == 1) {
        if (begin >= partitions.size() || partitions[begin].empty()) return std::nullopt;
        T value = partitions[begin][0];
        for (std::size_t i = 1; i < partitions[begin].size(); ++i)
            value = f(value, partitions[begin][i]);
        return value;
    }
    left = expected_of(partitions, f, begin, size / 2);
    right = expected_of(partitions, f, begin + size / 2, size / 2);
    if (left && right) return f(*left, *right);
    return left ? left : right;
}

constexpr auto in_brackets = [](std::string const& a, std::string const& b) {
    return '(' + a + '+' + b + ')';
};

/// `count` partitions of 0 to 3 texts, some empty.
Partitions<std::string> random_partitions(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Partitions<std::string> partitions(count);
    for (auto& partition : partitions)
        for (std::size_t i = random() % 4; i > 0; --i)
            partition.push_back(std::to_string(random() % 100));
    return partitions;
}

}  // namespace

TEST_CASE("records are folded in an order that follows from the partitions alone") {
    for (std::size_t count : {1, 2, 3, 5, 8, 13, 21}) {
        for (std::uint64_t seed : {1, 2, 3}) {
            auto const partitions = random_partitions(count, seed);
            auto const expected = expected_of(partitions, in_brackets, 0, 32);
            for (int rank_count : {1, 2, 3, 4, 7, 30})
                CHECK(reduced(partitions, in_brackets, rank_count) == expected);
        }
    }
}

TEST_CASE("a sum of doubles is the same bits at any number of ranks") {
    std::mt19937_64 random(47);
    std::uniform_real_distribution<double> numbers(-1e9, 1e9);
    Partitions<double> partitions(100);
    for (auto& partition : partitions)
        for (int i = 0; i < 300; ++i) partition.push_back(numbers(random));
    double const expected = expected_of(partitions, std::plus<>(), 0, 128).value();
    for (int rank_count : {1, 2, 3, 7, 100, 150})
        CHECK(reduced(partitions, std::plus<>(), rank_count) == expected);
}

TEST_CASE("nothing folds to nothing, and one record to itself") {
    for (int rank_count : {1, 3}) {
        CHECK(reduced(Partitions<std::string>(5), in_brackets, rank_count) == std::nullopt);
        Partitions<std::string> one(5);
        one[3].push_back("alone");
        CHECK(reduced(one, in_brackets, rank_count) == "alone");
    }
}

TEST_CASE("a rank without records has no partials") {
    Lineage lineage;
    Transformation const action(lineage, action_named("reduce"));
    auto const none = given<int>(lineage, {{}, {}});
    FoldEnd<int, std::plus<>> end(*none.last, action, std::plus<>());
    run_rank(end, 0, 1, 2);
    CHECK(end.partials().empty());
}

TEST_CASE("views fold to views of copies, also when the combiner makes its result anew") {
    static std::string made;
    constexpr auto join = [](std::string_view a, std::string_view b) {
        std::string const joined = '(' + std::string(a) + '+' + std::string(b) + ')';
        made = joined;
        return std::string_view(made);
    };
    constexpr auto longer = [](std::string_view a, std::string_view b) {
        return b.size() > a.size() ? b : a;
    };
    auto const texts = random_partitions(13, 5);
    Partitions<std::string_view> views(texts.size());
    for (std::size_t p = 0; p < texts.size(); ++p)
        views[p].assign(texts[p].begin(), texts[p].end());
    auto const joined = expected_of(texts, in_brackets, 0, 16);
    for (int rank_count : {1, 2, 5, 13}) {
        CHECK(reduced(views, join, rank_count) == joined);
        CHECK(reduced(views, longer, rank_count).value().size() == 2);
    }
}

TEST_CASE("what a fold of views holds follows from its result, not from its input") {
    // 30,000 texts of 10,000 bytes, of which one is kept.
    std::string const text(10000, 'x');
    Lineage lineage;
    Transformation const action(lineage, action_named("reduce"));
    auto const views =
        given<std::string_view>(lineage, Partitions<std::string_view>(3, {10000, text}));
    auto const last = [](std::string_view, std::string_view b) { return b; };
    FoldEnd<std::string_view, decltype(last)> end(*views.last, action, last);
    reset_allocations();
    run_rank(end, 0, 1, 3);
    CHECK(allocations.peak_bytes < 1 << 20);
    Arena arena;
    CHECK(fold_partials<std::string_view>(end.partials().view(), last, arena) == text);
}

TEST_CASE("what the combiner throws is located at the action, in a partition and between them") {
    Lineage lineage;
    Transformation const action(lineage, action_named("reduce"));
    auto const fail_at = [&](int limit) {
        auto const sum = [limit](int a, int b) {
            if (a + b > limit) throw std::overflow_error("more than " + std::to_string(limit));
            return a + b;
        };
        auto const ones = given<int>(lineage, {std::vector<int>(700, 1), std::vector<int>(700, 1)});
        FoldEnd<int, decltype(sum)> end(*ones.last, action, sum);
        try {
            run_rank(end, 0, 1, 2);
        } catch (TaskFailure const& failure) {
            CHECK(failure.step()->label() == "reduce (job.cpp:8)");
            return std::string(failure.what()) + " at " + std::to_string(failure.record());
        }
        return std::string("nothing thrown");
    };
    CHECK(fail_at(600) == "std::overflow_error: more than 600 at 600");
    CHECK(fail_at(1) == "std::overflow_error: more than 1 at 1");
    CHECK(fail_at(700) == "std::overflow_error: more than 700 at 700");
    CHECK(fail_at(1400) == "nothing thrown");
}

TEST_CASE("damaged partials are refused") {
    Arena arena;
    CHECK_THROWS_WITH_AS(fold_partials<double>("\x01short", std::plus<>(), arena),
                         "encoded record is cut short: 8 more bytes expected, 5 left",
                         StorageError);
}
