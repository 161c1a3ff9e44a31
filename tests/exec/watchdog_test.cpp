#include "serry/exec/watchdog.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "serry/base/pulse.hpp"
#include "support/shared_temp_dir.hpp"

using namespace serry;
using namespace serry::test;

// That it ends jobs is shown in faults/hang_test.cpp.

TEST_CASE("rank 0 touches its file again and again, until it ends") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    SharedTempDir const dir;
    std::string const path = dir / "heartbeat";
    {
        Watchdog const watchdog(comm, 0.5, path);
        comm.barrier();
        REQUIRE(std::filesystem::exists(path));
        auto const before = std::filesystem::last_write_time(path);
        // Longer than a hang may take: a rank that works is none, nor are those that wait.
        for (int i = 0; i < 10 && comm.rank() == 0; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            beat();
        }
        comm.barrier();
        CHECK(std::filesystem::last_write_time(path) > before);
    }
    comm.barrier();
    auto const last = std::filesystem::last_write_time(path);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(std::filesystem::last_write_time(path) == last);
}

TEST_CASE("without anything to watch there is no thread") {
    comm::Communicator const comm(MPI_COMM_WORLD);
    Watchdog const watchdog(comm, 0, "");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(comm.all_reduce_sum(1) == static_cast<std::uint64_t>(comm.rank_count()));
}
