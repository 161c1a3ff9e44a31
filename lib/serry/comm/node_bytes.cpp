#include "serry/comm/node_bytes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/comm/mpi_error.hpp"

namespace serry::comm {
namespace {

/// A name in the node's shared memory that no other job has, agreed on by the node's ranks.
std::string agree_on_path(Nodes const& nodes) {
    static std::uint64_t count = 0;
    char path[64] = "";
    if (nodes.local_rank() == 0)
        std::snprintf(path, sizeof path, "/dev/shm/serry-result-%ld-%llu",
                      static_cast<long>(getpid()), static_cast<unsigned long long>(count++));
    wait_in("MPI_Bcast", [&] { return MPI_Bcast(path, sizeof path, MPI_BYTE, 0, nodes.local()); });
    return path;
}

/// Among the leaders: what each node's ranks put in place, to all nodes; one broadcast for each run
/// of neighbouring ranks of one node.
void spread_over_nodes(MPI_Comm leaders,
                       NodeMap const& map,
                       std::span<std::uint64_t const> bytes_of,
                       char* address) {
    std::uint64_t at = 0;
    auto const node_of = [&](std::size_t rank) { return map.node_of(static_cast<int>(rank)); };
    for (std::size_t first = 0; first < bytes_of.size();) {
        std::uint64_t end = at;
        std::size_t last = first;
        for (; last < bytes_of.size() && node_of(last) == node_of(first); ++last)
            end += bytes_of[last];
        for (; at < end; at += std::min<std::uint64_t>(largest_message_bytes, end - at))
            wait_in("MPI_Bcast", [&] {
                return MPI_Bcast(
                    address + at,
                    static_cast<int>(std::min<std::uint64_t>(largest_message_bytes, end - at)),
                    MPI_BYTE, node_of(first), leaders);
            });
        first = last;
    }
}

}  // namespace

std::shared_ptr<NodeBytes const> NodeBytes::gather(Communicator const& all,
                                                   Nodes& nodes,
                                                   std::string_view part,
                                                   std::span<std::uint64_t const> bytes_of) {
    std::uint64_t total = 0;
    std::uint64_t before = 0;
    for (std::size_t r = 0; r < bytes_of.size(); ++r) {
        if (static_cast<int>(r) < all.rank()) before += bytes_of[r];
        total += bytes_of[r];
    }
    std::shared_ptr<NodeBytes> result(new NodeBytes);
    std::string const path = agree_on_path(nodes);
    bool is_mapped = nodes.local_rank() != 0 || result->map(path, total, true);
    wait_in("MPI_Barrier", [&] { return MPI_Barrier(nodes.local()); });
    if (nodes.local_rank() != 0) is_mapped = result->map(path, total, false);
    std::uint64_t const missing = all.all_reduce_sum(!is_mapped);
    if (nodes.local_rank() == 0) unlink(path.c_str());
    if (missing > 0)
        throw StorageError("a result of " + format_bytes(total)
                               + " does not fit into the shared memory of a node (/dev/shm); write it with "
                                 "write_text, or make /dev/shm larger",
                           ExitCode::does_not_fit);
    if (!part.empty()) std::memcpy(result->address_ + before, part.data(), part.size());
    NodeMap const& map = nodes.map(all);
    wait_in("MPI_Barrier", [&] { return MPI_Barrier(nodes.local()); });
    MPI_Comm const leaders = nodes.leaders(all);
    if (leaders != MPI_COMM_NULL) spread_over_nodes(leaders, map, bytes_of, result->address_);
    wait_in("MPI_Barrier", [&] { return MPI_Barrier(nodes.local()); });
    mprotect(result->address_, std::max<std::uint64_t>(1, total), PROT_READ);
    return result;
}

bool NodeBytes::map(std::string const& path, std::uint64_t byte_count, bool is_maker) {
    int const descriptor = open(path.c_str(), is_maker ? O_RDWR | O_CREAT | O_EXCL : O_RDWR, 0600);
    if (descriptor < 0) return false;
    std::uint64_t const size = std::max<std::uint64_t>(1, byte_count);
    // Memory is claimed now: writing to what is not there would end the process by a signal.
    bool const is_claimed =
        !is_maker || posix_fallocate(descriptor, 0, static_cast<off_t>(size)) == 0;
    void* const mapped =
        is_claimed ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
                   : MAP_FAILED;
    close(descriptor);
    if (mapped == MAP_FAILED) return false;
    address_ = static_cast<char*>(mapped);
    byte_count_ = byte_count;
    return true;
}

NodeBytes::~NodeBytes() {
    if (address_) munmap(address_, std::max<std::uint64_t>(1, byte_count_));
}

}  // namespace serry::comm
