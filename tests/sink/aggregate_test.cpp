#include "serry/sink/aggregate.hpp"

#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/stage_on_ranks.hpp"
#include "stage/pipelines.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Numbers = std::vector<std::vector<int>>;

/// Writes down how records were put together: "p: a b c", joined as (left)(right).
template <bool exact>
struct Writing {
    using Value = std::string;
    static constexpr bool is_exact = exact;

    std::string start(std::uint64_t partition) const { return std::to_string(partition) + ':'; }
    void add(std::string& value, int record) const {
        if (record < 0) throw std::domain_error("negative");
        value += ' ' + std::to_string(record);
    }
    void merge(std::string& left, std::string const& right) const {
        if (left.find(" 13") != std::string::npos) throw std::domain_error("bad luck");
        left = exact ? left + " | " + right : '(' + left + ")(" + right + ')';
    }
};

template <typename Folding>
std::optional<std::string> merged_over(Numbers const& partitions, int rank_count) {
    Lineage lineage;
    Transformation const action(lineage, action_named("aggregate"));
    auto const records = given<int>(lineage, partitions, 100);
    Folding const folding;
    std::string partials;
    for (int rank = 0; rank < rank_count; ++rank) {
        AggregateEnd<int, Folding> end(*records.last, action, folding);
        run_rank(end, rank, rank_count, partitions.size());
        partials += end.partials().view();
    }
    return AggregateEnd<int, Folding>::merged(partials, folding);
}

/// By definition: aligned blocks of partitions, halved again and again.
std::optional<std::string> expected_of(Numbers const& partitions,
                                       std::size_t begin,
                                       std::size_t size) {
    if (size == 1) {
        if (begin >= partitions.size() || partitions[begin].empty()) return std::nullopt;
        std::string text = std::to_string(begin) + ':';
        for (int const record : partitions[begin]) text += ' ' + std::to_string(record);
        return text;
    }
    auto const left = expected_of(partitions, begin, size / 2);
    auto const right = expected_of(partitions, begin + size / 2, size / 2);
    if (left && right) return '(' + *left + ")(" + *right + ')';
    return left ? left : right;
}

Numbers random_partitions(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Numbers partitions(count);
    for (auto& partition : partitions)
        for (std::size_t i = random() % 4; i > 0; --i)
            partition.push_back(20 + static_cast<int>(random() % 80));
    return partitions;
}

}  // namespace

TEST_CASE("partitions are merged along the same tree whoever has them") {
    for (std::size_t const count : {1, 2, 3, 8, 13, 64, 100}) {
        Numbers const partitions = random_partitions(count, count);
        auto const expected = expected_of(partitions, 0, 128);
        for (int const ranks : {1, 2, 3, 4, 7, 100}) {
            CAPTURE(count);
            CAPTURE(ranks);
            CHECK(merged_over<Writing<false>>(partitions, ranks) == expected);
        }
    }
}

TEST_CASE("partitions without records have no part, and nothing comes of nothing") {
    for (int const ranks : {1, 3}) {
        CHECK_FALSE(merged_over<Writing<false>>({{}, {}, {}}, ranks));
        CHECK_FALSE(merged_over<Writing<true>>({{}, {}, {}}, ranks));
        CHECK(merged_over<Writing<false>>({{}, {7}, {}}, ranks) == "1: 7");
        CHECK(merged_over<Writing<false>>({{}, {0, 1}, {}, {2}}, ranks) == "(1: 0 1)(3: 2)");
    }
}

TEST_CASE("an exact folding sends one value a rank") {
    Numbers const partitions(12, std::vector{1});
    CHECK(merged_over<Writing<true>>(partitions, 1) == "0: 1 1 1 1 1 1 1 1 1 1 1 1");
    CHECK(merged_over<Writing<true>>(partitions, 3) == "0: 1 1 1 1 | 4: 1 1 1 1 | 8: 1 1 1 1");
}

TEST_CASE("what add throws is located, and so is what merge throws") {
    Lineage lineage;
    Transformation const action(lineage, action_named("aggregate"));
    Writing<false> const folding;
    auto const failure_of = [&](Numbers const& partitions) {
        auto const records = given<int>(lineage, partitions);
        AggregateEnd<int, Writing<false>> end(*records.last, action, folding);
        try {
            run_rank(end, 0, 1, partitions.size());
        } catch (TaskFailure const& failure) {
            CHECK(failure.step() == &action);
            return std::string(failure.what()) + " at " + std::to_string(failure.record());
        }
        return std::string("none");
    };
    CHECK(failure_of({{1}, {1, 2, -3}}) == "std::domain_error: negative at 2");
    CHECK(failure_of({{1, 13}, {1}}) == "std::domain_error: bad luck at 1");
}
