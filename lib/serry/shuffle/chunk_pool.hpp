#pragma once

#include <cstddef>
#include <vector>

#include "serry/shuffle/slot_memory.hpp"

namespace serry {

/// Pieces of memory for many sequences that grow side by side, cut one after the other from
/// regions in huge pages: so that their ends, which all are written to, lie on few pages, and no
/// sequence moves when it grows.
class ChunkPool {
public:
    /// `byte_count` bytes, uninitialised, until clear() or release(). Throws StorageError
    /// (does_not_fit).
    char* take(std::size_t byte_count);
    /// Take all pieces back and keep their memory for the next ones.
    void clear();
    /// Take all pieces back, and give their memory back.
    void release();
    /// Of all regions.
    std::size_t memory_bytes() const { return memory_bytes_; }

private:
    struct Region {
        SlotMemory memory;
        std::size_t taken_bytes = 0;
    };

    Region& region_with(std::size_t byte_count);

    std::vector<Region> regions_;
    std::size_t current_ = 0;
    std::size_t memory_bytes_ = 0;
};

}  // namespace serry
