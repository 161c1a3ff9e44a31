#include "serry/plan/explain.hpp"

#include <string>

#include <doctest/doctest.h>

#include "plan/steps.hpp"
#include "serry/plan/plan.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("explain names every step with its place, and the partitions where they begin") {
    Lineage lineage;
    Source const source = source_step(lineage, "read_text", 5);
    Wide const wide =
        wide_step(lineage, "reduce_by_key", 3, {narrow_step(lineage, "map", 2, source)}, 7);
    Step const target = narrow_step(lineage, "filter", 4, wide);
    CHECK(explain(*target, 0)
          == "stage 1\n"
             "  read_text (job.cpp:1), partitions from the input's bytes\n"
             "  map (job.cpp:2)\n"
             "  reduce_by_key (job.cpp:3), 7 partitions\n"
             "stage 2\n"
             "  filter (job.cpp:4)\n");
    CHECK(source->requests.empty());
    CHECK(explain(*target, 48)
          == "stage 1\n"
             "  read_text (job.cpp:1), 48 partitions\n"
             "  map (job.cpp:2)\n"
             "  reduce_by_key (job.cpp:3), 7 partitions\n"
             "stage 2\n"
             "  filter (job.cpp:4)\n");
    apply_decisions(make_plan(*target, "count", 0, 1), *target);
    wide->is_held = true;
    CHECK(explain(*target, 48)
          == "stage 1\n"
             "  reduce_by_key (job.cpp:3), 7 partitions, held in memory: not run again\n"
             "  filter (job.cpp:4)\n");
}

TEST_CASE("explain knows that a wide step without a count has that of the step before") {
    Lineage lineage;
    Source const asked = source_step(lineage, "parallelize", 64, 6);
    Wide const wide = wide_step(lineage, "sort_by", 3, {narrow_step(lineage, "map", 2, asked)});
    CHECK(explain(*wide, 0)
          == "stage 1\n"
             "  parallelize (job.cpp:1), 6 partitions\n"
             "  map (job.cpp:2)\n"
             "  sort_by (job.cpp:3), 6 partitions\n"
             "stage 2\n");
    Source const open = source_step(lineage, "read_text", 5);
    Wide const first = wide_step(lineage, "sort_by", 8, {open});
    Wide const second = wide_step(lineage, "sort_by", 9, {first});
    CHECK(explain(*second, 0)
          == "stage 1\n"
             "  read_text (job.cpp:1), partitions from the input's bytes\n"
             "  sort_by (job.cpp:8), partitions from the input's bytes\n"
             "stage 2\n"
             "  sort_by (job.cpp:9), partitions from the input's bytes\n"
             "stage 3\n");
}

TEST_CASE("explain tells which exchanges are saved") {
    Lineage lineage;
    Wide const left = wide_step(lineage, "reduce_by_key", 2, {source_step(lineage, "iota", 6)});
    Wide const both = wide_step(lineage, "join", 3, {left, source_step(lineage, "iota", 9)});
    Wide const again = wide_step(lineage, "reduce_by_key", 4, {both});
    left->is_by_hash = both->is_by_hash = again->is_by_hash = true;
    CHECK(explain(*again, 0)
          == "stage 1\n"
             "  iota (job.cpp:1), partitions from the input's bytes\n"
             "  reduce_by_key (job.cpp:2), partitions from the input's bytes\n"
             "stage 2\n"
             "  iota (job.cpp:1), partitions from the input's bytes\n"
             "  join (job.cpp:3), partitions from the input's bytes, input 2\n"
             "stage 3\n"
             "  join (job.cpp:3), partitions from the input's bytes, no exchange of input 1: "
             "partitioned so already\n"
             "  reduce_by_key (job.cpp:4), partitions from the input's bytes, no exchange: its "
             "input is partitioned so already\n");
}

TEST_CASE("explain does not mind a chain of 200,000 steps") {
    Lineage lineage;
    Step const target = narrow_chain(lineage, source_step(lineage, "iota", 5), 200000);
    CHECK(explain(*target, 0).size() > 2000000);
}
