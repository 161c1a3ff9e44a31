#include "serry/shuffle/slot_memory.hpp"

#include <cstdlib>
#include <cstring>

#include "serry/base/error.hpp"
#include "serry/base/huge_pages.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

constexpr std::size_t alignment = 64;

void* zeroed(std::size_t byte_count) {
    if (byte_count >= huge_page_bytes) return map_huge_pages(byte_count);
    void* const bytes =
        std::aligned_alloc(alignment, (byte_count + alignment - 1) / alignment * alignment);
    if (bytes) std::memset(bytes, 0, byte_count);
    return bytes;
}

}  // namespace

SlotMemory::SlotMemory(std::size_t byte_count)
    : bytes_(zeroed(byte_count)), byte_count_(byte_count) {
    if (bytes_) return;
    throw StorageError("a table to combine or sort in, of " + format_bytes(byte_count)
                           + ", does not fit into memory; set a smaller --memory",
                       ExitCode::does_not_fit);
}

SlotMemory::~SlotMemory() {
    if (byte_count_ >= huge_page_bytes)
        unmap_huge_pages(bytes_, byte_count_);
    else
        std::free(bytes_);
}

}  // namespace serry
