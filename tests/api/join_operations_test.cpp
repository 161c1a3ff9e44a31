// Every operator of JoinOperations against an oracle that works through the records one by one: the
// same records in the same order in the same partitions, whatever the keys, counts and budgets.

#include "serry/join_operations.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "api/join_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using NumberPairs = Pairs<std::int64_t, std::int64_t>;
using TextPairs = Pairs<std::string, std::string>;

NumberPairs number_pairs(std::int64_t count, std::int64_t keys, std::int64_t first_key = 0) {
    NumberPairs pairs;
    for (std::int64_t n = 0; n < count; ++n) pairs.emplace_back(first_key + n * n % keys, n);
    return pairs;
}

/// Keys of 0 to 40 bytes, zeros among them, prefixes of each other.
TextPairs text_pairs(std::uint64_t seed, std::size_t count) {
    std::mt19937_64 random(seed);
    TextPairs pairs;
    for (std::size_t i = 0; i < count; ++i) {
        std::string key(random() % 41, '\0');
        if (random() % 2) key += static_cast<char>(random() % 3);
        pairs.emplace_back(key, std::string(random() % 30, 'v') + std::to_string(i));
    }
    return pairs;
}

/// Too little memory for anything to wait, and rounds of a few records; another on each rank.
Options tiny() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    Options options;
    options.progress = "off";
    options.memory_bytes = 6000 + 1000 * static_cast<std::uint64_t>(rank);
    options.round_bytes = 64;
    return options;
}

std::uint64_t spilled_bytes(Session const& session) {
    std::uint64_t bytes = 0;
    for (StageReport const& report : session.reports()) bytes += report.vote.spilled_bytes;
    return bytes;
}
std::uint64_t most_exchanges(Session const& session) {
    std::uint64_t most = 0;
    for (StageReport const& report : session.reports())
        most = std::max(most, report.vote.exchanges);
    return most;
}

}  // namespace

TEST_CASE("every operator gives what the oracle gives, at any number of partitions") {
    Job job;
    for (std::uint64_t const count : {0, 1, 2, 5, 64})
        check_all(job.context, number_pairs(300, 23), 7, number_pairs(200, 31, -4), 3, count);
}

TEST_CASE("sides may be empty, or of one record") {
    Job job;
    NumberPairs const none, one{{5, 7}}, other{{6, 8}};
    check_all(job.context, none, 1, none, 1, 0);
    check_all(job.context, one, 1, none, 3, 2);
    check_all(job.context, none, 3, one, 1, 5);
    check_all(job.context, one, 1, one, 1, 64);
    check_all(job.context, one, 9, other, 2, 0);
}

TEST_CASE("of keys that are all equal every value meets every other") {
    Job job;
    check_all(job.context, number_pairs(90, 1), 8, number_pairs(70, 1), 5, 3);
    auto const many = number_pairs(1000, 1);
    auto const a = parallelize(job.context, many, 13);
    CHECK(a.join(a).count() == 1'000'000);
}

TEST_CASE("NaNs are one key, and so are the zeros") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double least = std::numeric_limits<double>::denorm_min();
    Job job;
    Pairs<double, std::int64_t> left, right;
    std::int64_t n = 0;
    for (double const key : {0.0, nan, -0.0, -nan, 1.5, infinity, -infinity, least, 0.0})
        left.emplace_back(key, n++);
    for (double const key : {-nan, nan, -0.0, -least, -infinity, 2.5}) right.emplace_back(key, n++);
    for (std::uint64_t const count : {1, 5}) check_all(job.context, left, 4, right, 2, count);
}

TEST_CASE("integers may be as large and as small as they get") {
    using Limits = std::numeric_limits<std::int64_t>;
    Job job;
    NumberPairs const left{{Limits::min(), Limits::max()}, {Limits::max(), 0}, {-1, -1}, {0, 1}};
    NumberPairs const right{{Limits::max(), Limits::min()}, {0, 2}, {1, 1}, {Limits::min(), -1}};
    check_all(job.context, left, 3, right, 4, 5);
}

TEST_CASE("keys and values may be text of any length and bytes") {
    Job job;
    check_all(job.context, text_pairs(1, 400), 6, text_pairs(2, 300), 11, 5);
}

TEST_CASE("views as keys and values point at what is there") {
    using Views = KeyValue<std::string_view, std::string_view>;
    auto const viewed = [](KeyValue<std::string, std::string> const& pair, Arena& arena) {
        return Views(arena.copy(pair.key), arena.copy(pair.value));
    };
    TextPairs const left = text_pairs(3, 200), right = text_pairs(4, 150);
    for (bool const is_tiny : {false, true}) {
        Session session(MPI_COMM_WORLD, is_tiny ? tiny() : Options());
        Context context(session, {}, {});
        auto const a = parallelize(context, left, 5).map(viewed);
        auto const b = parallelize(context, right, 8).map(viewed);
        // To text again, so that they compare with the oracle's.
        auto const owned = [](auto const& pair) {
            return KeyValue<std::string, std::string>(
                std::string(pair.key),
                std::string(pair.value.left) + '|' + std::string(pair.value.right));
        };
        check_partitions(
            a.join(b, 4).map(owned),
            merge_by_oracle<std::string>(cut(left, 5), cut(right, 8), 4,
                                         [](auto const& ls, auto const& rs, auto const& emit) {
                                             for (auto const& l : ls)
                                                 for (auto const& r : rs) emit(l + '|' + r);
                                         }));
        auto const joined_groups = [](auto const& pair, Arena& arena) {
            std::string all;
            for (std::string_view const value : pair.value.to_vector(arena)) {
                all += value;
                all += '|';
            }
            return KeyValue<std::string, std::string>(std::string(pair.key), all);
        };
        check_partitions(
            a.group_by_key(4).map(joined_groups),
            merge_by_oracle<std::string>(cut(left, 5), cut(TextPairs(), 1), 4,
                                         [](auto const& ls, auto const&, auto const& emit) {
                                             std::string all;
                                             for (auto const& l : ls) all += l + '|';
                                             emit(all);
                                         }));
    }
}

TEST_CASE("memory that holds nothing changes nothing: records are exchanged as they come") {
    Session session(MPI_COMM_WORLD, tiny());
    Context context(session, {}, {});
    NumberPairs const left = number_pairs(1200, 150), right = number_pairs(400, 200);
    auto const a = parallelize(context, left, 9);
    auto const b = parallelize(context, right, 4);
    check_groups(a, b, cut(left, 9), cut(right, 4), 5);
    CHECK(spilled_bytes(session) > 0);
    CHECK(most_exchanges(session) > 1);
}

TEST_CASE("take() of a join that is too large to be made ends early") {
    Job job;
    auto const many = parallelize(job.context, number_pairs(200'000, 1), 6);
    CHECK(many.join(many).take(3).to_vector()
          == std::vector{KeyValue(std::int64_t{0}, Joined<std::int64_t, std::int64_t>{0, 0}),
                         KeyValue(std::int64_t{0}, Joined<std::int64_t, std::int64_t>{0, 1}),
                         KeyValue(std::int64_t{0}, Joined<std::int64_t, std::int64_t>{0, 2})});
}

TEST_CASE("a dataset joins with itself, and with what was made from it") {
    Job job;
    NumberPairs const rows = number_pairs(120, 11);
    auto const a = parallelize(job.context, rows, 5);
    check_joins(a, a, cut(rows, 5), cut(rows, 5), 3);
    auto const held = a.partition_by_key(4);
    auto const in_held = merge_by_oracle<std::int64_t>(
        cut(rows, 5), cut(NumberPairs(), 1), 4, [](auto const& ls, auto const&, auto const& emit) {
            for (auto const l : ls) emit(l);
        });
    check_joins(held, held, in_held, in_held, 0);
}

TEST_CASE("subtract and intersection compare whole records, as keys") {
    Job job;
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> const left{1, 2, 2, nan, 3, -0.0, 2, 7}, right{2, 0.0, -nan, 9, 9};
    auto const sorted = [](auto const& dataset) {
        auto records = dataset.collect().to_vector();
        std::sort(records.begin(), records.end());
        return records;
    };
    for (std::uint64_t const partitions : {0, 1, 5, 64}) {
        auto const a = parallelize(job.context, left, 3);
        auto const b = parallelize(job.context, right, 2);
        CHECK(sorted(a.subtract(b, partitions)) == std::vector<double>{1, 3, 7});
        CHECK(sorted(b.subtract(a, partitions)) == std::vector<double>{9, 9});
        auto const common = a.intersection(b, partitions);
        CHECK(common.count() == 3);
        auto const is_number = [](double x) { return x == x; };
        CHECK(sorted(common.filter(is_number)) == std::vector<double>{0, 2});
        auto const none = parallelize(job.context, std::vector<double>(), 2);
        CHECK(a.subtract(none, partitions).count() == left.size());
        CHECK(none.subtract(a, partitions).count() == 0);
        CHECK(a.intersection(none, partitions).count() == 0);
    }
    auto const texts = iota(job.context, 200, 7).map([](std::int64_t n, Arena& arena) {
        return arena.copy(std::to_string(n % 50));
    });
    auto const few = texts.filter([](std::string_view text) { return text.size() == 1; });
    CHECK(texts.subtract(few).count() == 160);
    CHECK(texts.intersection(few).count() == 10);
}

TEST_CASE("anti_join is subtract_by_key, and group_by is group_by_key of what it is told") {
    Job job;
    auto const left = parallelize(job.context, number_pairs(300, 23), 7);
    auto const right = parallelize(job.context, number_pairs(200, 31, -4), 3);
    auto const pairs_of = [](auto const& dataset) {
        std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
        for (auto const& [key, value] : dataset.collect()) pairs.emplace_back(key, value);
        return pairs;
    };
    CHECK(pairs_of(left.anti_join(right, 5)) == pairs_of(left.subtract_by_key(right, 5)));
    CHECK(!pairs_of(left.anti_join(right, 5)).empty());

    auto const sizes = iota(job.context, 100, 9)
                           .group_by([](std::int64_t n) { return n % 7; }, 4)
                           .map([](auto const& group) {
                               std::int64_t sum = 0;
                               for (std::int64_t const n : group.value) sum = sum * 3 + n;
                               return KeyValue(group.key, sum);
                           });
    for (auto const& [key, found] : sizes.collect()) {
        std::int64_t expected = 0;
        for (std::int64_t n = key; n < 100; n += 7) expected = expected * 3 + n;
        CHECK(found == expected);
    }
    CHECK(sizes.count() == 7);
}
