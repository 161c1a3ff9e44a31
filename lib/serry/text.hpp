#pragma once

#include <cstddef>
#include <string_view>

#include "serry/base/arena.hpp"
#include "serry/base/byte_scan.hpp"

namespace serry {

/// See split_words.
struct SplitWords {
    using record_type = std::string_view;

    template <typename Emit>
    void operator()(std::string_view line, Emit&& emit) const {
        WordBounds words;
        while (!line.empty()) {
            std::string_view const stretch = line.substr(0, WordBounds::stretch_bytes);
            std::size_t count = find_words(stretch, words);
            std::size_t next = stretch.size();
            std::size_t beyond = 0;
            // The last word of a stretch that is not the line's end may go on behind it.
            if (next < line.size() && count > 0 && words.end[count - 1] == next) {
                if (words.begin[count - 1] > 0)
                    next = words.begin[--count];
                else
                    next += beyond = first_word_bytes(line.substr(next));
            }
            auto const word = [&words, text = line.data(), beyond](std::size_t i) {
                return std::string_view(text + words.begin[i],
                                        words.end[i] - words.begin[i] + beyond);
            };
            if constexpr (requires { emit.many(count, word); })
                emit.many(count, word);
            else
                for (std::size_t i = 0; i < count; ++i) emit(word(i));
            line.remove_prefix(next);
        }
    }
};

/// Emit the words of a line: for flat_map. Words are separated by bytes <= ' ' (blanks, tabs, line
/// ends, control characters), all other bytes belong to words, and there are no empty ones. The
/// words are views of the line.
inline constexpr SplitWords split_words{};

/// See lowercase.
struct Lowercase {
    std::string_view operator()(std::string_view text, Arena& arena) const {
        char* const to = arena.allocate(text.size());
        lowercase_ascii(text, to);
        return {to, text.size()};
    }
};

/// Turn A-Z into a-z and leave all other bytes as they are: for map. The result lives in the
/// batch's arena.
inline constexpr Lowercase lowercase{};

}  // namespace serry
