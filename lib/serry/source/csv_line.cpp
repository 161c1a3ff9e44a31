#include "serry/source/csv_line.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include <fmt/format.h>

#include "serry/base/byte_scan.hpp"
#include "serry/source/bad_lines.hpp"

namespace serry {
namespace {

constexpr std::size_t chunk_masks = 16;
constexpr std::size_t chunk_bytes = 64 * chunk_masks;

}  // namespace

bool CsvLine::split(std::string_view line) {
    line_ = line;
    ends_.clear();
    has_quotes_ = false;
    is_quoted_ = false;
    for (std::size_t at = 0; at < line.size(); at += chunk_bytes)
        cut_chunk(at, std::min(chunk_bytes, line.size() - at));
    ends_.push_back(line.size());
    return !has_quotes_ || check_quotes();
}

/// Find the delimiters of a part of the line that are not inside of quotes.
void CsvLine::cut_chunk(std::size_t begin, std::size_t byte_count) {
    std::array<std::uint64_t, chunk_masks> delimiters;
    std::array<std::uint64_t, chunk_masks> quotes;
    char const* const text = line_.data() + begin;
    std::size_t const mask_count = (byte_count + 63) / 64;
    mark_byte(text, mask_count, delimiter_, delimiters.data());
    if (quote_ != 0) mark_byte(text, mask_count, quote_, quotes.data());
    for (std::size_t k = 0; k < mask_count; ++k) {
        std::uint64_t found = delimiters[k];
        std::size_t const left = byte_count - 64 * k;
        std::uint64_t const within = left < 64 ? (std::uint64_t{1} << left) - 1 : ~std::uint64_t{0};
        if (quote_ != 0 && ((quotes[k] & within) != 0 || is_quoted_)) {
            has_quotes_ = true;
            std::uint64_t const carried = is_quoted_ ? ~std::uint64_t{0} : 0;
            std::uint64_t const inside = parity_up_to(quotes[k] & within) ^ carried;
            is_quoted_ = inside >> 63 != 0;
            found &= ~inside;
        }
        for (found &= within; found; found &= found - 1)
            ends_.push_back(begin + 64 * k + static_cast<std::size_t>(std::countr_zero(found)));
    }
}

bool CsvLine::check_quotes() {
    if (is_quoted_) {
        problem_ = fmt::format(
            "a quote is open at the line's end, expected one that closes it; if fields may hold "
            "line ends, set quoted_newlines");
        return false;
    }
    for (std::size_t i = 0; i < ends_.size(); ++i)
        if (!check_field(i)) return false;
    return true;
}

/// Quotes stand around a field or, twice, inside of one that has them around.
bool CsvLine::check_field(std::size_t index) {
    std::size_t const begin = index == 0 ? 0 : ends_[index - 1] + 1;
    std::string_view const raw = line_.substr(begin, ends_[index] - begin);
    if (raw.find(quote_) == raw.npos) return true;
    bool is_right = raw.size() >= 2 && raw.front() == quote_ && raw.back() == quote_;
    if (is_right) {
        std::string_view rest = raw.substr(1, raw.size() - 2);
        for (std::size_t at; is_right && (at = rest.find(quote_)) != rest.npos;) {
            is_right = at + 1 < rest.size() && rest[at + 1] == quote_;
            rest.remove_prefix(std::min(at + 2, rest.size()));
        }
    }
    if (!is_right)
        problem_ = fmt::format(
            "a quote is inside of field {}, {}, expected quotes around a field, and twice within; "
            "if quotes are characters as others here, set quote to 0",
            index + 1, excerpt(raw));
    return is_right;
}

CsvLine::Field CsvLine::field(std::size_t index) const {
    std::size_t const begin = index == 0 ? 0 : ends_[index - 1] + 1;
    std::string_view const raw = line_.substr(begin, ends_[index] - begin);
    if (!has_quotes_ || raw.empty() || raw.front() != quote_) return {raw};
    std::string_view const text = raw.substr(1, raw.size() - 2);
    return {text, true, text.find(quote_) != text.npos};
}

std::string_view unescaped(CsvLine::Field const& field, char quote, Arena& arena) {
    if (!field.has_escapes) return field.text;
    char* const begin = arena.allocate(field.text.size());
    char* to = begin;
    for (std::size_t i = 0; i < field.text.size(); ++i) {
        *to++ = field.text[i];
        if (field.text[i] == quote) ++i;
    }
    return {begin, static_cast<std::size_t>(to - begin)};
}

}  // namespace serry
