// Joins of what lies right already: which exchanges are saved, and what failures leave behind.

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "api/join_oracle.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using JoinedCounts = KeyValue<std::int64_t, Joined<std::int64_t, std::int64_t>>;

/// n % keys with n, of `count` numbers.
auto pairs_of(Job& job, std::int64_t keys, std::uint64_t count = 400) {
    return job.numbers(count).map([keys](std::int64_t n) { return Count(n % keys, n); });
}

struct Stages {
    explicit Stages(Session const& session_)
        : session(session_), before(session_.reports().size()) {}

    std::size_t count() const { return session.reports().size() - before; }
    std::uint64_t bytes_sent() const {
        std::uint64_t bytes = 0;
        for (std::size_t i = before; i < session.reports().size(); ++i)
            bytes += session.reports()[i].vote.bytes_sent;
        return bytes;
    }

    Session const& session;
    std::size_t before;
};

std::string error_of(auto const& action) {
    try {
        action();
    } catch (Error const& error) {
        return error.what();
    }
    return "nothing was thrown";
}

std::vector<JoinedCounts> sums_and_counts() {
    Partitions<Count> left(1), right(1);
    std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> sums;
    for (std::int64_t n = 0; n < 400; ++n) {
        sums[n % 10].first += n;
        sums[n % 10].second += 1;
    }
    for (auto const& [key, both] : sums) {
        left[0].emplace_back(key, both.first + 1);
        right[0].emplace_back(key, both.second);
    }
    auto const joined = merge_by_oracle<Joined<std::int64_t, std::int64_t>>(
        left, right, 1, [](auto const& ls, auto const& rs, auto const& emit) {
            for (auto const& l : ls)
                for (auto const& r : rs) emit({l, r});
        });
    return joined[0];
}

}  // namespace

TEST_CASE("results of exchanges join where they are, through filter and map_values") {
    Job job;
    auto const sums = pairs_of(job, 10).reduce_by_key(std::plus{}, 6);
    auto const counts = pairs_of(job, 10)
                            .map_values([](std::int64_t) { return std::int64_t{1}; })
                            .reduce_by_key(std::plus{}, 6);
    CHECK(sums.count() == 10);
    CHECK(counts.count() == 10);
    Stages const later(job.session);
    auto const joined = sums.map_values([](std::int64_t sum) { return sum + 1; })
                            .join(counts.filter([](Count const&) { return true; }));
    CHECK(joined.collect().to_vector() == sums_and_counts());
    CHECK(later.count() == 1);
    CHECK(later.bytes_sent() == 0);
    CHECK(joined.reduce_by_key([](auto const& a, auto const&) { return a; }).count() == 10);
    CHECK(joined.group_by_key().join(sums).partition_by_key().count() == 10);
    CHECK(later.count() == 3);
    CHECK(later.bytes_sent() == 0);
}

TEST_CASE("results in other numbers of partitions are exchanged") {
    Job job;
    auto const sums = pairs_of(job, 10).reduce_by_key(std::plus{}, 6);
    auto const counts = pairs_of(job, 10)
                            .map_values([](std::int64_t) { return std::int64_t{1}; })
                            .reduce_by_key(std::plus{}, 5);
    CHECK(sums.count() + counts.count() == 20);
    auto const more = sums.map_values([](std::int64_t sum) { return sum + 1; });
    Stages const later(job.session);
    CHECK(more.join(counts).collect().to_vector() == sums_and_counts());
    CHECK(later.count() == 2);  // of the smaller side, and the join
    CHECK(more.join(counts, 9).collect().to_vector() == sums_and_counts());
    CHECK(later.count() == 5);
    CHECK(later.bytes_sent() > 0);
}

TEST_CASE("--partitions decides for all that do not say, and then all stay") {
    Options options;
    options.partition_count = 8;
    Session session(MPI_COMM_WORLD, options);
    Context context(session, {}, {});
    auto const pairs = iota(context, 100).map([](std::int64_t n) { return Count(n % 9, n); });
    auto const sums = pairs.reduce_by_key(std::plus{});
    CHECK(sums.count() == 9);
    CHECK(sums.step()->partition_count() == 8);
    Stages const later(session);
    auto const joined = sums.join(sums);
    CHECK(joined.count() == 9);
    CHECK(joined.step()->partition_count() == 8);
    CHECK(later.count() == 1);
    auto const mixed = pairs.join(pairs.reduce_by_key(std::plus{}, 3));
    CHECK(mixed.count() == 100);
    CHECK(mixed.step()->partition_count() == 8);
}

TEST_CASE("a loop over a join has one exchange each time round, and forgets what was") {
    Job job;
    auto const links = pairs_of(job, 20).partition_by_key(6);
    auto scores = pairs_of(job, 20)
                      .map_values([](std::int64_t) { return std::int64_t{1}; })
                      .reduce_by_key([](std::int64_t a, std::int64_t) { return a; }, 6);
    CHECK(links.count() == 400);
    CHECK(scores.count() == 20);
    std::map<std::int64_t, std::int64_t> expected;
    for (std::int64_t key = 0; key < 20; ++key) expected[key] = 1;
    for (int round = 0; round < 5; ++round) {
        Stages const later(job.session);
        std::weak_ptr<Transformation> const last = scores.step();
        scores = links.join(scores)
                     .map([](JoinedCounts const& pair) {
                         return Count(pair.value.left % 20, pair.value.right % 1000 + pair.key);
                     })
                     .reduce_by_key(std::plus{}, 6);
        std::map<std::int64_t, std::int64_t> next;
        for (std::int64_t n = 0; n < 400; ++n) next[n % 20] += expected[n % 20] % 1000 + n % 20;
        expected = next;
        CHECK(as_map(scores.collect().to_vector()) == expected);
        CHECK(later.count() == 2);  // the exchange of the loop, and collect
        CHECK(last.expired());
    }
}

TEST_CASE("a function that throws behind a join, or before one in place, is told once") {
    Job job;
    auto const sums = pairs_of(job, 10).reduce_by_key(std::plus{}, 1);
    CHECK(sums.count() == 10);
    auto const refuse = [](std::int64_t sum) -> std::int64_t {
        if (sum == 7960) throw std::runtime_error("no such sum");
        return sum;
    };
    auto const good = sums.join(sums);
    auto const behind = good.map_values(
        [refuse](Joined<std::int64_t, std::int64_t> const& both) { return refuse(both.left); });
    auto const before = sums.map_values(refuse).join(sums);
    std::string const first = error_of([&] { behind.count(); });
    std::string const second = error_of([&] { before.count(); });
    for (std::string const& text : {first, second}) {
        CAPTURE(text);
        std::size_t const at = text.find("no such sum");
        CHECK(at != std::string::npos);
        CHECK(text.find("no such sum", at + 1) == std::string::npos);
        CHECK(text.find("partition 0 of 1, in map_values (saved_exchanges_test.cpp:")
              != std::string::npos);
    }
    CHECK(good.count() == 10);
    CHECK(error_of([&] { before.count(); }).find("no such sum") != std::string::npos);
    CHECK(sums.count() == 10);
}

TEST_CASE("a failed exchange of one side leaves the other side held, and is done again") {
    Job job;
    auto const fails = std::make_shared<bool>(true);
    auto const left = pairs_of(job, 10);
    auto const right = pairs_of(job, 10).map_values([fails](std::int64_t n) {
        if (*fails && n == 399) throw std::runtime_error("not yet");
        return n;
    });
    auto const joined = left.join(right, 4);
    CHECK(error_of([&] { joined.count(); }).find("not yet") != std::string::npos);
    *fails = false;
    Stages const later(job.session);
    CHECK(joined.count() == 400 * 40);
    CHECK(later.count() == 2);
}

TEST_CASE("take() of a join in place is not the last word") {
    Job job;
    auto const sums = pairs_of(job, 37).reduce_by_key(std::plus{}, 9);
    auto const joined = sums.persist().join(sums.map_values([](std::int64_t n) { return -n; }));
    auto const all = joined.collect().to_vector();
    CHECK(all.size() == 37);
    for (std::uint64_t const count : {0, 1, 5, 36, 37, 100}) {
        auto const first = joined.take(count).to_vector();
        CHECK((first
               == std::vector(
                   all.begin(),
                   all.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count, 37)))));
    }
}
