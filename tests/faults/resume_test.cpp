// Jobs that are ended and run again: on other numbers of ranks, with other arguments and input,
// with damage in between, on a full disk.
#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "faults/killed_jobs.hpp"
#include "sink/mounted_folder.hpp"

using namespace serry::test;

namespace {

namespace fs = std::filesystem;

KilledJob const& iterating_job() {
    static KilledJob const job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "iterate"}, ""});
    return job;
}
KilledJob const& chained_job() {
    static KilledJob const job = undisturbed({{FAULTS_RESUME_JOB_PROGRAM, "chain"}, ""});
    return job;
}

void check_crashed(JobResult const& result) { CHECK_MESSAGE(result.exit_code == 137, result.err); }

std::vector<std::string> warnings_of(JobResult const& result) {
    return lines_after(result.err, "serry: warning: ");
}

/// The stages that rank 0 ran, from the event log.
std::vector<std::string> stages_in(std::string const& events) {
    std::vector<std::string> names;
    for (std::string const& line : lines_after(read_file(events), ""))
        if (line.find("\"rank\":0,") != std::string::npos) {
            std::size_t const at = line.find("\"steps\":\"") + 9;
            names.push_back(line.substr(at, line.find('"', at) - at));
        }
    return names;
}

std::string points_text() {
    std::mt19937 random(4);
    std::string text;
    for (int i = 0; i < 3000; ++i)
        text += std::to_string(random() % 1000) + ' ' + std::to_string(random() % 1000) + ' '
                + std::to_string(random() % 1000) + '\n';
    return text;
}

}  // namespace

TEST_CASE("each attempt on another number of ranks: 4, 1, 3, 7") {
    for (KilledJob const* const job : {&iterating_job(), &chained_job()}) {
        KilledJobRun run(*job);
        check_crashed(run.run(4, "committed:3:2"));
        check_crashed(run.run(1, "committed:0:1"));
        check_crashed(run.run(3, "committed:2:1"));
        JobResult const last = run.check_finishes(7);
        CHECK(last.err.find("serry: attempt 4, going on with ") != std::string::npos);
    }
}

TEST_CASE("a k-means that was killed in iteration 7 runs no stage of iterations 1 to 6 again") {
    TempDir const dir;
    write_file(dir / "points", points_text());
    auto const job = undisturbed(
        {{K_MEANS_PROGRAM, dir / "points", "--k", "20", "--iterations", "10"}, "--output"});
    KilledJobRun run(job);
    std::vector<std::string> const log_to = {"--checkpoint-every", "stage", "--events",
                                             dir / "first"};
    // The journal has the input, the points that were taken, and then a result an iteration.
    check_crashed(run.run(2, "journal-append:0:9", log_to));
    auto const before = stages_in(dir / "first");
    // The first one reads what the others find persisted.
    CHECK(std::count(before.begin(), before.end(), "persist > aggregate") == 6);
    CHECK(std::count(before.begin(), before.end(), "read_csv > parse_csv > persist > aggregate")
          == 1);
    JobResult const second = run.run(3, "", {"--events", dir / "second"});
    CHECK_MESSAGE(second.exit_code == 0, second.err);
    CHECK((bytes_of(second.out, run.output()) == job.expected));
    CHECK(stages_in(dir / "second")
          == std::vector<std::string>{"persist > aggregate", "persist > aggregate",
                                      "persist > aggregate", "persist > aggregate",
                                      "parallelize > map > write_text"});
    CHECK(second.err.find("1 restored in ") != std::string::npos);
    CHECK(second.err.find("7 results from the journal") != std::string::npos);
}

TEST_CASE("a job that has finished starts fresh") {
    KilledJobRun run(iterating_job());
    run.check_finishes(2);
    fs::remove_all(run.output());
    JobResult const again = run.check_finishes(2);
    CHECK(again.err.find("attempt") == std::string::npos);
    JobResult const refused = run.run(2, "", {"--resume", "require"});
    CHECK(the_error(refused, 64)
          == run.checkpoints()
                 + ": holds nothing to go on from, as --resume require expects; look for the right "
                   "--checkpoint, or leave --resume out");
}

TEST_CASE("an output that was put in place is not made again, unless it has gone") {
    for (bool const is_removed : {false, true}) {
        KilledJobRun run(iterating_job());
        check_crashed(run.run(2, "sink-committed:0:1"));
        if (is_removed) fs::remove_all(run.output());
        JobResult const last = run.check_finishes(2);
        CHECK((last.err.find("write_text") != std::string::npos) == is_removed);
    }
}

TEST_CASE("another program, arguments or partitions are refused, and what differs is told") {
    KilledJobRun run(iterating_job());
    check_crashed(run.run(2, "sink-commit:0:1"));
    auto const start = [&](std::vector<std::string> words, std::vector<std::string> const& more) {
        words.insert(words.end(), {"--checkpoint", run.checkpoints()});
        words.insert(words.end(), more.begin(), more.end());
        return run_job(2, words);
    };
    std::vector<std::string> const other = {FAULTS_RESUME_JOB_PROGRAM, "chain", run.output(),
                                            "--partitions", "6"};
    std::string const ending = "; choose another --checkpoint, or give them up by --resume fresh";
    CHECK(the_error(start(other, {}), 64)
          == run.checkpoints()
                 + ": holds checkpoints of another job: --partitions was 5 and is 6, argument 1 was "
                   "\"iterate\" and is \"chain\""
                 + ending);
    CHECK(the_error(start({K_MEANS_PROGRAM, "p", "--k", "3", "--partitions", "5"}, {}), 64)
          == run.checkpoints()
                 + ": holds checkpoints of another job: the program was faults_resume_job and is "
                   "k_means, argument 1 was \"iterate\" and is \"p\", argument 2 was \""
                 + run.output() + "\" and is missing, option 1 was missing and is \"--k=3\"" + ending);
    run.check_finishes(2);  // all that was left untouched
    check_crashed(run.run(2, "committed:0:1"));
    fs::remove_all(run.output());
    JobResult const fresh = start(other, {"--resume", "fresh"});
    CHECK_MESSAGE(fresh.exit_code == 0, fresh.err);
}

TEST_CASE("input that has changed since is refused") {
    TempDir const dir;
    std::string const path = dir / "points";
    write_file(path, points_text());
    auto const job = undisturbed({{K_MEANS_PROGRAM, path, "--k", "20"}, "--output"});
    KilledJobRun run(job);
    check_crashed(run.run(2, "journal-append:0:5"));
    auto const time = fs::last_write_time(path);
    std::string const start = run.checkpoints() + ": the input of read_csv (k_means.cpp:";
    std::string const ending = "; bring it back, or start over by --resume fresh";
    auto const refusal = [&] {
        std::string const error = the_error(run.run(2), 64);
        CHECK(error.starts_with(start));
        CHECK(error.ends_with(ending));
        std::size_t const at = error.find(": ", start.size());
        return error.substr(at + 2, error.size() - ending.size() - at - 2);
    };
    fs::last_write_time(path, time + std::chrono::seconds(1));
    CHECK(refusal() == path + " was written to");
    write_file(path, "1 2 3\n");
    CHECK(refusal() == path + " had " + std::to_string(points_text().size()) + " bytes and has 6");
    fs::rename(path, dir / "elsewhere");
    CHECK(refusal() == path + " is gone");
    write_file(path, points_text());
    fs::last_write_time(path, time);
    run.check_finishes(2);
}

TEST_CASE("damage to the newest checkpoint: the one before is gone on from") {
    KilledJobRun run(chained_job());
    check_crashed(run.run(2, "committed:0:5"));
    auto const manifests = [&] {
        std::vector<std::string> names;
        for (std::string const& name : names_in(run.checkpoints()))
            if (name.ends_with(".manifest")) names.push_back(name);
        return names;
    };
    std::vector<std::string> const before = manifests();
    REQUIRE(before.size() >= 2);
    // Numbers lead the names, so that the newest is the last.
    std::string const packs = run.checkpoints() + '/' + before.back().substr(0, 6) + "-1";
    std::string const pack = packs + "/rank-000001.h5";
    std::string bytes = read_file(pack);
    REQUIRE(bytes.size() > 10'000);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(pack, bytes);
    JobResult const last = run.run(3);
    CHECK((bytes_of(last.out, run.output()) == chained_job().expected));
    auto const warnings = warnings_of(last);
    REQUIRE_MESSAGE(warnings.size() == 1, last.err);
    check_matches(warnings[0],
                  "checkpoint " + run.checkpoints() + '/' + before.back()
                      + " cannot be used, and is set aside: " + pack
                      + ": is damaged: block [0-9]+, bytes [0-9]+ to [0-9]+ of its blob, reads back "
                        "wrong");
}

TEST_CASE("a checkpoint that cannot be written ends the job, and those before stay") {
    TempDir const dir;
    MountedFolder const disk(dir / "disk", "size=700k");
    if (!disk.is_mounted()) return;  // not root
    auto const& job = iterating_job();
    KilledJobRun run(job);
    write_file(disk.path() / "filler", std::string(360 << 10, 'f'));
    auto words = job.with_output(run.output());
    words.insert(words.end(), {"--checkpoint", disk.path() / "c", "--checkpoint-every", "stage"});
    JobResult const full = run_job(2, words);
    std::string const error = the_error(full, 74);
    check_matches(error,
                  "a checkpoint of .* could not be written on rank [01]: " + std::string(disk.path())
                      + "/c/.*/rank-00000[01].h5.new: writing .* after .* failed: No space left on "
                        "device; .* are free on its file system; make room there or choose another "
                        "--checkpoint; those made before are still there, and the job can go on "
                        "from them");
    CHECK(full.err.find("run again with the same --checkpoint, the job goes on from there")
          != std::string::npos);
    // Gone on with when there is room, and compressed from here on.
    fs::remove(disk.path() / "filler");
    words.insert(words.end(), {"--checkpoint-compression", "zstd"});
    JobResult const last = run_job(3, words);
    CHECK_MESSAGE(last.exit_code == 0, last.err);
    CHECK((bytes_of(last.out, run.output()) == job.expected));
    CHECK(last.err.find("attempt 2, going on with ") != std::string::npos);
}
