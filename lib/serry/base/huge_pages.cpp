#include "serry/base/huge_pages.hpp"

#include <cstdint>

#include <sys/mman.h>

namespace serry {
namespace {

constexpr std::size_t small_page_bytes = 4096;

std::size_t whole_pages(std::size_t byte_count) {
    return (byte_count + small_page_bytes - 1) / small_page_bytes * small_page_bytes;
}

}  // namespace

void* map_huge_pages(std::size_t byte_count) noexcept {
    std::size_t const wanted = whole_pages(byte_count);
    std::size_t const mapped_bytes = wanted + huge_page_bytes;
    if (mapped_bytes < byte_count) return nullptr;
    void* const mapped =
        mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return nullptr;
    // What lies before the first huge page and behind the last byte is not kept.
    char* const begin = static_cast<char*>(mapped);
    std::size_t const beyond = reinterpret_cast<std::uintptr_t>(begin) % huge_page_bytes;
    std::size_t const before = (huge_page_bytes - beyond) % huge_page_bytes;
    char* const memory = begin + before;
    if (before > 0) munmap(begin, before);
    if (before < huge_page_bytes) munmap(memory + wanted, huge_page_bytes - before);
    madvise(memory, wanted, MADV_HUGEPAGE);
    return memory;
}

void unmap_huge_pages(void* memory, std::size_t byte_count) noexcept {
    munmap(memory, whole_pages(byte_count));
}

}  // namespace serry
