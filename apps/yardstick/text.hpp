#pragma once

// Reading numbers from text files.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "plain_mpi.hpp"

namespace yardstick {

/// Where the first line begins that begins at a place or behind it.
inline std::uint64_t first_line_from(InputFile const& file, std::uint64_t at) {
    if (at == 0 || at >= file.byte_count()) return at;
    std::vector<char> piece(4096);
    for (--at; at < file.byte_count();) {
        std::uint64_t const bytes = std::min(piece.size(), file.byte_count() - at);
        file.read(at, piece.data(), bytes);
        void const* const found = std::memchr(piece.data(), '\n', bytes);
        if (found != nullptr)
            return at + std::uint64_t(static_cast<char const*>(found) - piece.data()) + 1;
        at += bytes;
    }
    return file.byte_count();
}

constexpr std::uint64_t text_padding = 64;  // bytes behind a piece of text that may be read

/// Visit the lines that begin in a rank's range of a text file, many at a time: `visit(text,
/// place)` with text of whole lines, a line feed behind the last one, and where in the file it
/// lies.
template <typename Visit>
void for_each_lines(InputFile const& file, Ranks ranks, Visit visit) {
    Range const range = part_of(file.byte_count(), ranks.rank, ranks.count);
    std::uint64_t const end = first_line_from(file, range.end);
    std::vector<char> buffer(2 * read_bytes);
    std::uint64_t filled = 0;
    for (std::uint64_t at = first_line_from(file, range.begin); at < end;) {
        std::uint64_t const bytes = std::min(read_bytes, end - at);
        buffer.resize(std::max(buffer.size(), filled + bytes + 1 + text_padding));
        file.read(at, buffer.data() + filled, bytes);
        at += bytes;
        filled += bytes;
        std::uint64_t const begin = at - filled;
        if (at == end && buffer[filled - 1] != '\n') buffer[filled++] = '\n';
        void const* const last = ::memrchr(buffer.data(), '\n', filled);
        if (last == nullptr) continue;
        auto const whole = std::uint64_t(static_cast<char const*>(last) - buffer.data()) + 1;
        visit(std::string_view(buffer.data(), whole), begin);
        filled -= whole;
        std::memmove(buffer.data(), buffer.data() + whole, filled);
    }
}

/// What is wrong with a line, and where.
[[noreturn]] inline void fail_at_line(InputFile const& file,
                                      std::string_view text,
                                      std::uint64_t place,
                                      char const* line,
                                      char const* expected) {
    std::string_view const from_line = text.substr(std::size_t(line - text.data()));
    std::string_view const shown =
        from_line.substr(0, std::min<std::size_t>(from_line.find('\n'), 80));
    throw std::runtime_error(file.path() + ", byte "
                             + std::to_string(place + std::uint64_t(line - text.data())) + ": \""
                             + std::string(shown) + "\", expected " + expected);
}

inline bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

inline bool is_digit(char c) { return unsigned(c - '0') < 10; }

struct Digits {
    std::uint64_t value = 0;
    int count = 0;
};

/// The number that the decimal digits at `at` make, up to 8 of them; 8 bytes must be readable.
inline Digits leading_digits(char const* at) {
    constexpr std::uint64_t ones = 0x0101010101010101;
    std::uint64_t bytes;
    std::memcpy(&bytes, at, sizeof bytes);
    bytes ^= ones * '0';
    std::uint64_t const others =
        (((bytes & ones * 0x7f) + ones * (0x80 - 10)) | bytes) & ones * 0x80;
    int const count = std::countr_zero(others) / 8;
    if (count == 0) return {};
    bytes <<= 64 - 8 * count;
    bytes = 10 * bytes + (bytes >> 8);  // in every second byte, the number of two digits
    constexpr std::uint64_t pairs = 0x000000ff000000ff;
    std::uint64_t const value = ((bytes & pairs) * (100 + (1000000ULL << 32))
                                 + ((bytes >> 16) & pairs) * (1 + (10000ULL << 32)))
                                >> 32;
    return {value, count};
}

}  // namespace yardstick
