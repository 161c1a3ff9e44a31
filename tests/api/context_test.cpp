#include "serry/context.hpp"

#include <cstdint>
#include <stdexcept>

#include <doctest/doctest.h>

#include "serry/exec/session.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Job {
    Session session{MPI_COMM_WORLD, {}};
    Context context{session,
                    {"left", "right"},
                    {{"--top", "12"}, {"--lowercase", ""}, {"--many", "x"}}};
};

}  // namespace

TEST_CASE("arguments are told by their place, and one that is missing in words") {
    Job job;
    CHECK(job.context.arguments() == std::vector<std::string>{"left", "right"});
    CHECK(job.context.argument(0) == "left");
    CHECK(job.context.argument(1) == "right");
    CHECK(thrown([&] { job.context.argument(2); })
          == "UsageError 2: argument 3 is missing; 2 were given; --help shows what is expected");
}

TEST_CASE("options are there or not, with a value or without") {
    Job job;
    CHECK(job.context.has("--top"));
    CHECK(job.context.has("--lowercase"));
    CHECK_FALSE(job.context.has("--to"));
    CHECK(job.context.option("--top") == "12");
    CHECK(job.context.option("--lowercase") == "");
    CHECK_FALSE(job.context.option("--output"));
}

TEST_CASE("an option that is a count is one, or told in words") {
    Job job;
    CHECK(job.context.count_option("--top", 5) == 12);
    CHECK(job.context.count_option("--bottom", 5) == 5);
    CHECK(thrown([&] { job.context.count_option("--many", 5); })
          == "UsageError 2: --many: \"x\" is no count; expected a whole number from 0 on");
}

TEST_CASE("a context knows its ranks and its session") {
    Job job;
    CHECK(job.context.rank_count() == job.session.comm().rank_count());
    CHECK(&job.context.session() == &job.session);
}

TEST_CASE("a job may use MPI of its own between its actions") {
    Job job;
    std::uint64_t sum = 0;
    job.context.mpi_stage([&sum](MPI_Comm communicator) {
        std::uint64_t const one = 1;
        MPI_Allreduce(&one, &sum, 1, MPI_UINT64_T, MPI_SUM, communicator);
    });
    CHECK(sum == static_cast<std::uint64_t>(job.context.rank_count()));
    auto const fail = [](MPI_Comm) { throw std::runtime_error("no"); };
    CHECK(thrown([&] {
              job.context.mpi_stage(fail, {"job.cpp", 3});
          }).find("StageError 66: mpi_stage (job.cpp:3) failed on rank 0 ")
          == 0);
}
