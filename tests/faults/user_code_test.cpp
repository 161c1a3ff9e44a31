// Functions of the user's that throw, exit, catch what is not theirs.
#include <string>

#include "faults/fault.hpp"

using namespace serry::test;
using Names = std::vector<std::string>;

namespace {

/// What a case says, which must have happened, and must leave nothing behind but that it did.
std::string error_of(std::string const& name, int rank_count, int exit_code = 66) {
    CAPTURE(name);
    CAPTURE(rank_count);
    TempDir const dir;
    JobResult const result =
        run_job(rank_count, {FAULTS_USER_CODE_JOB_PROGRAM, name, dir.path(), "--quiet"});
    std::string const error = the_error(result, exit_code);
    CHECK(names_in(dir.path()) == Names{"fired"});
    return error;
}

std::string const steps = "(iota > map > map > reduce_by_key)";

/// "rank R (HOST), partition P of 8" of the source's partition `partition`.
std::string place(int partition, int rank_count) {
    return "rank " + std::to_string(partition * rank_count / 8) + " (HOST), partition "
           + std::to_string(partition) + " of 8";
}

}  // namespace

TEST_CASE("a throw on one rank, in the first, a middle and the last record") {
    for (int rank_count : {2, 3}) {
        CHECK(error_of("first record", rank_count)
              == "stage 1 " + steps + " failed on " + place(0, rank_count)
                     + ", in map (job.cpp:2), record 0: std::runtime_error: bad luck");
        CHECK(error_of("last record", rank_count)
              == "stage 1 " + steps + " failed on " + place(7, rank_count)
                     + ", in map (job.cpp:2), record 2499: std::runtime_error: bad luck");
    }
    CHECK(error_of("middle record", 2)
          == "stage 1 " + steps + " failed on " + place(4, 2)
                 + ", in map (job.cpp:2), record 2345: std::runtime_error: bad luck");
}

TEST_CASE("a throw on all ranks is told once") {
    check_matches(error_of("everywhere", 3),
                  "stage 1 \\(iota > map > write_text\\) failed on rank \\d \\(HOST\\), partition "
                  "[0-7] of 8, in map \\(job.cpp:2\\), record 0: std::runtime_error: bad luck");
}

TEST_CASE("what is thrown may be anything") {
    std::string const where =
        "stage 1 " + steps + " failed on " + place(2, 2) + ", in map (job.cpp:2), record 0: ";
    CHECK(error_of("int", 2) == where + "an exception of type int");
    CHECK(error_of("no memory", 2, 71)
          == where
                 + "out of memory (std::bad_alloc); run fewer ranks on a node, or leave more to the "
                   "job's functions by a smaller --memory");
    CHECK(error_of("own error", 2, 65) == where + "line 7 is no date");
    CHECK(error_of("empty error", 2) == where + "std::runtime_error: ");
}

TEST_CASE("a combiner that throws, where records are sent and where they are merged") {
    // Of a batch, the key 0 is combined after other numbers (see NumberSlotKey): the first call is
    // for key 1's second record.
    check_matches(
        error_of("sender's combiner", 2),
        "stage 1 \\(iota > map > reduce_by_key\\) failed on rank [01] \\(HOST\\), partition "
        "[04] of 8, in reduce_by_key \\(job.cpp:4\\), record 101: std::runtime_error: bad "
        "luck");
    check_matches(
        error_of("merging combiner", 2),
        "stage 1 \\(iota > map > reduce_by_key\\) failed on rank [01] \\(HOST\\), merging "
        "partition [0-7] of the result, in reduce_by_key \\(job.cpp:4\\), record \\d+: "
        "std::runtime_error: bad luck");
}

TEST_CASE("a throw while part files are written leaves none") {
    check_matches(
        error_of("while writing", 2),
        "stage 2 \\(reduce_by_key > map > write_text\\) failed on rank [01] \\(HOST\\), "
        "partition [0-7] of 8, in map \\(job.cpp:6\\), record \\d+: std::runtime_error: bad "
        "luck");
}

TEST_CASE("foreach and the last fold of reduce name their action") {
    CHECK(error_of("foreach", 2)
          == "stage 1 (iota > foreach) failed on " + place(1, 2)
                 + ", in foreach (job.cpp:7), record 0: std::runtime_error: bad luck");
    CHECK(error_of("last fold", 2)
          == "reduce (job.cpp:7) failed on every rank, combining the partitions' results: "
             "std::runtime_error: bad luck");
}

TEST_CASE("a function that catches what comes through emit loses no record unnoticed") {
    CHECK(error_of("swallow own", 2)
          == "stage 1 (iota > flat_map > map > write_text) failed on " + place(1, 2)
                 + ", in map (job.cpp:3), record 500: std::runtime_error: bad luck");
    CHECK(error_of("swallow others", 3)
          == "stage 1 (iota > flat_map > map > reduce_by_key) failed on " + place(0, 3)
                 + ", in map (job.cpp:3), record 0: std::runtime_error: bad luck");
}

TEST_CASE("a job that catches the error may go on, and ends well") {
    for (int rank_count : {2, 3}) {
        TempDir const dir;
        JobResult const result =
            run_job(rank_count, {FAULTS_USER_CODE_JOB_PROGRAM, "go on", dir.path(), "--quiet"});
        CHECK(result.exit_code == 0);
        CHECK(without_host(result.out)
              == "stage 1 " + steps
                     + " failed on rank 0 (HOST), partition 0 of 8, in map (job.cpp:2), record 11: "
                       "std::runtime_error: bad luck\n");
        CHECK(result.err == "");
        CHECK(names_in(dir.path()) == Names{"fired", "out"});
        CHECK(names_in(dir / "out").size() == 9);
    }
}

TEST_CASE("a throw between actions, on all ranks alike, is what the job ends with") {
    CHECK(error_of("outside", 2) == "std::runtime_error: bad luck");
}

TEST_CASE("a failure of MPI's ends all ranks at once") {
    check_matches(error_of("mpi", 2, 76),
                  "rank 1 \\(HOST\\): MPI_Bcast: no such luck; the job is given up");
}

TEST_CASE("exit() in a task is told by the rank that called it, and ends all") {
    std::string const expected =
        "a function of the job called exit() on rank 1 while a stage was running; throw an "
        "exception "
        "instead, which ends the stage on every rank";
    for (std::string const name : {"exit 0 in a task", "exit 3 in a task"}) {
        TempDir const dir;
        JobResult const result =
            run_job(2, {FAULTS_USER_CODE_JOB_PROGRAM, name, dir.path(), "--quiet"});
        CHECK(the_error(result, 64) == expected);
        CHECK_FALSE(std::filesystem::exists(dir / "out"));
        CHECK(std::filesystem::exists(dir / "fired"));
    }
    TempDir const dir;
    JobResult const result =
        run_job(2, {FAULTS_USER_CODE_JOB_PROGRAM, "exit in the merge", dir.path(), "--quiet"});
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 64);
    REQUIRE(!result.errors.empty());
    check_matches(result.errors[0],
                  "a function of the job called exit\\(\\) on rank [01] while a stage was running; "
                  "throw an exception instead, which ends the stage on every rank");
    CHECK_FALSE(std::filesystem::exists(dir / "out"));
}
