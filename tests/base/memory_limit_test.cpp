#include "serry/base/memory_limit.hpp"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <unistd.h>

#include "support/environment.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

std::uint64_t physical_bytes() {
    return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES))
           * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// The limit of a process of the groups `groups` (what its /proc/self/cgroup says) on a node with
/// these files below /sys/fs/cgroup.
std::uint64_t limit_among(std::string const& groups,
                          std::vector<std::pair<std::string, std::string>> const& files) {
    TempDir const root;
    write_file(root / "proc/self/cgroup", groups);
    for (auto const& [name, text] : files)
        write_file(root.path() / "sys/fs/cgroup" / name, text + '\n');
    return node_memory_bytes(root.path());
}

}  // namespace

TEST_CASE("without a limit there is the machine's memory") {
    std::uint64_t const all = physical_bytes();
    TempDir const empty;
    CHECK(node_memory_bytes(empty.path()) == all);
    CHECK(limit_among("0::/\n", {}) == all);
    CHECK(limit_among("0::/a/b\n", {{"a/b/memory.max", "max"}, {"memory.max", "max"}}) == all);
    CHECK(limit_among("4:memory:/a\n", {{"memory/a/memory.limit_in_bytes", "9223372036854771712"}})
          == all);
    CHECK(limit_among("nonsense\n:\n::\n", {}) == all);
    CHECK(node_memory_bytes() <= all);
}

TEST_CASE("of the process's own group and those around it the least limit counts") {
    std::string const groups = "0::/slurm/job_7/step_0\n";
    CHECK(limit_among(groups, {{"slurm/job_7/step_0/memory.max", "1048576"}}) == mebibyte);
    CHECK(limit_among(groups, {{"slurm/job_7/memory.max", "2097152"},
                               {"slurm/job_7/step_0/memory.max", "max"}})
          == 2 * mebibyte);
    CHECK(limit_among(groups, {{"slurm/memory.max", "3145728"},
                               {"slurm/job_7/memory.max", "4194304"},
                               {"slurm/job_7/step_0/memory.max", "5242880"}})
          == 3 * mebibyte);
    CHECK(limit_among(groups, {{"memory.max", "1048576"}}) == mebibyte);
    CHECK(limit_among(groups, {{"slurm/job_8/memory.max", "1048576"}}) == physical_bytes());
}

TEST_CASE("groups of version 1 count by their controller of memory") {
    std::string const groups =
        "9:name=systemd:/other\n5:cpu,cpuacct:/other\n4:hugetlb,memory:/slurm/job_7\n0::/\n";
    CHECK(limit_among(groups, {{"memory/slurm/job_7/memory.limit_in_bytes", "1048576"},
                               {"memory/memory.limit_in_bytes", "9223372036854771712"}})
          == mebibyte);
    CHECK(limit_among(groups, {{"memory/slurm/memory.limit_in_bytes", "2097152"}}) == 2 * mebibyte);
    CHECK(limit_among(groups, {{"memory/other/memory.limit_in_bytes", "1048576"}})
          == physical_bytes());
    CHECK(limit_among("0::/a\n", {{"unified/a/memory.max", "1048576"}}) == mebibyte);
}

TEST_CASE("in a container, which does not see its group by name, the mount's own limit counts") {
    CHECK(limit_among("0::/docker/f00\n", {{"memory.max", "1048576"}}) == mebibyte);
    CHECK(limit_among("0::/../f00\n", {{"memory.max", "1048576"}}) == mebibyte);
    CHECK(limit_among("4:memory:/docker/f00\n", {{"memory/memory.limit_in_bytes", "1048576"}})
          == mebibyte);
}

TEST_CASE("Slurm's limit, in MiB, counts if it is lower; 0 means none") {
    TempDir const empty;
    auto const limit = [&] { return node_memory_bytes(empty.path()); };
    {
        Environment const environment{{"SLURM_MEM_PER_NODE", "100"}};
        CHECK(limit() == 100 * mebibyte);
        CHECK(limit_among("0::/a\n", {{"a/memory.max", "1048576"}}) == mebibyte);
    }
    {
        Environment const environment{{"SLURM_MEM_PER_CPU", "30"}, {"SLURM_CPUS_ON_NODE", "4"}};
        CHECK(limit() == 120 * mebibyte);
    }
    {
        Environment const environment{{"SLURM_MEM_PER_CPU", "30"}};
        CHECK(limit() == physical_bytes());
    }
    for (char const* none : {"1000000000", "0", ""}) {
        Environment const environment{{"SLURM_MEM_PER_NODE", none}};
        CHECK(limit() == physical_bytes());
    }
}

TEST_CASE("the ranks of a node share its memory, less a tenth") {
    TempDir const empty;
    std::uint64_t const all = default_memory_bytes(1, empty.path());
    CHECK(all == physical_bytes() / 10 * 9);
    CHECK(default_memory_bytes(4, empty.path()) == all / 4);
    CHECK(default_memory_bytes(7, empty.path()) == all / 7);
    CHECK(default_memory_bytes(0, empty.path()) == all);
    CHECK(default_memory_bytes(1) <= all);
    CHECK(default_memory_bytes(1) > 0);
}
