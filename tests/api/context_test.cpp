#include "serry/context.hpp"

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
