#pragma once

// The map phase of the word count: reading a rank's range of a text, and counting its words.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "plain_mpi.hpp"
#include "word_tables.hpp"

namespace yardstick {

constexpr std::size_t piece_bytes = 256 << 10;  // read from the file at a time
constexpr std::size_t group_bytes = 4 << 10;    // text whose words are looked up together
constexpr std::uint64_t longest_word = std::numeric_limits<std::int32_t>::max();

// ---- reading ------------------------------------------------------------------------------------

inline bool is_separator(char byte) { return static_cast<unsigned char>(byte) <= ' '; }

/// Read the words that begin in a byte range of a file, in pieces of whole words.
class TextReader {
public:
    /// Memory behind the end of a piece that may be read, though it means nothing.
    static constexpr std::size_t padding = 64;

    TextReader(InputFile const& file, Range range)
        : file_(file), at_(range.begin), end_(range.end), buffer_(front + piece_bytes + padding) {
        if (range.begin > 0) skip_word_begun_before();
    }

    /// The next piece: begins with a word or separator, ends with a separator; empty at the end.
    /// Valid until the next call.
    std::string_view next() {
        move_carry_to_front();
        while (at_ < end_) {
            std::size_t const got = read(std::min<std::uint64_t>(piece_bytes, end_ - at_));
            if (got == 0) break;
            for (std::size_t i = filled_; i > filled_ - got; --i)
                if (is_separator(buffer_.data()[i - 1])) return cut(i);
        }
        return filled_ == begin_ ? std::string_view() : finish_last_word();
    }

private:
    static constexpr std::size_t front = 4096;

    void move_carry_to_front() {
        std::size_t const carry = filled_ - begin_;
        std::size_t const to = carry <= front ? front - carry : 0;
        std::memmove(buffer_.data() + to, buffer_.data() + begin_, carry);
        begin_ = to;
        filled_ = to + carry;
    }

    std::string_view cut(std::size_t end) {
        std::size_t const begin = std::exchange(begin_, end);
        return {buffer_.data() + begin, end - begin};
    }

    /// Append up to `wanted` bytes of the file to the buffer; 0 at its end.
    std::size_t read(std::size_t wanted) {
        std::uint64_t const got = std::min<std::uint64_t>(wanted, file_.byte_count() - at_);
        buffer_.grow(filled_ + got + padding);
        file_.read(at_, buffer_.data() + filled_, got);
        at_ += got;
        filled_ += got;
        check_word_length();
        return got;
    }

    void check_word_length() const {
        if (filled_ - begin_ <= longest_word) return;
        throw std::runtime_error(file_.path() + " has a word of more than "
                                 + std::to_string(longest_word) + " bytes before byte "
                                 + std::to_string(at_) + "; split it or leave it out");
    }

    /// The range has ended within a word: read on to its end.
    std::string_view finish_last_word() {
        for (std::size_t wanted = front; std::size_t const got = read(wanted);
             wanted = piece_bytes) {
            char const* const fresh = buffer_.data() + filled_ - got;
            char const* const found = std::find_if(fresh, fresh + got, is_separator);
            if (found != fresh + got) return last(std::size_t(found - buffer_.data()));
        }
        buffer_.grow(filled_ + 1 + padding);
        buffer_.data()[filled_] = '\n';
        return last(filled_);
    }

    std::string_view last(std::size_t separator) {
        std::string_view const piece(buffer_.data() + begin_, separator + 1 - begin_);
        begin_ = filled_ = 0;
        at_ = end_;
        return piece;
    }

    void skip_word_begun_before() {
        for (--at_; at_ < end_;) {
            begin_ = filled_ = 0;
            std::size_t const got = read(std::min<std::uint64_t>(piece_bytes, end_ - at_));
            char const* const found =
                std::find_if(buffer_.data(), buffer_.data() + got, is_separator);
            begin_ = filled_ = 0;
            if (got == 0) at_ = end_;
            if (found == buffer_.data() + got) continue;
            at_ -= std::uint64_t(buffer_.data() + got - found) - 1;
            return;
        }
    }

    InputFile const& file_;
    std::uint64_t at_;
    std::uint64_t end_;
    Pages buffer_;
    std::size_t begin_ = 0;
    std::size_t filled_ = 0;
};

// ---- map ----------------------------------------------------------------------------------------

#if defined(__AVX512VBMI2__)
/// The bytes 0, 1, ..., 63.
inline __m512i iota64() {
    return _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928,
                            0x2726252423222120, 0x1f1e1d1c1b1a1918, 0x1716151413121110,
                            0x0f0e0d0c0b0a0908, 0x0706050403020100);
}
#endif

/// A bit for each of the 64 bytes at `at`: is it a separator?
inline std::uint64_t separators(char const* at) {
#if defined(__AVX512BW__)
    return _mm512_cmple_epu8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(' '));
#elif defined(__AVX2__)
    auto const half = [](char const* from) {
        __m256i const text = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(from));
        __m256i const capped = _mm256_min_epu8(text, _mm256_set1_epi8(' '));
        return std::uint64_t(std::uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(capped, text))));
    };
    return half(at) | (half(at + 32) << 32);
#else
    std::uint64_t found = 0;
    for (int i = 0; i < 64; ++i) found |= std::uint64_t(is_separator(at[i])) << i;
    return found;
#endif
}

/// A group of words: where they begin in the text of the group, and how long they are.
struct Words {
    // Each byte can be a separator, and vector code stores up to 63 numbers beyond the last.
    static constexpr std::size_t room = group_bytes + 64;

    std::array<std::uint16_t, room> begins;
    std::array<std::uint16_t, room> lengths;
    std::size_t count = 0;
};

struct Group {
    std::array<std::uint16_t, Words::room + 32> ends;
    Words short_words;
    Words medium_words;
    Words long_words;
};

/// Note where the separators among the first `byte_count` bytes of a text are. Return how many.
inline std::size_t find_ends(char const* text, std::size_t byte_count, std::uint16_t* ends) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < byte_count; at += 64) {
        std::uint64_t found = separators(text + at);
        if (byte_count - at < 64) found &= (std::uint64_t{1} << (byte_count - at)) - 1;
#if defined(__AVX512VBMI2__)
        __m512i const places = _mm512_maskz_compress_epi8(found, iota64());
        __m512i const base = _mm512_set1_epi16(short(at));
        __m512i const low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(places));
        _mm512_storeu_si512(ends + count, _mm512_add_epi16(base, low));
        auto const more = std::size_t(std::popcount(found));
        if (more > 32) [[unlikely]] {
            __m512i const high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(places, 1));
            _mm512_storeu_si512(ends + count + 32, _mm512_add_epi16(base, high));
        }
        count += more;
#else
        for (; found != 0; found &= found - 1)
            ends[count++] = std::uint16_t(at + std::size_t(std::countr_zero(found)));
#endif
    }
    return count;
}

#if defined(__AVX512VBMI2__)
inline void select(__mmask32 chosen, __m512i begins, __m512i lengths, Words& words) {
    _mm512_storeu_si512(words.begins.data() + words.count,
                        _mm512_maskz_compress_epi16(chosen, begins));
    _mm512_storeu_si512(words.lengths.data() + words.count,
                        _mm512_maskz_compress_epi16(chosen, lengths));
    words.count += std::size_t(std::popcount(chosen));
}
#else
inline void select(bool chosen, std::uint16_t begin, std::uint16_t length, Words& words) {
    words.begins[words.count] = begin;
    words.lengths[words.count] = length;
    words.count += chosen;
}
#endif

/// Sort the words between `count` ends by their length.
inline void sort_by_length(Group& group, std::size_t count) {
    group.short_words.count = group.medium_words.count = group.long_words.count = 0;
    std::uint16_t const* ends = group.ends.data() + 1;
#if defined(__AVX512VBMI2__)
    for (std::size_t i = 0; i < count; i += 32) {
        __m512i const stops = _mm512_loadu_si512(ends + i);
        __m512i const begins =
            _mm512_add_epi16(_mm512_loadu_si512(ends + i - 1), _mm512_set1_epi16(1));
        __m512i const lengths = _mm512_sub_epi16(stops, begins);
        __mmask32 const valid = count - i >= 32 ? ~__mmask32{0} : (__mmask32{1} << (count - i)) - 1;
        __mmask32 const some = _mm512_mask_test_epi16_mask(valid, lengths, lengths);
        __mmask32 const over_8 = _mm512_mask_cmpgt_epu16_mask(some, lengths, _mm512_set1_epi16(8));
        __mmask32 const over_16 =
            _mm512_mask_cmpgt_epu16_mask(some, lengths, _mm512_set1_epi16(16));
        select(some & ~over_8, begins, lengths, group.short_words);
        select(over_8 & ~over_16, begins, lengths, group.medium_words);
        if (over_16 != 0) select(over_16, begins, lengths, group.long_words);
    }
#else
    for (std::size_t i = 0; i < count; ++i) {
        auto const begin = std::uint16_t(ends[std::ptrdiff_t(i) - 1] + 1);
        auto const length = std::uint16_t(ends[i] - begin);
        select(length > 0 && length <= 8, begin, length, group.short_words);
        select(length > 8 && length <= 16, begin, length, group.medium_words);
        select(length > 16, begin, length, group.long_words);
    }
#endif
}

/// The counts of one rank.
struct Counts {
    InlineCounts<ShortKey, std::uint32_t, &ShortKey::hash> short_words;
    InlineCounts<MediumKey, std::uint32_t, &MediumKey::hash> medium_words;
    LongCounts<std::uint32_t, &LongKey::hash> long_words;
};

/// Count words of texts.
class Mapper {
public:
    explicit Mapper(Counts& counts) : counts_(counts) { group_.ends[0] = before_text; }

    /// The text ends with a separator and has `TextReader::padding` bytes behind it.
    void add(std::string_view text) {
        while (!text.empty()) {
            std::size_t const bytes = std::min(group_bytes, text.size());
            std::size_t const count = find_ends(text.data(), bytes, group_.ends.data() + 1);
            text.remove_prefix(count == 0 ? add_giant(text) : add_group(text.data(), count));
        }
    }

private:
    static constexpr std::uint16_t before_text = 0xffff;
    static constexpr std::size_t words_at_a_time = 128;

    /// Count the words before `count` separators; return the bytes up to and with the last one.
    std::size_t add_group(char const* text, std::size_t count) {
        sort_by_length(group_, count);
        add_inline<ShortKey>(counts_.short_words, text, group_.short_words);
        add_inline<MediumKey>(counts_.medium_words, text, group_.medium_words);
        add_long(text, group_.long_words);
        return group_.ends[count] + std::size_t{1};
    }

    /// Count the first word, longer than a group; return its bytes and the separator's.
    std::size_t add_giant(std::string_view text) {
        std::size_t length = group_bytes;
        while (separators(text.data() + length) == 0) length += 64;
        length += std::size_t(std::countr_zero(separators(text.data() + length)));
        counts_.long_words.table().reserve(1);
        counts_.long_words.add(text.substr(0, length), {hash_long(text.data(), length)}, 1);
        return length + 1;
    }

    template <typename Key, typename InlineCounts>
    void add_inline(InlineCounts& counts, char const* text, Words const& words) {
        std::array<Key, words_at_a_time> keys;
        std::array<std::uint64_t, words_at_a_time> hashes;
        counts.table().reserve(words.count);
        for (std::size_t at = 0; at < words.count; at += words_at_a_time) {
            std::size_t const count = std::min(words_at_a_time, words.count - at);
            for (std::size_t i = 0; i < count; ++i) {
                keys[i] = Key::load(text + words.begins[at + i], words.lengths[at + i]);
                hashes[i] = keys[i].hash();
                counts.table().prefetch(hashes[i]);
            }
            for (std::size_t i = 0; i < count; ++i) counts.add(keys[i], hashes[i], 1);
        }
    }

    void add_long(char const* text, Words const& words) {
        std::array<std::uint64_t, words_at_a_time> hashes;
        auto& counts = counts_.long_words;
        counts.table().reserve(words.count);
        for (std::size_t at = 0; at < words.count; at += words_at_a_time) {
            std::size_t const count = std::min(words_at_a_time, words.count - at);
            auto const word = [&](std::size_t i) {
                return std::string_view(text + words.begins[at + i], words.lengths[at + i]);
            };
            for (std::size_t i = 0; i < count; ++i) {
                hashes[i] = hash_long(word(i).data(), word(i).size());
                counts.table().prefetch(hashes[i]);
            }
            for (std::size_t i = 0; i < count; ++i) counts.prefetch_text(hashes[i]);
            for (std::size_t i = 0; i < count; ++i) counts.add(word(i), {hashes[i]}, 1);
        }
    }

    Counts& counts_;
    Group group_;
};

}  // namespace yardstick
