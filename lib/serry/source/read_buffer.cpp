#include "serry/source/read_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace serry {

char* ReadBuffer::reserve(std::size_t byte_count) {
    if (begin_ > 0) {
        std::memmove(bytes_.get() + 1, begin(), size());
        end_ -= begin_;
        begin_ = 0;
    }
    if (capacity_ - end_ < byte_count) grow(std::max(end_ + byte_count, 2 * capacity_));
    return bytes_.get() + 1 + end_;
}

void ReadBuffer::used(std::size_t byte_count) {
    end_ += byte_count;
    std::memset(bytes_.get() + 1 + end_, 0, padding);
}

void ReadBuffer::grow(std::size_t capacity) {
    // realloc moves pages, not bytes, once there are many.
    void* const bytes = std::realloc(bytes_.get(), 1 + capacity + padding);
    if (!bytes) throw std::bad_alloc();
    static_cast<void>(bytes_.release());
    bytes_.reset(static_cast<char*>(bytes));
    bytes_.get()[0] = 0;
    capacity_ = capacity;
}

void ReadBuffer::release() {
    bytes_.reset();
    capacity_ = 0;
    clear();
}

}  // namespace serry
