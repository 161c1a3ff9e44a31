#include "serry/base/byte_scan.hpp"

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace serry;

namespace {

/// Text whose end lies before memory that cannot be read.
class GuardedText {
public:
    explicit GuardedText(std::string_view text) : text_bytes_(text.size()) {
        auto const page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        room_bytes_ = (text.size() / page + 1) * page;
        map_bytes_ = room_bytes_ + page;
        void* const map =
            mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        REQUIRE(map != MAP_FAILED);
        map_ = static_cast<char*>(map);
        REQUIRE(mprotect(map_ + room_bytes_, page, PROT_NONE) == 0);
        if (!text.empty()) std::memcpy(map_ + room_bytes_ - text_bytes_, text.data(), text_bytes_);
    }
    ~GuardedText() { munmap(map_, map_bytes_); }
    GuardedText(GuardedText const&) = delete;
    GuardedText& operator=(GuardedText const&) = delete;

    std::string_view view() const { return {map_ + room_bytes_ - text_bytes_, text_bytes_}; }

private:
    std::size_t text_bytes_;
    std::size_t room_bytes_ = 0;
    std::size_t map_bytes_ = 0;
    char* map_ = nullptr;
};

std::vector<std::string> words_one_by_one(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    for (char const c : text) {
        if (static_cast<unsigned char>(c) > ' ') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(word);
            word.clear();
        }
    }
    if (!word.empty()) words.push_back(word);
    return words;
}

std::vector<std::string> words_found(byte_scan::WordFinder* find, std::string_view text) {
    WordBounds bounds;
    std::size_t const count = find(text, bounds);
    std::vector<std::string> words;
    for (std::size_t i = 0; i < count; ++i)
        words.emplace_back(text.substr(bounds.begin[i], bounds.end[i] - bounds.begin[i]));
    return words;
}

void check_words(std::string_view text) {
    GuardedText const guarded(text);
    // On the heap, for the address sanitizer to see a look before the text.
    std::vector<char> const copy(text.begin(), text.end());
    for (auto const& way : byte_scan::ways()) {
        INFO("way ", way.name, ", text of ", text.size(), " bytes: ", std::string(text));
        CHECK(words_found(way.find_words, guarded.view()) == words_one_by_one(text));
        CHECK(words_found(way.find_words, {copy.data(), copy.size()}) == words_one_by_one(text));
    }
}

std::string random_text(std::mt19937& random, std::size_t byte_count, unsigned blanks_in_16) {
    std::string text(byte_count, ' ');
    for (char& c : text)
        if (random() % 16 >= blanks_in_16) c = static_cast<char>('a' + random() % 26);
    return text;
}

}  // namespace

TEST_CASE("the last way is plain C++, and the best way is the one taken") {
    auto const ways = byte_scan::ways();
    REQUIRE(!ways.empty());
    CHECK(std::string(ways.back().name) == "plain");
    WordBounds bounds;
    CHECK(find_words("two words", bounds) == 2);
    CHECK((byte_scan::best_word_finder.load() == ways.front().find_words));
    std::array<char, 64> const text{'a', 'b', 'a'};
    std::uint64_t mask = 0;
    mark_byte(text.data(), 1, 'a', &mask);
    CHECK(mask == 5);
    CHECK((byte_scan::best_byte_marker.load() == ways.front().mark_byte));
}

TEST_CASE("words are maximal runs of bytes above ' ', for each of the 256 bytes") {
    for (int byte = 0; byte < 256; ++byte) {
        std::string const between = std::string("left") + static_cast<char>(byte) + "right";
        check_words(between);
        check_words(std::string(1, static_cast<char>(byte)));
    }
}

TEST_CASE("words are found at every place in texts of every length, and no byte outside is read") {
    std::mt19937 random(1);
    for (std::size_t byte_count = 0; byte_count <= 300; ++byte_count)
        for (unsigned const blanks_in_16 : {0U, 1U, 2U, 8U, 15U, 16U})
            check_words(random_text(random, byte_count, blanks_in_16));
}

TEST_CASE("one blank is found wherever it is, and one word") {
    for (std::size_t byte_count : {1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 200}) {
        for (std::size_t at = 0; at < byte_count; ++at) {
            std::string text(byte_count, 'x');
            text[at] = ' ';
            check_words(text);
            text.assign(byte_count, ' ');
            text[at] = 'x';
            check_words(text);
        }
    }
}

TEST_CASE("a stretch may hold as many words as fit, or none") {
    std::string words;
    while (words.size() < WordBounds::stretch_bytes) words += "a ";
    check_words(words);
    check_words(words.substr(1));
    words[0] = ' ';
    check_words(words);
    check_words(std::string(WordBounds::stretch_bytes, ' '));
    check_words(std::string(WordBounds::stretch_bytes, 'a'));
    check_words(std::string(64, ' ') + "a" + std::string(64, ' ') + "b");
}

TEST_CASE("mark_byte sets the bits of the bytes wanted and no others") {
    std::mt19937 random(2);
    for (std::size_t const mask_count : {1, 2, 3, 64}) {
        std::string text(64 * mask_count, '\0');
        for (char& c : text) c = static_cast<char>(random() % 4 == 0 ? '\n' : random());
        GuardedText const guarded(text);
        for (auto const& way : byte_scan::ways()) {
            for (int wanted = 0; wanted < 256; ++wanted) {
                std::vector<std::uint64_t> masks(mask_count, 0x5555);
                way.mark_byte(guarded.view().data(), mask_count, static_cast<char>(wanted),
                              masks.data());
                std::size_t wrong = 0;
                for (std::size_t i = 0; i < text.size(); ++i)
                    wrong +=
                        (masks[i / 64] >> i % 64 & 1) != (text[i] == static_cast<char>(wanted));
                INFO("way ", way.name, ", byte ", wanted);
                CHECK(wrong == 0);
            }
        }
    }
}

TEST_CASE("first_word_bytes counts the bytes before the first blank") {
    for (std::size_t byte_count = 0; byte_count < 40; ++byte_count) {
        CHECK(first_word_bytes(GuardedText(std::string(byte_count, 'x')).view()) == byte_count);
        for (std::size_t at = 0; at < byte_count; ++at) {
            std::string text(byte_count, '\xff');
            text[at] = ' ';
            CHECK(first_word_bytes(GuardedText(text).view()) == at);
        }
    }
}

TEST_CASE("lowercase_ascii changes A-Z and nothing else, at every length") {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    all += all;
    for (std::size_t begin = 0; begin < 256; begin += 5) {
        for (std::size_t byte_count = 0; byte_count <= 100; ++byte_count) {
            std::string const text = all.substr(begin, byte_count);
            std::string expected = text;
            for (char& c : expected)
                if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
            std::vector<char> lower(byte_count);
            lowercase_ascii(GuardedText(text).view(), lower.data());
            CHECK(std::string(lower.begin(), lower.end()) == expected);
        }
    }
}
