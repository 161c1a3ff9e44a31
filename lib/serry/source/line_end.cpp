#include "serry/source/line_end.hpp"

#include <cstring>

namespace serry {
namespace {

char const* find(char const* at, char const* end, char wanted) {
    if (at == end) return nullptr;
    return static_cast<char const*>(std::memchr(at, wanted, static_cast<std::size_t>(end - at)));
}

}  // namespace

char const* find_line_end(char const* at, char const* end, char quote, bool& is_quoted) {
    if (quote == 0) return find(at, end, '\n');
    char const* newline = nullptr;
    for (;;) {
        if (!is_quoted) {
            if (!newline || newline < at) newline = find(at, end, '\n');
            char const* const until = newline ? newline : end;
            char const* const opening = find(at, until, quote);
            if (!opening) return newline;
            at = opening + 1;
            is_quoted = true;
        }
        char const* const closing = find(at, end, quote);
        if (!closing) return nullptr;
        at = closing + 1;
        is_quoted = false;
    }
}

}  // namespace serry
