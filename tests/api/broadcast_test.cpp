#include "serry/broadcast.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "api/job.hpp"
#include "serry/base/units.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("rank 0 makes the value, every rank has it, and functions capture it") {
    Job job;
    int calls = 0;
    auto const offset = broadcast(job.context, [&calls] {
        ++calls;
        return std::int64_t{1000};
    });
    CHECK(job.session.comm().all_reduce_sum(static_cast<std::uint64_t>(calls)) == 1);
    CHECK(calls == (job.session.comm().rank() == 0 ? 1 : 0));
    CHECK(offset.value() == 1000);
    CHECK(job.numbers(3).map([offset](std::int64_t n) { return n + *offset; }).collect().to_vector()
          == Numbers{1000, 1001, 1002});
}

TEST_CASE(
    "values of any encodable type arrive, views of bytes that the value keeps, large and small") {
    for (std::int64_t const count : {0, 1, 100, 100'000}) {
        CAPTURE(count);
        Job job;
        Arena arena;
        auto const table = broadcast(job.context, [&] {
            std::vector<Word> words;
            for (std::int64_t n = 0; n < count; ++n) words.emplace_back(name_in(n, arena), n);
            return words;
        });
        arena = Arena();
        auto const copy = table;
        CHECK(copy->size() == static_cast<std::size_t>(count));
        std::int64_t wrong = 0;
        for (std::int64_t n = 0; n < count; ++n)
            wrong += (*copy)[static_cast<std::size_t>(n)] != Word(name_of(n), n);
        CHECK(wrong == 0);
    }
}

TEST_CASE("what make throws on rank 0 is a StageError everywhere, and the job can go on") {
    Job job;
    auto const fail = []() -> int { throw std::out_of_range("no such file"); };
    CHECK(
        thrown([&] {
            broadcast(job.context, fail, {"job.cpp", 4});
        })
        == "StageError 66: broadcast (job.cpp:4) failed on rank 0: std::out_of_range: no such "
           "file");
    auto const refuse = []() -> std::string { throw InputError("table.csv is missing"); };
    CHECK(thrown([&] {
              broadcast(job.context, refuse, {"job.cpp", 5});
          })
          == "StageError 65: broadcast (job.cpp:5) failed on rank 0: table.csv is missing");
    CHECK(broadcast(job.context, [] { return 7; }).value() == 7);
}

TEST_CASE("a value beyond the limit on results does not fit") {
    Options options;
    options.collect_limit_bytes = 100;
    Session session(MPI_COMM_WORLD, options);
    Context context(session, {}, {});
    CHECK(thrown([&] { broadcast(context, [] { return std::string(1000, 'x'); }); })
          == "StorageError 71: a result of " + format_bytes(1002) + " is larger than the "
                 + format_bytes(100)
                 + " that every rank may hold; write it with write_text, or raise "
                   "SERRY_COLLECT_LIMIT");
}
