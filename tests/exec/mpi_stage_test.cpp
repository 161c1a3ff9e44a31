#include "serry/exec/mpi_stage.hpp"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "exec/numbers_stage.hpp"
#include "sink/thrown.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("f is called on every rank with a communicator of its own, over all ranks") {
    Session session(MPI_COMM_WORLD, {});
    MPI_Comm given = MPI_COMM_NULL;
    int sum = 0;
    run_mpi_stage(session,
                  [&](MPI_Comm communicator) {
                      given = communicator;
                      int result = 0;
                      MPI_Comm_compare(communicator, session.comm().handle(), &result);
                      CHECK(result == MPI_CONGRUENT);
                      int rank = 0;
                      MPI_Comm_rank(communicator, &rank);
                      MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, communicator);
                  },
                  {"job.cpp", 1});
    CHECK(given != session.comm().handle());
    int const ranks = session.comm().rank_count();
    CHECK(sum == ranks * (ranks - 1) / 2);
    CHECK(session.action_count() == 1);
}

TEST_CASE("what f throws on some ranks is the same StageError on all, of the lowest of them") {
    Session session(MPI_COMM_WORLD, {});
    int const last = session.comm().rank_count() - 1;
    for (int const lowest : {0, last}) {
        auto const throw_from = [&](MPI_Comm communicator) {
            MPI_Barrier(communicator);
            if (session.comm().rank() >= lowest)
                throw std::runtime_error("bad " + std::to_string(session.comm().rank()));
        };
        CHECK(thrown([&] {
                  run_mpi_stage(session, throw_from, {"job.cpp", 7});
              })
              == "StageError 66: mpi_stage (job.cpp:7) failed on rank " + std::to_string(lowest)
                     + ' ' + this_host() + ": std::runtime_error: bad " + std::to_string(lowest));
    }
    run_mpi_stage(session, [](MPI_Comm communicator) { MPI_Barrier(communicator); },
                  {"job.cpp", 8});
}

TEST_CASE("an error of serry's own keeps its code and text") {
    Session session(MPI_COMM_WORLD, {});
    auto const fail = [](MPI_Comm) { throw InputError("bad.csv is no table"); };
    CHECK(thrown([&] {
              run_mpi_stage(session, fail, {"job.cpp", 9});
          })
          == "StageError 65: mpi_stage (job.cpp:9) failed on rank 0 " + this_host()
                 + ": bad.csv is no table");
}

TEST_CASE("a rank that left while others wait for it says so after a while") {
    // Never destroyed: the agreement that was given up is still under way.
    static Session& session = *new Session(MPI_COMM_WORLD, {});
    if (session.comm().rank_count() == 1) return;
    bool const leaves = session.comm().rank() == 1;
    auto const wait_for_all = [&](MPI_Comm) {
        if (leaves) throw std::runtime_error("gone");
        MPI_Barrier(MPI_COMM_WORLD);
    };
    std::string error = "nothing thrown";
    if (leaves) {
        error = thrown([&] { run_mpi_stage(session, wait_for_all, {"job.cpp", 10}, 0.2); });
        MPI_Barrier(MPI_COMM_WORLD);  // so that this test ends
        CHECK(error
              == "CommError 76: mpi_stage (job.cpp:10) failed on rank 1 " + this_host()
                     + ": std::runtime_error: gone; the other ranks have not come to the end of it "
                       "within 0.2 s, as they do when they wait for this one: let no rank leave it "
                       "between their calls of MPI");
        session.comm().broadcast("66", 1);
        session.comm().broadcast("gone", 1);
    } else {
        error = thrown([&] { run_mpi_stage(session, wait_for_all, {"job.cpp", 10}, 0.2); });
        CHECK(error == "StageError 66: gone");
    }
}
