#include "serry/shuffle/slot_memory.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;
constexpr std::size_t alignment = 64;

[[noreturn]] void throw_does_not_fit(std::size_t byte_count) {
    throw StorageError("a table to combine or sort in, of " + format_bytes(byte_count)
                           + ", does not fit into memory; set a smaller --memory",
                       ExitCode::does_not_fit);
}

}  // namespace

SlotMemory::SlotMemory(std::size_t byte_count) : byte_count_(byte_count) {
    bool const is_huge = byte_count >= huge_page_bytes;
    if (!is_huge) {
        bytes_ =
            std::aligned_alloc(alignment, (byte_count + alignment - 1) / alignment * alignment);
        if (!bytes_) throw_does_not_fit(byte_count);
        std::memset(bytes_, 0, byte_count);
        return;
    }
    mapped_bytes_ = byte_count + huge_page_bytes;
    mapped_ =
        mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped_ == MAP_FAILED) {
        mapped_ = nullptr;
        throw_does_not_fit(byte_count);
    }
    std::size_t const beyond = reinterpret_cast<std::uintptr_t>(mapped_) % huge_page_bytes;
    bytes_ = static_cast<char*>(mapped_) + (huge_page_bytes - beyond) % huge_page_bytes;
    madvise(bytes_, byte_count, MADV_HUGEPAGE);
}

SlotMemory::~SlotMemory() {
    if (mapped_)
        munmap(mapped_, mapped_bytes_);
    else
        std::free(bytes_);
}

}  // namespace serry
