#include "serry/source/read_buffer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace serry {
namespace {

// The copy out of the page cache is up to four times slower if it goes to an address that is,
// modulo a page, 1 to 31 bytes more than the one it comes from (measured on Zen 4). So room and
// file offset are the same modulo this.
constexpr std::size_t alignment = 64;

}  // namespace

char* ReadBuffer::reserve(std::size_t byte_count, std::uint64_t file_offset) {
    if (size() + byte_count > capacity_) grow(std::max(size() + byte_count, 2 * capacity_));
    // From 1 to `alignment`. While pieces follow each other it stays the same, and nothing moves.
    auto const address = std::bit_cast<std::uintptr_t>(bytes_.get());
    std::size_t const begin = 1 + (file_offset - address - size() - 1) % alignment;
    if (begin != begin_) move_text(begin);
    return bytes_.get() + end_;
}

void ReadBuffer::move_text(std::size_t begin) {
    std::memmove(bytes_.get() + begin, bytes_.get() + begin_, size());
    end_ = begin + size();
    begin_ = begin;
    bytes_.get()[begin - 1] = 0;
}

void ReadBuffer::used(std::size_t byte_count) {
    end_ += byte_count;
    std::memset(bytes_.get() + end_, 0, padding);
}

void ReadBuffer::grow(std::size_t capacity) {
    if (begin_ > alignment) move_text(alignment);
    // realloc moves pages, not bytes, once there are many.
    void* const bytes = std::realloc(bytes_.get(), alignment + capacity + padding);
    if (!bytes) throw std::bad_alloc();
    static_cast<void>(bytes_.release());
    bytes_.reset(static_cast<char*>(bytes));
    capacity_ = capacity;
}

void ReadBuffer::release() {
    bytes_.reset();
    capacity_ = begin_ = end_ = 0;
}

}  // namespace serry
