#pragma once

#include <cstddef>
#include <limits>
#include <new>

namespace serry {

inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// Zeroed memory from the kernel, in huge pages where it has them: what is used at random would
/// miss the processor's cache of addresses with each small page. Null when there is none.
void* map_huge_pages(std::size_t byte_count) noexcept;
/// Give it all back.
void unmap_huge_pages(void* memory, std::size_t byte_count) noexcept;

/// Allocator of arrays that may get large, and are used at random: from 2 MiB on in huge pages.
template <typename T>
struct HugePages {
    using value_type = T;

    HugePages() = default;
    template <typename U>
    HugePages(HugePages<U> const&) noexcept {}

    T* allocate(std::size_t count) {
        if (count > std::numeric_limits<std::size_t>::max() / sizeof(T))
            throw std::bad_array_new_length();
        std::size_t const byte_count = count * sizeof(T);
        void* const memory = byte_count < huge_page_bytes ? ::operator new (
                                 byte_count, std::align_val_t{alignof(T)}, std::nothrow)
                                                          : map_huge_pages(byte_count);
        if (!memory) throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) noexcept {
        std::size_t const byte_count = count * sizeof(T);
        if (byte_count < huge_page_bytes)
            ::operator delete (memory, std::align_val_t{alignof(T)});
        else
            unmap_huge_pages(memory, byte_count);
    }

    friend bool operator==(HugePages, HugePages) { return true; }
};

}  // namespace serry
