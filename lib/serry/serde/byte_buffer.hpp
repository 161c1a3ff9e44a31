#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

namespace serry {

/// Copies few bytes without a call: records are made of such pieces. The two do not overlap.
inline void copy_bytes(char* to, char const* from, std::size_t byte_count) {
    auto const copy_ends = [&](auto piece) {
        auto last = piece;
        std::memcpy(&piece, from, sizeof piece);
        std::memcpy(&last, from + byte_count - sizeof last, sizeof last);
        std::memcpy(to, &piece, sizeof piece);
        std::memcpy(to + byte_count - sizeof last, &last, sizeof last);
    };
    struct Sixteen {
        char bytes[16];
    };
    if (byte_count > 32)
        std::memcpy(to, from, byte_count);
    else if (byte_count >= 16)
        copy_ends(Sixteen{});
    else if (byte_count >= 8)
        copy_ends(std::uint64_t{});
    else if (byte_count >= 4)
        copy_ends(std::uint32_t{});
    else if (byte_count >= 2)
        copy_ends(std::uint16_t{});
    else if (byte_count == 1)
        *to = *from;
}

/// a == b, without a call for the size that numbers have.
inline bool are_same(std::string_view a, std::string_view b) {
    if (a.size() != 8 || b.size() != 8) return a == b;
    std::uint64_t word_a = 0, word_b = 0;
    std::memcpy(&word_a, a.data(), 8);
    std::memcpy(&word_b, b.data(), 8);
    return word_a == word_b;
}

/// LEB128: seven bits a byte, low ones first. Writes at most 10 bytes; gives what is behind them.
inline char* write_varint(char* to, std::uint64_t value) {
    while (value >= 128) {
        *to++ = static_cast<char>(value | 128);
        value >>= 7;
    }
    *to++ = static_cast<char>(value);
    return to;
}
/// How many bytes write_varint writes.
inline std::size_t varint_bytes(std::uint64_t value) {
    return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// A growing run of bytes. New bytes are not zeroed; clear() keeps the memory.
class ByteWriter {
public:
    void put(void const* bytes, std::size_t byte_count) {
        if (byte_count == 0) return;
        copy_bytes(extend(byte_count), static_cast<char const*>(bytes), byte_count);
    }
    void put(std::string_view bytes) { put(bytes.data(), bytes.size()); }

    void put_varint(std::uint64_t value) {
        size_ = static_cast<std::size_t>(write_varint(reserve(10), value) - bytes_.get());
    }

    /// Room for `byte_count` more bytes, of which extend() or set_size() make some part of the
    /// content.
    char* reserve(std::size_t byte_count) {
        if (capacity_ - size_ < byte_count) grow(byte_count);
        return bytes_.get() + size_;
    }
    char* extend(std::size_t byte_count) {
        char* to = reserve(byte_count);
        size_ += byte_count;
        return to;
    }
    void set_size(std::size_t size) { size_ = size; }

    void clear() { size_ = 0; }
    char* data() { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {bytes_.get(), size_}; }

private:
    void grow(std::size_t byte_count);

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

/// Reads what a ByteWriter wrote. Every read is checked; one past the end throws StorageError.
/// Views that it hands out point into the bytes it was given.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes)
        : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    std::string_view take(std::size_t byte_count) {
        if (byte_count > remaining()) throw_short(byte_count, remaining());
        std::string_view const result(at_, byte_count);
        at_ += byte_count;
        return result;
    }
    void take_into(void* to, std::size_t byte_count) {
        std::string_view const bytes = take(byte_count);
        if (byte_count) std::memcpy(to, bytes.data(), byte_count);
    }

    std::uint64_t take_varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 63; shift += 7) {
            if (at_ == end_) throw_short(1, 0);
            auto const byte = static_cast<unsigned char>(*at_++);
            value |= std::uint64_t{byte & 127U} << shift;
            if (byte < 128) return value;
        }
        if (at_ == end_) throw_short(1, 0);
        auto const top_bit = static_cast<unsigned char>(*at_++);
        if (top_bit > 1) throw_bad_varint();
        return value | std::uint64_t{top_bit} << 63;
    }

    std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
    char const* position() const { return at_; }

private:
    [[noreturn]] static void throw_short(std::size_t wanted, std::size_t left);
    [[noreturn]] static void throw_bad_varint();

    char const* at_;
    char const* end_;
};

}  // namespace serry
