#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace serry {

/// A run of text that grows at its end and is dropped from its front. One readable byte lies before
/// it, which is not '\r', and `padding` readable bytes behind it, so that scanners may look past
/// its ends. Memory is kept, and is not touched before there is text in it.
class ReadBuffer {
public:
    static constexpr std::size_t padding = 64;

    char const* begin() const { return bytes_.get() + 1 + begin_; }
    char const* end() const { return bytes_.get() + 1 + end_; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }
    std::size_t capacity() const { return capacity_; }

    /// Room for `byte_count` bytes behind the text, which may move; used() makes some of them text.
    char* reserve(std::size_t byte_count);
    void used(std::size_t byte_count);

    /// Drop the text before `begin`.
    void drop_until(char const* begin) {
        begin_ = static_cast<std::size_t>(begin - bytes_.get()) - 1;
    }
    void clear() { begin_ = end_ = 0; }

    /// Give the memory back, and forget the text.
    void release();

private:
    struct Free {
        void operator()(char* bytes) const { std::free(bytes); }
    };

    void grow(std::size_t capacity);

    std::unique_ptr<char, Free> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace serry
