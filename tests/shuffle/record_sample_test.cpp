#include "serry/shuffle/record_sample.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "shuffle/local_ranks.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Some ranks that agree one after the other: each is told what those before it said, and what
/// those after it will say in a second turn.
struct TurnByTurn final : Collectives {
    void all_reduce_sum(std::span<std::uint64_t> values) override {
        if (sums.empty()) sums.assign(values.size(), 0);
        if (turn == 0)
            for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
        std::copy(sums.begin(), sums.end(), values.begin());
    }
    std::string all_gather(std::string_view bytes) override {
        if (turn == 1) gathered += bytes;
        return gathered;
    }
    int turn = 0;
    std::vector<std::uint64_t> sums;
    std::string gathered;
};

struct Source {
    std::uint64_t partitions = 8;
    std::uint64_t records = 1000;
    std::size_t value_bytes = 0;
};

/// The sample that so many ranks, with so many partitions each, agree on.
std::vector<SampledRecord> sample_of(Source const& source,
                                     std::uint64_t rank_count,
                                     RecordSample::Limits limits) {
    std::vector<RecordSample> samples(rank_count, RecordSample(limits));
    for (std::uint64_t p = 0; p < source.partitions; ++p) {
        RecordSample& own = samples[p * rank_count / source.partitions];
        own.begin_partition(p);
        for (std::uint64_t i = 0; i < source.records; ++i)
            if (own.wants_next())
                own.add(std::to_string(p) + ':' + std::to_string(i),
                        std::string(source.value_bytes, 'v'), 0, i);
        CHECK(own.records().size() <= std::max<std::uint64_t>(2 * limits.records, 1));
    }
    TurnByTurn ranks;
    for (RecordSample& sample : samples) sample.agree(ranks);
    for (ranks.turn = 1; RecordSample & sample : samples) sample.agree(ranks);
    ranks.turn = 2;
    return samples[0].agree(ranks);
}

std::string text_of(std::vector<SampledRecord> const& sample) {
    std::string text;
    for (SampledRecord const& record : sample) text += record.key + ' ';
    return text;
}

}  // namespace

TEST_CASE(
    "a sample is the same at any number of ranks, within its limits, and half full at least") {
    for (std::uint64_t const records : {1, 10, 100, 5000}) {
        auto const alone = sample_of({}, 1, {.records = records, .bytes = 1 << 20});
        CHECK(alone.size() <= records);
        if (records >= 100) CHECK(alone.size() * 3 >= std::min<std::uint64_t>(records, 8000));
        for (std::uint64_t const ranks : {2, 3, 8})
            CHECK(text_of(sample_of({}, ranks, {.records = records, .bytes = 1 << 20}))
                  == text_of(alone));
    }
}

TEST_CASE("a sample of few records is all of them, in the order of the source, with their places") {
    auto const sample =
        sample_of({.partitions = 2, .records = 3}, 2, {.records = 10, .bytes = 1 << 20});
    CHECK(text_of(sample) == "0:0 0:1 0:2 1:0 1:1 1:2 ");
    CHECK(sample[5].partition == 1);
    CHECK(sample[5].ordinal == 2);
    CHECK(sample[5].index == 2);
}

TEST_CASE("large records make a sample small, but never fewer than a few for it") {
    Source const large{.partitions = 8, .records = 100, .value_bytes = 10'000};
    auto const in_bytes = sample_of(large, 1, {.records = 10'000, .bytes = 1'000'000});
    CHECK(in_bytes.size() > 30);
    CHECK(in_bytes.size() < 100);
    auto const few = sample_of(large, 1, {.records = 10'000, .bytes = 1});
    CHECK(few.size() > 4);
    CHECK(few.size() <= 16);
    for (std::uint64_t const ranks : {2, 8}) {
        CHECK(text_of(sample_of(large, ranks, {.records = 10'000, .bytes = 1'000'000}))
              == text_of(in_bytes));
        CHECK(text_of(sample_of(large, ranks, {.records = 10'000, .bytes = 1})) == text_of(few));
    }
}

TEST_CASE("every part of a partition is as likely to be in the sample") {
    std::array<std::uint64_t, 10> counts{};
    for (auto const& record :
         sample_of({.partitions = 4, .records = 100'000}, 1, {.records = 60'000, .bytes = 1 << 30}))
        ++counts[record.ordinal / 10'000];
    auto const [least, most] = std::minmax_element(counts.begin(), counts.end());
    CHECK(*least > 3000);
    CHECK(*most < *least * 11 / 10);
}

TEST_CASE("no records make an empty sample, by one call of each kind") {
    RecordSample sample({.records = 10, .bytes = 10});
    AloneRank rank;
    CHECK(sample.agree(rank).empty());
    CHECK(rank.reductions == 1);
    CHECK(rank.gathers == 1);
}
