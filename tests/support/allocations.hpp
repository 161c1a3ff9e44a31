#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace serry::test {

/// What operator new was asked for since reset_allocations(). Including this file replaces it for
/// the whole program: only a test's own source may.
struct Allocations {
    std::uint64_t count = 0;
    std::size_t largest_bytes = 0;
    std::int64_t live_bytes = 0;  ///< given less what was given back
    std::int64_t peak_bytes = 0;
};
inline Allocations allocations;

inline void reset_allocations() { allocations = {}; }

}  // namespace serry::test

// Never inlined: GCC 12 would see free() where it expects operator delete.
[[gnu::noinline]] void* operator new(std::size_t byte_count) {
    void* const memory = std::malloc(byte_count);
    if (!memory) throw std::bad_alloc();
    auto& now = serry::test::allocations;
    ++now.count;
    now.largest_bytes = std::max(now.largest_bytes, byte_count);
    now.live_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
    now.peak_bytes = std::max(now.peak_bytes, now.live_bytes);
    return memory;
}
[[gnu::noinline]] void* operator new(std::size_t byte_count, std::nothrow_t const&) noexcept {
    try {
        return operator new(byte_count);
    } catch (std::bad_alloc const&) {
        return nullptr;
    }
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    if (memory)
        serry::test::allocations.live_bytes -=
            static_cast<std::int64_t>(malloc_usable_size(memory));
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
