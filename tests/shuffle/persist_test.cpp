#include "serry/shuffle/persist.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Numbers of which every one that is computed is counted.
struct Counted {
    explicit Counted(Options options = {}) : session(MPI_COMM_WORLD, std::move(options)) {}

    Dataset<std::int64_t> numbers(std::uint64_t count = 100, std::uint64_t partitions = 7) {
        return iota(context, count, partitions).map([this](std::int64_t n) {
            ++calls;
            return n;
        });
    }
    std::uint64_t all_calls() const { return session.comm().all_reduce_sum(calls); }

    Session session;
    Context context{session, {}, {}};
    std::uint64_t calls = 0;
};

Options with_memory(std::uint64_t bytes) {
    Options options;
    options.memory_bytes = bytes;
    return options;
}

std::string error_of(auto const& action, ExitCode code) {
    try {
        action();
    } catch (Error const& error) {
        CHECK(error.exit_code() == code);
        return error.what();
    }
    return "nothing was thrown";
}

std::uint64_t last_spilled_bytes(Session const& session) {
    return session.reports().back().vote.spilled_bytes;
}

}  // namespace

TEST_CASE(
    "what was persisted is computed once, and only by an action that goes through all of it") {
    Counted job;
    auto const kept = job.numbers().persist();
    CHECK(kept.take(3).to_vector() == Numbers{0, 1, 2});
    std::uint64_t const by_take = job.all_calls();
    CHECK(by_take < 100);
    CHECK(kept.count() == 100);
    CHECK(job.all_calls() == by_take + 100);
    CHECK(kept.collect().to_vector()
          == oracle(
              100, [](std::int64_t n) { return n; }, always));
    CHECK(kept.map(squared).top(1, std::greater{}).to_vector() == Numbers{99 * 99});
    CHECK(job.all_calls() == by_take + 100);
}

TEST_CASE("a persisted dataset that nobody else holds is kept as long as its stage needs it") {
    Counted job;
    auto const sums = job.numbers()
                          .persist()
                          .map(squared)
                          .persist()
                          .map([](std::int64_t n) { return Count(n % 3, n); })
                          .reduce_by_key(std::plus{});
    CHECK(sums.count() == 2);
    auto const joined = job.numbers()
                            .map([](std::int64_t n) { return Count(n % 3, n); })
                            .persist()
                            .join(sums.persist().map_values(squared).persist());
    CHECK(joined.count() == 67);
    CHECK(joined.count() == 67);
    CHECK(job.all_calls() == 200);
}

TEST_CASE("a persisted dataset used twice in one stage is computed twice, and then held") {
    Counted job;
    auto const kept = job.numbers().persist().map(squared).persist();
    CHECK(kept.union_with(kept).count() == 200);
    CHECK(job.all_calls() == 200);
    CHECK(kept.union_with(kept).count() == 200);
    CHECK(job.all_calls() == 200);
}

TEST_CASE("records with views are kept with what they view, in memory and in scratch") {
    for (PersistLevel const level :
         {PersistLevel::memory, PersistLevel::memory_and_disk, PersistLevel::disk}) {
        Job job;
        auto const kept =
            job.numbers(3000)
                .map([](std::int64_t n, Arena& arena) { return Word(name_in(n, arena), n); })
                .persist(level);
        CHECK(kept.count() == 3000);
        Results<Word> const words = kept.collect();
        std::int64_t n = 0;
        for (auto const& [name, number] : words) {
            CHECK(name == name_of(n));
            CHECK(number == n);
            ++n;
        }
        CHECK(n == 3000);
    }
}

TEST_CASE("a dataset persisted in memory that does not fit says what to do") {
    Counted job(with_memory(100'000));
    auto const kept = job.numbers(1'000'000, 1).persist(PersistLevel::memory);
    std::string const text = error_of([&] { kept.count(); }, ExitCode::does_not_fit);
    std::string const expected =
        ": a dataset persisted in memory is larger than the 36.6 KiB that a rank has for it; "
        "persist "
        "it with memory_and_disk, set a larger --memory, or use more ranks";
    CAPTURE(text);
    CHECK(text.size() > expected.size());
    CHECK(text.substr(text.size() - std::min(text.size(), expected.size())) == expected);
    CHECK(text.find(", in persist (persist_test.cpp:") != std::string::npos);
    // Smaller than a block, but larger than the limit.
    auto const small = job.numbers(20'000, 1).persist(PersistLevel::memory);
    CHECK(error_of([&] { small.count(); }, ExitCode::does_not_fit).find("36.6 KiB")
          != std::string::npos);
    auto const fits = job.numbers(1'000, 1).persist(PersistLevel::memory);
    CHECK(fits.count() == 1000);
}

TEST_CASE("what does not fit into memory is in scratch, and so is all that should be") {
    auto const expected = oracle(60'000, squared, always);
    Counted job(with_memory(100'000));
    for (PersistLevel const level : {PersistLevel::memory_and_disk, PersistLevel::disk}) {
        auto const kept = job.numbers(60'000, 9).map(squared).persist(level);
        CHECK(kept.count() == 60'000);
        CHECK(last_spilled_bytes(job.session) > 0);
        CHECK(kept.collect().to_vector() == expected);
    }
    CHECK(job.all_calls() == 120'000);
}

TEST_CASE("an unpersisted dataset cannot be used any more; others cannot be unpersisted") {
    Counted job;
    auto const numbers = job.numbers();
    auto const kept = numbers.persist();
    CHECK(kept.count() == 100);
    kept.unpersist();
    kept.unpersist();
    std::string const text = error_of([&] { kept.count(); }, ExitCode::usage);
    CAPTURE(text);
    CHECK(text.find(": persist (persist_test.cpp:") != std::string::npos);
    CHECK(text.find("): was unpersisted, and what it was made of is forgotten; unpersist it after "
                    "its last use")
          != std::string::npos);
    CHECK(numbers.count() == 100);
    std::string const other = error_of([&] { numbers.unpersist(); }, ExitCode::usage);
    CHECK(other.starts_with("unpersist of map (persist_test.cpp:"));
    CHECK(other.ends_with("): expected a dataset that persist() returned"));
    // One that no action went through holds nothing, and may still be used.
    auto const unused = numbers.persist();
    unused.unpersist();
    CHECK(unused.count() == 100);
}

TEST_CASE("what lies by hash of its keys does so when persisted") {
    Job job;
    auto const sums = job.numbers()
                          .map([](std::int64_t n) { return Count(n % 30, n); })
                          .reduce_by_key(std::plus{}, 5);
    auto const kept = sums.map_values(squared).persist();
    CHECK(kept.count() == 30);
    std::size_t const before = job.session.reports().size();
    CHECK(kept.join(sums).count() == 30);
    CHECK(job.session.reports().size() == before + 1);
}

TEST_CASE("unions are persisted as they lie") {
    for (bool const on_disk : {false, true}) {
        Counted job;
        auto const parts =
            job.numbers(50, 5).union_with(job.numbers(30, 2)).union_with(job.numbers(90, 11));
        auto const kept = parts.persist(on_disk ? PersistLevel::disk : PersistLevel::memory);
        auto const expected = parts.collect().to_vector();
        CHECK(kept.count() == 170);
        std::uint64_t const calls = job.all_calls();
        CHECK(kept.collect().to_vector() == expected);
        CHECK(kept.take(60).to_vector() == Numbers(expected.begin(), expected.begin() + 60));
        CHECK(kept.union_with(kept).count() == 340);
        CHECK(job.all_calls() == calls);
    }
}

TEST_CASE("what threw while it was persisted is not held") {
    Counted job;
    bool fails = true;
    auto const kept = job.numbers()
                          .map([&fails](std::int64_t n) {
                              if (fails && n == 99) throw std::runtime_error("the last one");
                              return n;
                          })
                          .persist();
    CHECK(error_of([&] { kept.count(); }, ExitCode::user_function).find("the last one")
          != std::string::npos);
    fails = false;
    CHECK(kept.count() == 100);
    CHECK(kept.collect().size() == 100);
}
