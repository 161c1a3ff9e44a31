#include "serry/base/memory_limit.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include <unistd.h>

#include "serry/base/units.hpp"

namespace serry {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t no_limit = ~std::uint64_t{0};

std::uint64_t machine_bytes() {
    return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES))
           * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

/// No limit if there is no such file, or no number in it ("max").
std::uint64_t limit_in_file(fs::path const& path) {
    std::uint64_t bytes = 0;
    return std::ifstream(path) >> bytes ? bytes : no_limit;
}

/// The least of the limits of the group `group` and of all around it, up to where the groups are
/// mounted. In a container `group` may be its name outside, where it is not mounted: then only the
/// mount itself has the file.
std::uint64_t least_limit(fs::path const& mount, fs::path group, char const* file) {
    std::uint64_t least = limit_in_file(mount / file);
    for (; group.has_relative_path(); group = group.parent_path())
        least = std::min(least, limit_in_file(mount / group.relative_path() / file));
    return least;
}

/// By the lines "0::/a/group" (version 2) and "4:memory:/a/group" (version 1) of /proc/self/cgroup.
std::uint64_t cgroup_bytes(fs::path const& root) {
    fs::path const mounts = root / "sys/fs/cgroup";
    std::uint64_t least = std::min(limit_in_file(mounts / "memory.max"),
                                   limit_in_file(mounts / "memory/memory.limit_in_bytes"));
    std::ifstream groups(root / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        std::size_t const first = line.find(':'), second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        std::string const controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
        std::string const group = line.substr(second + 1);
        if (group.find("..") != std::string::npos) continue;  // outside of what is mounted
        if (controllers == ",,") {
            for (fs::path const& mount : {mounts, mounts / "unified"})
                least = std::min(least, least_limit(mount, group, "memory.max"));
        } else if (controllers.find(",memory,") != std::string::npos) {
            least = std::min(least, least_limit(mounts / "memory", group, "memory.limit_in_bytes"));
        }
    }
    return least;
}

/// The variable's number, 0 if there is none.
std::uint64_t number_in(char const* variable) {
    char const* const text = std::getenv(variable);
    return text ? parse_bytes(text).value_or(0) : 0;
}

/// Slurm's limits are in MiB; 0 means none.
std::uint64_t slurm_bytes() {
    if (auto const mebibytes = number_in("SLURM_MEM_PER_NODE")) return mebibytes << 20;
    auto const mebibytes = number_in("SLURM_MEM_PER_CPU") * number_in("SLURM_CPUS_ON_NODE");
    return mebibytes > 0 ? mebibytes << 20 : no_limit;
}

}  // namespace

std::uint64_t node_memory_bytes(fs::path const& root) {
    return std::min({machine_bytes(), cgroup_bytes(root), slurm_bytes()});
}

std::uint64_t default_memory_bytes(int ranks_on_node, fs::path const& root) {
    return node_memory_bytes(root) / 10 * 9
           / static_cast<std::uint64_t>(std::max(1, ranks_on_node));
}

}  // namespace serry
