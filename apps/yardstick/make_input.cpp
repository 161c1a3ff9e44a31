// Write seeded benchmark inputs: `make_input KIND ...`. The same arguments give the same bytes.
//
//   make_input text BYTES FILE [--seed S] [--vocabulary N] [--zipf S] [--long-share F]
//
// `text` is lines of 10-20 words, cut after the first line that reaches BYTES. The words come from
// N distinct random words of 2-13 letters (mean 7.1), the k-th one drawn with probability
// proportional to 1 / k^S. With a long share F, that share of the word occurrences is drawn in the
// same way from N * F distinct words of 17-40 letters.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "generate.hpp"

namespace {

using namespace yardstick;

/// Draw k from [0, count) with probability proportional to 1 / (k + 1)^exponent: Walker's alias
/// method, one 64-bit number and one look-up a draw.
class ZipfDraw {
public:
    ZipfDraw(std::uint64_t count, double exponent) : cells_(count) {
        std::vector<double> share(count);
        double total = 0;
        for (std::uint64_t k = 0; k < count; ++k)
            total += share[k] = std::pow(double(k + 1), -exponent);
        for (auto& weight : share) weight *= double(count) / total;
        pair_up(share);
    }

    std::uint32_t operator()(Random& random) const {
        std::uint64_t const drawn = random.next();
        auto const home = std::uint32_t(((drawn >> 32) * cells_.size()) >> 32);
        Cell const& cell = cells_[home];
        return std::uint32_t(drawn) < cell.below ? home : cell.alias;
    }

private:
    struct Cell {
        std::uint32_t below = 0xffffffff;
        std::uint32_t alias = 0;
    };

    void pair_up(std::vector<double>& share) {
        std::vector<std::uint32_t> small;
        std::vector<std::uint32_t> large;
        for (std::uint32_t k = 0; k < share.size(); ++k) {
            cells_[k].alias = k;
            (share[k] < 1 ? small : large).push_back(k);
        }
        while (!small.empty() && !large.empty()) {
            std::uint32_t const poor = small.back();
            std::uint32_t const rich = large.back();
            small.pop_back();
            cells_[poor] = {std::uint32_t(share[poor] * 4294967295.0), rich};
            share[rich] -= 1 - share[poor];
            if (share[rich] >= 1) continue;
            large.pop_back();
            small.push_back(rich);
        }
    }

    std::vector<Cell> cells_;
};

/// Distinct random words, each in a cell of `cell_bytes` bytes whose last one is the length.
template <std::size_t cell_bytes>
class Vocabulary {
public:
    /// `length` draws a word's length, at most `cell_bytes` - 2.
    Vocabulary(std::uint64_t count, Random& random, std::function<std::size_t(Random&)> length) {
        std::unordered_set<std::string> seen;
        seen.reserve(count);
        cells_.reserve(count);
        while (cells_.size() < count) {
            std::string word(length(random), ' ');
            for (char& letter : word) letter = char('a' + random.below(26));
            if (seen.insert(word).second) append(word);
        }
    }

    /// Copy word `index` and a space to `to`, which has room for a cell; return the end.
    char* put(std::uint32_t index, char* to) const {
        Cell const& cell = cells_[index];
        std::memcpy(to, cell.data(), cell_bytes);
        return to + std::size_t(cell.back());
    }

private:
    using Cell = std::array<char, cell_bytes>;

    void append(std::string const& word) {
        Cell cell{};
        std::memcpy(cell.data(), word.data(), word.size());
        cell[word.size()] = ' ';
        cell.back() = char(word.size() + 1);
        cells_.push_back(cell);
    }

    std::vector<Cell> cells_;
};

/// 2 + Binomial(11, 0.46): 2-13 letters. Too short ones run out, which lifts the mean to 7.1.
std::size_t short_length(Random& random) {
    std::size_t length = 2;
    for (int flip = 0; flip < 11; ++flip) length += random.below(1000) < 463;
    return length;
}

std::size_t long_length(Random& random) { return 17 + random.below(24); }

struct TextOptions {
    std::uint64_t byte_count = 0;
    std::string path;
    std::uint64_t seed = 1;
    std::uint64_t vocabulary = 1'000'000;
    double zipf = 1.0;
    double long_share = 0.0;
};

using Arguments = std::vector<std::string_view>;

TextOptions parse_text_options(Arguments const& arguments) {
    if (arguments.size() < 2 || arguments.size() % 2 != 0)
        throw std::invalid_argument("text needs BYTES and FILE, and a value for each option");
    TextOptions options;
    options.byte_count = parse_number<std::uint64_t>("BYTES", arguments[0]);
    options.path = arguments[1];
    for (std::size_t i = 2; i < arguments.size(); i += 2) {
        auto const [name, value] = std::pair(arguments[i], arguments[i + 1]);
        if (name == "--seed")
            options.seed = parse_number<std::uint64_t>(name, value);
        else if (name == "--vocabulary")
            options.vocabulary = parse_number<std::uint64_t>(name, value);
        else if (name == "--zipf")
            options.zipf = parse_number<double>(name, value);
        else if (name == "--long-share")
            options.long_share = parse_number<double>(name, value);
        else
            throw std::invalid_argument("unknown option " + std::string(name));
    }
    if (options.vocabulary < 1 || options.vocabulary > 50'000'000)
        throw std::invalid_argument("--vocabulary must be from 1 to 50000000");
    if (options.long_share > 1) throw std::invalid_argument("--long-share must be from 0 to 1");
    return options;
}

/// Draw a word, with a space after it, to the place given; return the end.
class WordSource {
public:
    WordSource(TextOptions const& options, Random& random)
        : draw_short_(options.vocabulary, options.zipf),
          draw_long_(long_count(options), options.zipf),
          short_words_(options.vocabulary, random, short_length),
          long_words_(long_count(options), random, long_length),
          long_below_(std::uint64_t(options.long_share * 4294967296.0)) {}

    char* put(Random& random, char* to) const {
        if (long_below_ != 0 && (random.next() >> 32) < long_below_)
            return long_words_.put(draw_long_(random), to);
        return short_words_.put(draw_short_(random), to);
    }

private:
    static std::uint64_t long_count(TextOptions const& options) {
        auto const count = std::uint64_t(double(options.vocabulary) * options.long_share);
        return count == 0 ? 1 : count;
    }

    ZipfDraw draw_short_;
    ZipfDraw draw_long_;
    Vocabulary<16> short_words_;
    Vocabulary<48> long_words_;
    std::uint64_t long_below_;
};

void make_text(Arguments const& arguments) {
    TextOptions const options = parse_text_options(arguments);
    OutputFile file(options.path);
    Random random(options.seed);
    WordSource const words(options, random);
    std::uint64_t word_count = 0;
    std::uint64_t line_count = 0;
    for (; file.byte_count() < options.byte_count; ++line_count) {
        std::uint64_t const words_in_line = 10 + random.below(11);
        char* to = file.room();
        for (std::uint64_t i = 0; i < words_in_line; ++i) to = words.put(random, to);
        to[-1] = '\n';
        file.advance_to(to);
        word_count += words_in_line;
    }
    std::cout << options.path << ": " << file.byte_count() << " bytes, " << word_count << " words, "
              << line_count << " lines\n";
    file.finish();
}

struct Kind {
    std::string_view name;
    std::string_view arguments;
    void (*make)(Arguments const&);
};

constexpr std::array kinds{
    Kind{"text", "BYTES FILE [--seed S] [--vocabulary N] [--zipf S] [--long-share F]", make_text},
};

int usage() {
    std::cerr << "usage:\n";
    for (auto const& kind : kinds)
        std::cerr << "  make_input " << kind.name << " " << kind.arguments << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc < 2) return usage();
    for (auto const& kind : kinds) {
        if (kind.name != argv[1]) continue;
        kind.make(Arguments(argv + 2, argv + argc));
        return 0;
    }
    return usage();
} catch (std::exception const& error) {
    std::cerr << "make_input: " << error.what() << "\n";
    return 1;
}
