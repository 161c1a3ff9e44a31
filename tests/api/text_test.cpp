#include "serry/text.hpp"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "serry/base/concepts.hpp"

using namespace serry;

namespace {

std::vector<std::string> words_of(std::string_view line) {
    // On the heap and of the line's size, for the address sanitizer.
    std::vector<char> const copy(line.begin(), line.end());
    std::vector<std::string> words;
    split_words({copy.data(), copy.size()},
                [&](std::string_view word) { words.emplace_back(word); });
    return words;
}

std::vector<std::string> words_one_by_one(std::string_view line) {
    std::vector<std::string> words;
    bool is_in_word = false;
    for (char const c : line) {
        bool const is_blank = static_cast<unsigned char>(c) <= ' ';
        if (!is_blank && !is_in_word) words.emplace_back();
        if (!is_blank) words.back() += c;
        is_in_word = !is_blank;
    }
    return words;
}

/// Also the size and the first difference, since doctest would print megabytes.
void check_words(std::string_view line) {
    auto const words = words_of(line);
    auto const expected = words_one_by_one(line);
    CHECK(words.size() == expected.size());
    CHECK((words == expected));
}

}  // namespace

TEST_CASE("split_words emits the words between blanks, tabs, line ends and control characters") {
    using Words = std::vector<std::string>;
    CHECK(words_of("to be or not") == Words{"to", "be", "or", "not"});
    CHECK(words_of("  to \t be\r\n\v\fnot\x01;\x1f ") == Words{"to", "be", "not", ";"});
    CHECK(words_of("caf\xc3\xa9 \x7f \xff") == Words{"caf\xc3\xa9", "\x7f", "\xff"});
    CHECK(words_of("").empty());
    CHECK(words_of(" ").empty());
    CHECK(words_of(std::string_view("a\0b", 3)) == Words{"a", "b"});
    bool has_called = false;
    split_words(std::string_view(), [&](std::string_view) { has_called = true; });
    CHECK_FALSE(has_called);
}

TEST_CASE("the words that split_words emits are views of the line") {
    std::string const line = "one two";
    std::vector<std::string_view> words;
    split_words(line, [&](std::string_view word) { words.push_back(word); });
    REQUIRE(words.size() == 2);
    CHECK(words[0].data() == line.data());
    CHECK(words[1].data() == line.data() + 4);
}

TEST_CASE("split_words finds words of every length at every place of a long line") {
    std::size_t const stretch = WordBounds::stretch_bytes;
    for (std::size_t const before : {std::size_t{0}, std::size_t{1}, stretch - 2, stretch - 1,
                                     stretch, stretch + 1, 2 * stretch}) {
        for (std::size_t const length : {std::size_t{1}, std::size_t{2}, stretch - 1, stretch,
                                         stretch + 1, 2 * stretch, 3 * stretch + 7}) {
            std::string const word(length, 'w');
            check_words(std::string(before, ' ') + word);
            check_words(std::string(before, ' ') + word + " end");
            check_words(std::string(before, 'x') + ' ' + word);
            check_words(std::string(before, 'x') + ' ' + word + std::string(stretch, ' ') + "end");
        }
    }
}

TEST_CASE("split_words agrees with a byte-wise split on random lines") {
    std::mt19937 random(3);
    for (int i = 0; i < 400; ++i) {
        std::string line(random() % 9000, ' ');
        unsigned const word_share = 1 + random() % 64;
        for (char& c : line)
            if (random() % word_share > 0) c = static_cast<char>(random());
        check_words(line);
    }
}

TEST_CASE("lowercase makes ASCII letters small, in the arena") {
    Arena arena;
    std::string const text = "Ein Wort \xc3\x84, 2 WORDS [\\]^_`@Z{";
    std::string_view const lower = lowercase(text, arena);
    CHECK(lower == "ein wort \xc3\x84, 2 words [\\]^_`@z{");
    CHECK(lower.data() != text.data());
    CHECK(lowercase("", arena).empty());
}

TEST_CASE("both can be handed to transformations") {
    CHECK(std::is_same_v<SplitWords::record_type, std::string_view>);
    CHECK(ArenaMapper<Lowercase, std::string_view>);
    CHECK(std::is_same_v<mapped_t<Lowercase, std::string_view>, std::string_view>);
}
