#include "serry/exec/agreement.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

namespace {

using Steps = std::vector<Lineage::Step>;
using Kind = Announcement::Kind;

std::string const advice =
    " Every rank must record the same transformations and run the same actions in the same order: "
    "do "
    "not let the job depend on the rank, the host, the clock or random numbers of your own";

Announcement count_action(Steps const& steps) {
    return {.kind = Kind::action,
            .number = 1,
            .fingerprint = steps.back().fingerprint,
            .what = "count (job.cpp:3)",
            .steps = steps};
}

Steps const usual{{11, "read", {"job.cpp", 1}},
                  {12, "map", {"job.cpp", 2}},
                  {13, "count", {"job.cpp", 3}}};

/// What all ranks throw when the last one announces `other` and all before it `usual`.
std::string divergence(Announcement const& own, Announcement const& of_last) {
    comm::Communicator const comm(MPI_COMM_WORLD);
    bool const is_last = comm.rank() + 1 == comm.rank_count();
    std::string const text = thrown([&] { agree(comm, is_last ? of_last : own); });
    CHECK(comm.broadcast(text, 0) == text);  // nothing of the disagreement is left in flight either
    agree(comm, own);
    return text;
}

int last_rank() { return comm::Communicator(MPI_COMM_WORLD).rank_count() - 1; }

std::string expected(std::string const& own,
                     std::string const& of_last,
                     std::string const& parting = "") {
    if (last_rank() == 0) return "nothing thrown";
    return "UsageError 64: the ranks run different programs: rank 0 " + own + "; rank "
           + std::to_string(last_rank()) + ' ' + of_last + '.' + parting + advice;
}

}  // namespace

TEST_CASE("ranks that are about to do the same agree, whatever it is") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    for (Kind kind : {Kind::action, Kind::returned, Kind::threw, Kind::exited}) {
        for (std::uint64_t word : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
            CHECK_NOTHROW(agree(
                comm,
                {.kind = kind, .number = word, .fingerprint = word, .what = "x", .steps = {}}));
    }
}

TEST_CASE("a rank about to run another action is named, with both call sites") {
    Announcement const own = count_action(usual);
    Announcement other = own;
    other.what = "collect (job.cpp:4)";
    CHECK(divergence(own, other)
          == expected("is about to run action 2, count (job.cpp:3)",
                      "is about to run action 2, collect (job.cpp:4)"));
    other = own;
    other.number = 2;
    CHECK(divergence(own, other)
          == expected("is about to run action 2, count (job.cpp:3)",
                      "is about to run action 3, count (job.cpp:3)"));
}

TEST_CASE("the ends of a job are told apart") {
    Announcement const own{
        .kind = Kind::returned, .number = 1, .fingerprint = 5, .what = "", .steps = {}};
    Announcement other = own;
    other.kind = Kind::threw;
    other.what = "std::runtime_error: bad";
    CHECK(divergence(own, other)
          == expected("returned from the job after 1 action",
                      "left the job after 1 action by an exception, std::runtime_error: bad"));
    other.kind = Kind::exited;
    other.number = 0;
    CHECK(divergence(own, other)
          == expected("returned from the job after 1 action", "called exit() after 0 actions"));
    other = own;
    other.number = 2;
    CHECK(divergence(own, other)
          == expected("returned from the job after 1 action",
                      "returned from the job after 2 actions"));
}

TEST_CASE("the step is named at which lineages part") {
    std::string const both = "is about to run action 2, count (job.cpp:3)";
    auto const check = [&](Steps const& steps, std::string const& parting) {
        CHECK(divergence(count_action(usual), count_action(steps))
              == expected(both, both, parting));
    };
    std::string const last = std::to_string(last_rank());
    check({{11, "read", {"job.cpp", 1}},
           {22, "filter", {"job.cpp", 5}},
           {23, "count", {"job.cpp", 3}}},
          " Their lineages part where rank 0 recorded map (job.cpp:2) and rank " + last
              + " recorded filter (job.cpp:5).");
    check({{11, "read", {"job.cpp", 1}}, {24, "count", {"job.cpp", 3}}},
          " Their lineages part where rank 0 recorded map (job.cpp:2) and rank " + last
              + " recorded count (job.cpp:3).");
    check(
        {{21, "read", {"job.cpp", 1}}, {22, "map", {"job.cpp", 2}}, {23, "count", {"job.cpp", 3}}},
        " Their lineages part at read (job.cpp:1): its arguments differ.");
}

TEST_CASE("of several ranks that differ the lowest is named") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    if (comm.rank_count() < 3) return;
    Announcement own = count_action(usual);
    own.number = comm.rank() == 0 ? 0 : static_cast<std::uint64_t>(comm.rank()) + 4;
    CHECK(thrown([&] { agree(comm, own); })
          == "UsageError 64: the ranks run different programs: rank 0 is about to run action 1, count "
             "(job.cpp:3); rank 1 is about to run action 6, count (job.cpp:3)."
                 + advice);
}
