// A rank dies at every place on the way of a checkpoint, at its first and second occurrence; the
// job is run again, on another number of ranks, and gives what it gives undisturbed.
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/killed_jobs.hpp"

using namespace serry::test;

namespace {

/// Those that rank 0 alone comes by, and those that every rank does.
std::vector<std::string> const driver_points = {
    "job-write",       "job-rename",      "journal-begin-sync", "manifest-write",
    "manifest-sync",   "manifest-rename", "manifest-renamed",   "retention-manifest",
    "retention-packs", "journal-append",  "journal-appended",   "sink-commit",
    "sink-committed",  "finish"};
std::vector<std::string> const rank_points = {"pack-write",   "pack-sync", "pack-rename",
                                              "pack-renamed", "gather",    "gathered",
                                              "committed",    "exchange"};
/// In the second attempt.
std::vector<std::string> const restore_points = {"restore", "restore-block", "restored"};

int ranks_for_next(int rank_count) { return rank_count == 4 ? 1 : rank_count + 1; }

struct Tally {
    int fired = 0;
    int passed_by = 0;  ///< the place is not come by so often, or not by this rank
};

/// Whether the crash happened; what else ended the job fails the test.
bool has_crashed(JobResult const& result, Tally& tally) {
    bool const fired = result.exit_code == 137;
    CHECK_MESSAGE((fired || result.exit_code == 0), result.err);
    ++(fired ? tally.fired : tally.passed_by);
    return fired;
}

/// `earlier`: where an attempt before this one dies; empty if there is none.
void crash_and_finish(KilledJob const& job,
                      int rank_count,
                      std::string const& crash_at,
                      Tally& tally,
                      std::string const& earlier = {}) {
    CAPTURE(rank_count);
    CAPTURE(crash_at);
    KilledJobRun run(job);
    if (!earlier.empty()) {
        CHECK(run.run(rank_count, earlier).exit_code == 137);
        rank_count = ranks_for_next(rank_count);
    }
    if (has_crashed(run.run(rank_count, crash_at), tally))
        run.check_finishes(ranks_for_next(rank_count));
}

void crash_everywhere(KilledJob const& job, int rank_count) {
    std::map<std::string, Tally> tallies;
    std::vector<int> ranks = {0};
    if (rank_count > 1) ranks.push_back(rank_count - 1);
    for (std::string const occurrence : {":1", ":2"}) {
        for (std::string const& point : driver_points)
            crash_and_finish(job, rank_count, point + ":0" + occurrence, tallies[point]);
        for (int const rank : ranks) {
            std::string const where = ':' + std::to_string(rank) + occurrence;
            for (std::string const& point : rank_points)
                crash_and_finish(job, rank_count, point + where, tallies[point]);
            for (std::string const& point : restore_points)
                crash_and_finish(job, rank_count, point + where, tallies[point], "sink-commit:0:1");
        }
    }
    int fired = 0;
    for (auto const& [point, tally] : tallies) {
        // What is done once in a job, or not at all in a short one.
        bool const is_rare = point == "retention-manifest" || point == "retention-packs";
        CHECK_MESSAGE((tally.fired > 0 || is_rare), point);
        fired += tally.fired;
    }
    std::printf("%d ranks: %d crashes at %zu places, all resumed\n", rank_count, fired,
                tallies.size());
}

}  // namespace

#ifdef FAULTS_RESUME_JOB_PROGRAM
TEST_CASE("a job that iterates resumes from every place") {
    auto const job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "iterate"}, ""});
    for (int const rank_count : {1, 2, 4}) crash_everywhere(job, rank_count);
}

TEST_CASE("a chain of exchanges resumes from every place") {
    auto const job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "chain"}, ""});
    crash_everywhere(job, 2);
}
#endif

TEST_CASE("word count resumes from every place") {
    TempDir const dir;
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += "word" + std::to_string(i * i % 1511) + (i % 9 == 0 ? '\n' : ' ');
    write_file(dir / "text", text);
    auto const job = undisturbed({{WORD_COUNT_PROGRAM, dir / "text"}, "--output"});
    for (int const rank_count : {1, 2, 4}) crash_everywhere(job, rank_count);
}
