// The step itself, of three inputs; the operators made of it are in api/join_operations_test.cpp.

#include "serry/shuffle/merge_by_key.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Numbers of values of a key in three inputs; the records have no key.
struct CountValues {
    static constexpr bool keeps_key = false;

    template <typename V>
    static std::string counted(Values<V> const& values) {
        return ' ' + std::to_string(values.size());
    }
    template <typename A, typename B, typename C>
    void operator()(std::int64_t key,
                    Values<A> const& a,
                    Values<B> const& b,
                    Values<C> const& c,
                    MergeOutput<std::string>& out) const {
        out.add(std::to_string(key) + ':' + counted(a) + counted(b) + counted(c));
    }
};

}  // namespace

TEST_CASE("a step of three inputs, of which one lies right already, sees each key once") {
    Job job;
    auto const keyed = [&](std::int64_t keys, std::uint64_t count) {
        return job.numbers(count).map([keys](std::int64_t n) { return Count(n % keys, n); });
    };
    auto const texts = keyed(6, 30).map_values([](std::int64_t n) { return name_of(n); });
    auto const sums = keyed(9, 100).reduce_by_key(std::plus{}, 4);
    using Step = MergeTransformation<std::int64_t, std::string, CountValues, std::int64_t,
                                     std::string, std::int64_t>;
    auto const step =
        std::make_shared<Step>(job.session.lineage(), "count_values", CallSite::here(),
                               CountValues(), 0, keyed(4, 40).step(), texts.step(), sums.step());
    Dataset<std::string> const counts(job.session, step);
    CHECK_FALSE(step->is_hash_partitioned());
    std::multiset<std::string> expected;
    for (std::int64_t key = 0; key < 9; ++key)
        expected.insert(std::to_string(key) + (key < 4 ? ": 10" : ": 0") + (key < 6 ? " 5" : " 0")
                        + " 1");
    auto const records = counts.collect().to_vector();
    CHECK(std::multiset<std::string>(records.begin(), records.end()) == expected);
    CHECK(step->partition_count() == 4);
    CHECK(step->holds_input(0));
    CHECK(step->holds_input(1));
    CHECK_FALSE(step->holds_input(2));
    CHECK(step->parents()[0] == nullptr);
    CHECK(job.session.reports().size() == 4);
    CHECK(counts.count() == 9);
    CHECK(job.session.reports().size() == 5);
}

TEST_CASE("groups of several MiB go through, in place and exchanged, as often as one likes") {
    Job job;
    auto const pairs =
        job.numbers(600'000, 5).map([](std::int64_t n) { return Count(n % 1000 == 7 ? 1 : 0, n); });
    auto const groups = pairs.group_by_key(3);
    auto const sum_twice = [](Values<std::int64_t> const& values) {
        std::int64_t sum = 0, last = -1, out_of_order = 0;
        for (int again = 0; again < 2; ++again, last = -1)
            for (std::int64_t const value : values) {
                sum += value;
                out_of_order += value <= last;
                last = value;
            }
        return std::vector<std::int64_t>{static_cast<std::int64_t>(values.size()), sum,
                                         out_of_order};
    };
    std::int64_t rare = 0;
    for (std::int64_t n = 7; n < 600'000; n += 1000) rare += n;
    std::int64_t const all = 600'000LL * 599'999 / 2;
    std::map<std::int64_t, std::vector<std::int64_t>> const expected{
        {0, {599'400, 2 * (all - rare), 0}}, {1, {600, 2 * rare, 0}}};
    CHECK(as_map(groups.map_values(sum_twice).collect().to_vector()) == expected);
    auto const again = pairs.partition_by_key(3).group_by_key();
    CHECK(as_map(again.map_values(sum_twice).collect().to_vector()) == expected);
    auto const kept = groups.persist();
    CHECK(kept.count() == 2);
    CHECK(as_map(kept.map_values(sum_twice).collect().to_vector()) == expected);
    for (auto const& [key, values] : groups.collect()) {
        CHECK(values.size() == (key == 0 ? 599'400 : 600));
        CHECK(sum_twice(values) == expected.at(key));
    }
}
