#pragma once

#include <cstddef>
#include <string_view>

namespace serry {

/// What some programs put before UTF-8 text.
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// The line in [begin, newline) without the '\r' that may end it. Requires a readable byte before
/// it.
inline std::string_view without_line_end(char const* begin, char const* newline) {
    return {begin, static_cast<std::size_t>(newline - begin) - (newline[-1] == '\r')};
}

/// The first '\n' of [at, end), null if there is none. Those inside of quotes are passed over,
/// unless `quote` is 0: `is_quoted` says whether `at` is inside, and is made true of what lies
/// behind the result, or of `end`.
char const* find_line_end(char const* at, char const* end, char quote, bool& is_quoted);

}  // namespace serry
