// Joins that spread a key over ranks, against an oracle that works through the records one by one.

#include "serry/skew_operations.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "api/join_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using NumberPairs = Pairs<std::int64_t, std::int64_t>;

/// Of `count` records half have key 7, the others even keys.
NumberPairs uneven_pairs(std::int64_t count, std::int64_t most_key = 100) {
    NumberPairs pairs;
    for (std::int64_t n = 0; n < count; ++n) pairs.emplace_back(n % 2 ? 7 : n % most_key, n);
    return pairs;
}
/// Keys from 0 on, two of each.
NumberPairs two_each(std::int64_t key_count) {
    NumberPairs pairs;
    for (std::int64_t n = 0; n < 2 * key_count; ++n) pairs.emplace_back(n % key_count, -n);
    return pairs;
}

/// In the order of the left side.
template <bool keeps_left>
auto broadcast_oracle(Partitions<Count> const& left, NumberPairs const& right) {
    using R = std::conditional_t<keeps_left, std::optional<std::int64_t>, std::int64_t>;
    using Out = KeyValue<std::int64_t, Joined<std::int64_t, R>>;
    Partitions<Out> result;
    for (auto const& partition : left) {
        auto& out = result.emplace_back();
        for (auto const& [key, value] : partition) {
            bool has_any = false;
            for (auto const& match : right) {
                if (match.key != key) continue;
                has_any = true;
                out.push_back({key, {value, match.value}});
            }
            if constexpr (keeps_left)
                if (!has_any) out.push_back({key, {value, {}}});
        }
    }
    return result;
}

/// The records of skewed_join: as join() on keys with pieces, dealt out as the contract says.
template <bool keeps_left>
auto split_oracle(Partitions<Count> const& left,
                  Partitions<Count> const& right,
                  std::uint64_t partition_count) {
    using R = std::conditional_t<keeps_left, std::optional<std::int64_t>, std::int64_t>;
    using Split = SplitKey<std::int64_t>;
    std::map<std::int64_t, std::uint64_t> counts;
    std::uint64_t total = 0;
    for (auto const& partition : left)
        for (auto const& record : partition) ++counts[record.key], ++total;
    std::map<std::int64_t, std::vector<std::uint64_t>> pieces;
    for (auto const& [key, count] : counts) {
        if (count * partition_count <= total) continue;
        std::uint64_t const n =
            std::min({partition_count, count, (4 * count * partition_count + total - 1) / total});
        pieces[key].resize(n);
        std::vector<bool> is_found(n);
        ByteWriter scratch;
        for (std::uint64_t piece = 0, found = 0; found < n; ++piece) {
            auto const bytes = key_bytes(Split{key, piece}, scratch);
            std::uint64_t const at = partition_of_hash(hash_key(bytes), n);
            if (is_found[at]) continue;
            is_found[at] = true;
            pieces[key][at] = piece;
            ++found;
        }
    }
    Partitions<KeyValue<Split, std::int64_t>> dealt(left.size()), copied(right.size());
    for (std::size_t p = 0; p < left.size(); ++p) {
        std::map<std::int64_t, std::uint64_t> next;
        for (auto const& [key, of_key] : pieces) next[key] = p * of_key.size() / left.size();
        for (auto const& [key, value] : left[p]) {
            auto const found = pieces.find(key);
            std::uint64_t const piece =
                found == pieces.end() ? 0 : found->second[next[key]++ % found->second.size()];
            dealt[p].push_back({{key, piece}, value});
        }
    }
    for (std::size_t p = 0; p < right.size(); ++p)
        for (auto const& [key, value] : right[p]) {
            auto const found = pieces.find(key);
            if (found == pieces.end())
                copied[p].push_back({{key, 0}, value});
            else
                for (std::uint64_t const piece : found->second)
                    copied[p].push_back({{key, piece}, value});
        }
    auto const joined = merge_by_oracle<Joined<std::int64_t, R>>(
        dealt, copied, partition_count, [](auto const& ls, auto const& rs, auto const& emit) {
            for (auto const& l : ls) {
                for (auto const& r : rs) emit({l, r});
                if constexpr (keeps_left)
                    if (rs.empty()) emit({l, {}});
            }
        });
    Partitions<KeyValue<std::int64_t, Joined<std::int64_t, R>>> result(joined.size());
    for (std::size_t p = 0; p < joined.size(); ++p)
        for (auto const& record : joined[p]) result[p].push_back({record.key.key, record.value});
    return result;
}

template <typename T>
std::vector<std::uint64_t> sizes_of(Dataset<T> const& dataset) {
    std::vector<std::uint64_t> sizes;
    auto const counted = dataset.template map_partitions<Size>(
        [](Partition partition) { return SizeCounter{partition.index}; });
    for (auto const& size : counted.collect()) sizes.push_back(size.value);
    return sizes;
}

}  // namespace

TEST_CASE("a small side is sent to all, and the other one stays where it is") {
    Job job;
    for (auto const& [left, right] :
         {std::pair(uneven_pairs(1000), two_each(30)), std::pair(uneven_pairs(3), two_each(0)),
          std::pair(NumberPairs(), two_each(30))}) {
        auto const a = parallelize(job.context, left, 7);
        auto const b = parallelize(job.context, right, 3);
        check_partitions(a.broadcast_join(b), broadcast_oracle<false>(cut(left, 7), right));
        check_partitions(a.broadcast_left_outer_join(b),
                         broadcast_oracle<true>(cut(left, 7), right));
        for (StageReport const& report : job.session.reports())
            CHECK(report.vote.records_sent == 0);
    }
}

TEST_CASE("a side that is not small is joined as ever") {
    Job job;
    auto const left = uneven_pairs(1000), right = two_each(300);
    auto const a = parallelize(job.context, left, 7);
    auto const b = parallelize(job.context, right, 3);
    constexpr std::uint64_t bytes = 600 * 16;  // of the right side, encoded
    check_partitions(a.broadcast_join(b, bytes), broadcast_oracle<false>(cut(left, 7), right));
    auto const pairs = [](auto const& ls, auto const& rs, auto const& emit) {
        for (auto const& l : ls)
            for (auto const& r : rs) emit({l, r});
    };
    auto const joined =
        merge_by_oracle<Joined<std::int64_t, std::int64_t>>(cut(left, 7), cut(right, 3), 7, pairs);
    for (std::uint64_t const too_little : {bytes - 1, std::uint64_t{0}})
        check_partitions(a.broadcast_join(b, too_little), joined);
}

TEST_CASE("what broadcast_join keeps in place is still known to be hash-partitioned") {
    Job job;
    auto const a = parallelize(job.context, uneven_pairs(500), 7).partition_by_key(5);
    auto const b = parallelize(job.context, two_each(30), 3);
    auto const joined = a.broadcast_join(b).group_by_key();
    CHECK(joined.explain().find("no exchange") != std::string::npos);
    CHECK(joined.count() == 15 + 1);
}

TEST_CASE("heavy keys are split, and every pair comes once") {
    Job job;
    for (std::uint64_t const count : {1, 2, 5, 64}) {
        auto const left = uneven_pairs(2000), right = two_each(60);
        auto const a = parallelize(job.context, left, 11);
        auto const b = parallelize(job.context, right, 3);
        check_partitions(a.skewed_join(b, count),
                         split_oracle<false>(cut(left, 11), cut(right, 3), count));
        check_partitions(a.skewed_left_outer_join(b, count),
                         split_oracle<true>(cut(left, 11), cut(right, 3), count));
    }
    auto const none = parallelize(job.context, NumberPairs(), 3);
    CHECK(none.skewed_join(none).count() == 0);
    auto const some = parallelize(job.context, uneven_pairs(100), 3);
    CHECK_THROWS_AS(some.skewed_join(some, std::uint64_t{1} << 40).count(), UsageError);
}

TEST_CASE("a key with half of the records is spread evenly; join() brings it to one partition") {
    Job job;
    auto const a = parallelize(job.context, uneven_pairs(40'000, 1000), 16);
    auto const b = parallelize(job.context, two_each(1000), 3);
    auto const most = [](std::vector<std::uint64_t> const& sizes) {
        return *std::max_element(sizes.begin(), sizes.end());
    };
    CHECK(most(sizes_of(a.join(b, 8))) > 40'000);
    CHECK(most(sizes_of(a.skewed_join(b, 8))) < 80'000 / 8 * 6 / 5);
    CHECK(most(sizes_of(a.broadcast_join(b))) == 80'000 / 16);
}

TEST_CASE("keys and values may be views") {
    Job job;
    std::vector<std::string> const lines{"a 1", "b 2", "a 3", "a 4", "c 5"};
    auto const pair = [](std::string const& line) {
        std::string_view const text = line;
        return KeyValue<std::string_view, std::string_view>(text.substr(0, 1), text.substr(2));
    };
    auto const a = parallelize(job.context, lines, 2).map(pair).persist();
    auto const joined = [](auto const& dataset) {
        std::vector<std::string> texts;
        for (auto const& record : dataset.collect())
            texts.push_back(std::string(record.key) + ' ' + std::string(record.value.left) + ' '
                            + std::string(record.value.right));
        std::sort(texts.begin(), texts.end());
        return texts;
    };
    auto const expected = joined(a.join(a));
    CHECK(expected.size() == 11);
    CHECK(joined(a.broadcast_join(a)) == expected);
    CHECK(joined(a.skewed_join(a, 3)) == expected);
}
