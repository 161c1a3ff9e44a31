#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace serry {

/// A run of a file's text that grows at its end and is dropped from its front. One readable byte
/// lies before it, which is not '\r', and `padding` readable bytes behind it, none of which is
/// '\n', so that scanners may look past its ends. Memory is kept, and not touched before there is
/// text in it.
class ReadBuffer {
public:
    static constexpr std::size_t padding = 64;

    char const* begin() const { return bytes_.get() + begin_; }
    char const* end() const { return bytes_.get() + end_; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }
    std::size_t capacity() const { return capacity_; }

    /// Room for `byte_count` bytes behind the text, which may move; used() makes some of them text.
    /// They shall come from `file_offset`: it decides how the room is aligned.
    char* reserve(std::size_t byte_count, std::uint64_t file_offset);
    void used(std::size_t byte_count);

    /// Drop the text before `begin`.
    void drop_until(char const* begin) { begin_ = static_cast<std::size_t>(begin - bytes_.get()); }
    void clear() { begin_ = end_; }

    /// Give the memory back, and forget the text.
    void release();

private:
    struct Free {
        void operator()(char* bytes) const { std::free(bytes); }
    };

    void grow(std::size_t capacity);
    void move_text(std::size_t begin);

    std::unique_ptr<char, Free> bytes_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace serry
