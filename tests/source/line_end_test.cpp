#include "serry/source/line_end.hpp"

#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("a line is without \\n and the \\r before it") {
    std::string const text = " one\r\ntwo\n\n\r\n";
    char const* const begin = text.data();
    CHECK(without_line_end(begin + 1, begin + 5) == "one");
    CHECK(without_line_end(begin + 6, begin + 9) == "two");
    CHECK(without_line_end(begin + 10, begin + 10).empty());
    CHECK(without_line_end(begin + 11, begin + 12).empty());
}

TEST_CASE("line ends inside of quotes are passed over, as a byte-wise search does it") {
    std::mt19937 random(1);
    for (int i = 0; i < 5000; ++i) {
        std::string text(random() % 30, 'x');
        for (char& c : text) c = "x\"\n"[random() % 3];
        for (char const quote : {'"', '\0', 'x'}) {
            for (bool const is_quoted_before : {false, true}) {
                bool is_quoted = is_quoted_before;
                std::size_t expected = 0;
                for (; expected < text.size(); ++expected) {
                    if (quote != 0 && text[expected] == quote) is_quoted = !is_quoted;
                    if (text[expected] == '\n' && (quote == 0 || !is_quoted)) break;
                }
                bool seen = is_quoted_before;
                char const* const found =
                    find_line_end(text.data(), text.data() + text.size(), quote, seen);
                if (expected == text.size())
                    CHECK(found == nullptr);
                else
                    CHECK(found == text.data() + expected);
                CHECK((quote == 0 || seen == is_quoted));
            }
        }
    }
}
