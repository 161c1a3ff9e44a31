#include "serry/exec/checkpoints.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "faults/fault.hpp"
#include "serry/accumulator.hpp"
#include "serry/broadcast.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// An attempt at a job, which ends without having finished.
struct Attempt {
    explicit Attempt(SharedTempDir const& dir, std::string const& resume = "auto")
        : session(MPI_COMM_WORLD, with(dir, resume), {"test", 1, 0, {}, {}}) {}

    static Options with(SharedTempDir const& dir, std::string const& resume) {
        Options options;
        options.checkpoint = dir / "c";
        options.checkpoint_every = "stage";
        options.resume = resume;
        return options;
    }
    Checkpoints::Totals const& totals() const { return session.checkpoints()->totals(); }

    Session session;
    Context context{session, {}, {}};
};

auto sums_of(Attempt& attempt, std::int64_t factor) {
    return iota(attempt.context, 1000, 7)
        .key_by([](std::int64_t n) { return n % 10; })
        .map_values([factor](std::int64_t n) { return n * factor; })
        .reduce_by_key(std::plus{});
}

/// One place in the program, whoever calls it.
template <typename Sums>
auto total_of(Sums const& sums) {
    return sums.values().sum();
}

std::vector<std::string> manifests_in(SharedTempDir const& dir) {
    std::vector<std::string> names = names_in(dir / "c");
    std::erase_if(names, [](std::string const& name) { return !name.ends_with(".manifest"); });
    return names;
}

}  // namespace

TEST_CASE("an attempt has the results of the one before, and goes on from its checkpoints") {
    SharedTempDir const dir;
    std::string job_id;
    std::int64_t sum = 0;
    {
        Attempt first(dir);
        job_id = first.session.job_id();
        sum = total_of(sums_of(first, 3));
        CHECK(first.totals().committed == 1);
        CHECK(first.totals().replayed_results == 0);
    }
    Attempt second(dir);
    CHECK(second.session.job_id() == job_id);
    CHECK(second.session.checkpoints()->attempt() == 2);
    auto const sums = sums_of(second, 3);
    CHECK(total_of(sums) == sum);
    CHECK(second.totals().replayed_results == 1);
    CHECK(second.session.reports().empty());
    CHECK(sums.count() == 10);  // of which the journal knows nothing
    CHECK(second.totals().restored == 1);
    REQUIRE(second.session.reports().size() == 1);
    CHECK(second.session.reports()[0].plan.name == "reduce_by_key > count");
    second.session.close(Announcement::Kind::returned, "");
    second.session.comm().barrier();
    CHECK(names_in(dir / "c") == std::vector<std::string>{"finished", "lock"});
}

TEST_CASE("results of every shape come back as they were") {
    SharedTempDir const dir;
    auto const results = [](Attempt& attempt) {
        auto const numbers = iota(attempt.context, 100, 3);
        auto const words = numbers.map(
            [](std::int64_t n, Arena& arena) { return arena.copy(std::to_string(n * 7 % 100)); });
        std::string text;
        for (std::string_view const word : words.take(3)) text += std::string(word) + ' ';
        for (std::string_view const word : words.collect()) text += word.substr(0, 1);
        text += ' ' + std::string(*words.max()) + ' ' + std::string(*words.first());
        for (std::int64_t const n : numbers.take_ordered(3)) text += std::to_string(n);
        text += std::to_string(numbers.stats().variance());
        text += std::to_string(numbers.histogram(4).counts[2]);
        text += std::to_string(numbers.is_empty());
        text +=
            std::to_string(numbers.filter([](std::int64_t n) { return n < 0; }).min().has_value());
        text += std::to_string(numbers.approximate_distinct_count());
        text += std::to_string(numbers.approximate_quantiles({0.5}).values[0]);
        text += std::to_string(numbers.zip_with_index().count());
        text += *broadcast(attempt.context, [] { return std::string("told"); });
        return text;
    };
    std::string first_text;
    std::size_t first_count = 0;
    {
        Attempt first(dir);
        first_text = results(first);
        first_count = first.session.reports().size();
    }
    Attempt second(dir);
    CHECK(results(second) == first_text);
    CHECK(first_count > 10);
    CHECK(second.session.reports().empty());
}

TEST_CASE("accumulators know what was added before, and count it once") {
    SharedTempDir const dir;
    auto const added = [](Attempt& attempt, bool asks) {
        Accumulator<std::int64_t> total(attempt.context);
        auto const sums = iota(attempt.context, 100, 5)
                              .key_by([total](std::int64_t n) {
                                  total.add(n);
                                  return n % 3;
                              })
                              .reduce_by_key(std::plus{});
        CHECK(sums.count() == 3);
        return asks ? total.value() : 0;
    };
    {
        Attempt first(dir);
        added(first, false);
    }
    Attempt second(dir);
    CHECK(added(second, true) == 4950);
    CHECK(second.session.reports().empty());
}

TEST_CASE("a loop keeps the newest checkpoint and the one before") {
    SharedTempDir const dir;
    Attempt attempt(dir);
    auto numbers = sums_of(attempt, 1);
    for (int i = 0; i < 5; ++i) {
        CHECK(numbers.count() == 10);
        numbers = numbers.key_by([](auto const& pair) { return pair.key; })
                      .map_values([](auto const& pair) { return pair.value; })
                      .reduce_by_key(std::plus{});
    }
    CHECK(attempt.totals().committed == 5);
    attempt.session.comm().barrier();
    CHECK(manifests_in(dir) == std::vector<std::string>{"000004.manifest", "000005.manifest"});
}

TEST_CASE("a job that goes another way than before is refused") {
    SharedTempDir const dir;
    {
        Attempt first(dir);
        CHECK(iota(first.context, 10, 2, {"job.cpp", 1}).count({"job.cpp", 2}) == 10);
    }
    std::string const path = dir / "c";
    std::string const ending =
        "; let it depend on nothing but its arguments and input, or start over by --resume fresh";
    {
        Attempt second(dir);
        CHECK(thrown([&] { iota(second.context, 10, 2, {"job.cpp", 1}).sum({"job.cpp", 3}); })
              == "UsageError 64: " + path
                     + ": the job went another way before: it came to count (job.cpp:2), and comes "
                       "to sum (job.cpp:3) now"
                     + ending);
    }
    {
        Attempt third(dir);
        CHECK(thrown([&] { iota(third.context, 11, 2, {"job.cpp", 1}).count({"job.cpp", 2}); })
              == "UsageError 64: " + path
                     + ": the job went another way before: it came to count (job.cpp:2), and comes "
                       "to that with other steps before it now"
                     + ending);
    }
    Attempt fresh(dir, "fresh");
    CHECK(iota(fresh.context, 11, 2, {"job.cpp", 1}).count({"job.cpp", 2}) == 11);
    CHECK(fresh.session.checkpoints()->attempt() == 1);
}

TEST_CASE("what was not due when it was made is committed when it is, unless it has gone") {
    SharedTempDir const dir;
    Options options = Attempt::with(dir, "auto");
    options.checkpoint_every = "0.2";
    Session session(MPI_COMM_WORLD, options, {"test", 1, 0, {}, {}});
    Context context(session, {}, {});
    auto const kept = iota(context, 10, 2).persist(), released = iota(context, 10, 2).persist();
    CHECK(kept.count() + released.count() == 20);
    CHECK(iota(context, 10, 2).persist().count() == 10);  // and nobody has it any more
    released.unpersist();
    CHECK(session.checkpoints()->totals().committed == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    CHECK(kept.count() == 10);
    CHECK(session.checkpoints()->totals().committed == 1);
}

TEST_CASE("a checkpoint that the program asks for is made, whatever the policy says") {
    SharedTempDir const dir;
    Options options = Attempt::with(dir, "auto");
    options.checkpoint_every = "1h";
    Session session(MPI_COMM_WORLD, options, {"test", 1, 0, {}, {}});
    Context context(session, {}, {});
    CHECK(iota(context, 10, 2).persist().count() == 10);
    CHECK(session.checkpoints()->totals().committed == 0);
    CHECK(iota(context, 10, 2).checkpoint("wanted").count() == 10);
    CHECK(session.checkpoints()->totals().committed == 1);
}
