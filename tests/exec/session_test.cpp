#include "serry/exec/session.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "exec/numbers_stage.hpp"
#include "serry/base/memory_limit.hpp"
#include "sink/thrown.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

/// Run an action on the numbers 0 to 99 in 7 partitions.
Vote run_action(Session& session, StageEvents const& events = {}) {
    IotaSource numbers(session.lineage(), {"job.cpp", 1}, 100, 7);
    Transformation const action(
        session.lineage(),
        {.name = "test", .at = {"job.cpp", 2}, .dependency = Dependency::narrow, .parents = {}});
    session.open_action(action);
    NumbersEnd end(numbers, events);
    return session.run(numbers, action, end);
}

}  // namespace

TEST_CASE("what must agree is taken from rank 0, the rest is each rank's own") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    auto const rank = static_cast<std::uint64_t>(comm.rank());
    Options own;
    own.partition_count = 5 + rank;
    own.collect_limit_bytes = 1000 + rank;
    own.overwrite = rank == 0;
    own.memory_bytes = 1 << 20 | rank;
    own.scratch = "/tmp/" + std::to_string(rank);
    own.round_bytes = 100 + rank;
    Session const session(MPI_COMM_WORLD, own);
    CHECK(session.options().partition_count == 5);
    CHECK(session.options().collect_limit_bytes == 1000);
    CHECK(session.options().overwrite);
    CHECK(session.options().memory_bytes == own.memory_bytes);
    CHECK(session.options().scratch == own.scratch);
    CHECK(session.options().round_bytes == own.round_bytes);
    CHECK(comm.broadcast(session.job_id(), 0) == session.job_id());
    CHECK_FALSE(session.job_id().empty());
}

TEST_CASE("memory that nobody set is a share of the node's") {
    Session const session(MPI_COMM_WORLD, {});
    CHECK(session.options().memory_bytes == default_memory_bytes(session.comm().rank_count()));
}

TEST_CASE("what rank 0 does is told to all, and what it throws is thrown by all") {
    Session session(MPI_COMM_WORLD, {});
    int calls = 0;
    auto const counted = [&](auto act) {
        return [&calls, act] {
            ++calls;
            act();
            return std::string("told\n by 0");
        };
    };
    CHECK(session.on_rank_0(counted([] {})) == "told\n by 0");
    CHECK(session.on_rank_0([] { return std::string(); }) == "");
    auto const error = [&](auto act) { return thrown([&] { session.on_rank_0(counted(act)); }); };
    CHECK(error([] { throw UsageError("a"); }) == "UsageError 2: a");
    CHECK(error([] { throw UsageError("a", ExitCode::divergence); }) == "UsageError 64: a");
    CHECK(error([] { throw InputError("b c"); }) == "InputError 65: b c");
    CHECK(error([] { throw StorageError("c"); }) == "StorageError 74: c");
    CHECK(error([] { throw StorageError("c", ExitCode::does_not_fit); }) == "StorageError 71: c");
    CHECK(error([] { throw std::runtime_error("d"); }) == "Error 66: std::runtime_error: d");
    CHECK(calls == (session.comm().rank() == 0 ? 7 : 0));
}

TEST_CASE("an action runs, is counted, and leaves its report") {
    Session session(MPI_COMM_WORLD, {});
    CHECK(session.action_count() == 0);
    CHECK_FALSE(session.is_in_task());
    CHECK(run_action(session).records_in == 100);
    CHECK(run_action(session).records_in == 100);
    CHECK(session.action_count() == 2);
    REQUIRE(session.reports().size() == 2);
    CHECK(session.reports()[1].plan.number == 2);
    CHECK(session.reports()[1].plan.name == "iota > test");
    CHECK(session.reports()[1].plan.task_count() == 7);
    CHECK(session.reports()[1].vote.records_in == 100);
    session.close(Announcement::Kind::returned, "");
}

TEST_CASE("a stage that failed leaves no report, and the next action goes well") {
    Session session(MPI_COMM_WORLD, {});
    StageEvents events;
    events.use = [](std::int64_t number) {
        if (number == 99) throw std::runtime_error("bad");
    };
    std::string const last = std::to_string(
        rank_of_partition(6, 7, static_cast<std::uint64_t>(session.comm().rank_count())));
    CHECK(thrown([&] { run_action(session, events); })
          == "StageError 66: stage 1 (iota > test) failed on rank " + last + ' ' + this_host()
                 + ", partition 6 of 7: std::runtime_error: bad");
    CHECK(session.reports().empty());
    CHECK(run_action(session).records_in == 100);
    CHECK(session.reports().size() == 1);
}

TEST_CASE("planning that fails on rank 0 fails on all, and the next action goes well") {
    class Missing final : public TypedTransformation<std::int64_t> {
    public:
        explicit Missing(Lineage& lineage)
            : TypedTransformation(lineage,
                                  {.name = "read",
                                   .at = {"job.cpp", 1},
                                   .dependency = Dependency::none,
                                   .parents = {}}) {}
        void attach(Pipeline&, Consumer<std::int64_t>&) override {}
        SplitList list_splits(SplitRequest const&) const override {
            throw InputError("input: missing");
        }
    };
    Session session(MPI_COMM_WORLD, {});
    Missing missing(session.lineage());
    Transformation const action(
        session.lineage(),
        {.name = "test", .at = {"job.cpp", 2}, .dependency = Dependency::narrow, .parents = {}});
    session.open_action(action);
    NumbersEnd end(missing, {});
    CHECK(thrown([&] { session.run(missing, action, end); }) == "InputError 65: input: missing");
    CHECK(run_action(session).records_in == 100);
}

TEST_CASE("ranks that have parted are told so again, without a collective") {
    Session session(MPI_COMM_WORLD, {});
    if (session.comm().rank_count() == 1) return;
    bool const is_last = session.comm().rank() + 1 == session.comm().rank_count();
    Transformation const action(session.lineage(), {.name = is_last ? "collect" : "count",
                                                    .at = {"job.cpp", 2},
                                                    .dependency = Dependency::narrow,
                                                    .parents = {}});
    std::string const first = thrown([&] { session.open_action(action); });
    CHECK(first.find("UsageError 64: the ranks run different programs: rank 0 is about to run "
                     "action 1, count")
          == 0);
    CHECK(session.action_count() == 0);
    if (is_last) return;  // as a rank does that leaves; the others wait for nobody
    CHECK(thrown([&] { session.open_action(action); }) == first);
    CHECK(thrown([&] { session.close(Announcement::Kind::returned, ""); }) == first);
}

TEST_CASE("after an agreement the steps before it are forgotten") {
    Session session(MPI_COMM_WORLD, {});
    run_action(session);
    CHECK(session.lineage().unagreed.empty());
    CHECK(session.lineage().fingerprint != 0);
}

TEST_CASE("results come in order of rank, small ones and large ones alike") {
    Session session(MPI_COMM_WORLD, {});
    for (std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{700'000}}) {
        char const letter = static_cast<char>('a' + session.comm().rank());
        auto const gathered = session.gather_results(std::string(size, letter), 2);
        std::string expected;
        for (int rank = 0; rank < session.comm().rank_count(); ++rank)
            expected += std::string(size, static_cast<char>('a' + rank));
        CHECK((gathered.bytes == expected));
        CHECK(gathered.record_count == 2 * static_cast<std::uint64_t>(session.comm().rank_count()));
    }
}

TEST_CASE("results beyond the limit are refused on every rank, also where only their sum is") {
    Options options;
    options.collect_limit_bytes =
        3000 * static_cast<std::uint64_t>(comm::Communicator(MPI_COMM_WORLD).rank_count()) - 1;
    Session session(MPI_COMM_WORLD, options);
    std::string const text = thrown([&] { session.gather_results(std::string(3000, 'x'), 1); });
    CHECK(text.find("StorageError 71: a result of ") == 0);
    CHECK(text.find(
              " that every rank may hold; write it with write_text, or raise SERRY_COLLECT_LIMIT")
          != std::string::npos);
    CHECK(session.gather_results("x", 1).bytes.size()
          == static_cast<std::size_t>(session.comm().rank_count()));
}

TEST_CASE("every stage leaves a line of JSON for each rank, behind those that are there") {
    SharedTempDir const dir;
    Options options;
    options.events = dir / "events";
    if (comm::Communicator(MPI_COMM_WORLD).rank() == 0) write_file(dir / "events", "before\n");
    Session session(MPI_COMM_WORLD, options);
    run_action(session);
    run_action(session);
    session.comm().barrier();
    std::string const text = read_file(dir / "events");
    auto const ranks = static_cast<std::ptrdiff_t>(session.comm().rank_count());
    CHECK(std::count(text.begin(), text.end(), '\n') == 1 + 2 * ranks);
    CHECK(text.find("before\n{\"event\":\"stage\",\"job\":\"" + session.job_id()
                    + "\",\"stage\":1,\"steps\":\"iota > test\",\"rank\":0,")
          == 0);
    CHECK(text.find("\"stage\":2,\"steps\":\"iota > test\",\"rank\":" + std::to_string(ranks - 1)
                    + ',')
          != std::string::npos);
    session.close(Announcement::Kind::returned, "");
    session.comm().barrier();
    std::string const all = read_file(dir / "events");
    CHECK(all.substr(text.size()).starts_with("{\"event\":\"job\",\"job\":\"" + session.job_id()));
    CHECK(std::count(all.begin(), all.end(), '\n') == 2 + 2 * ranks);
}

TEST_CASE("an event log that cannot be written is an error on every rank") {
    SharedTempDir const dir;
    Options options;
    options.events = dir / "nowhere/events";
    Session session(MPI_COMM_WORLD, options);
    CHECK(thrown([&] { run_action(session); })
          == "StorageError 74: cannot write the event log " + options.events
                 + "; choose another --events");
}
