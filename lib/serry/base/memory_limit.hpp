#pragma once

#include <cstdint>
#include <filesystem>

namespace serry {

/// Bytes of memory that the processes of this job may use on this node: the machine's, or less if a
/// cgroup that holds this process (version 2 or 1, its own or one around it) or Slurm
/// (SLURM_MEM_PER_NODE, SLURM_MEM_PER_CPU for SLURM_CPUS_ON_NODE) says so. `root`: the folder that
/// holds proc and sys.
std::uint64_t node_memory_bytes(std::filesystem::path const& root = "/");

/// Bytes of memory that one of `ranks_on_node` ranks may use when nobody said: the node's, less a
/// tenth, over the ranks.
std::uint64_t default_memory_bytes(int ranks_on_node, std::filesystem::path const& root = "/");

}  // namespace serry
