#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "serry/comm/communicator.hpp"
#include "serry/comm/nodes.hpp"

namespace serry::comm {

/// Bytes that the ranks of a node see in one piece of memory. Read-only once made; a rank may let
/// go of them at any time, whatever the others do.
class NodeBytes {
public:
    /// Collective: every rank's `part`, in order of rank, once on each node. `bytes_of` holds the
    /// sizes of all parts. Throws StorageError on every rank alike when the node's shared memory
    /// does not hold them.
    static std::shared_ptr<NodeBytes const> gather(Communicator const& all,
                                                   Nodes& nodes,
                                                   std::string_view part,
                                                   std::span<std::uint64_t const> bytes_of);
    ~NodeBytes();
    NodeBytes(NodeBytes const&) = delete;
    NodeBytes& operator=(NodeBytes const&) = delete;

    std::string_view view() const { return {address_, byte_count_}; }

private:
    NodeBytes() = default;
    bool map(std::string const& path, std::uint64_t byte_count, bool is_maker);

    char* address_ = nullptr;
    std::uint64_t byte_count_ = 0;
};

}  // namespace serry::comm
