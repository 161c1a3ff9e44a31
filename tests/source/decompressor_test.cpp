#include "serry/source/decompressor.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "source/compress.hpp"
#include "source/input_file.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Fixture {
    TempDir dir;
    Decompressor decompressor;

    std::string path(Compression compression) const {
        return (dir / (compression == Compression::gzip ? "text.gz" : "text.zst")).string();
    }

    /// The text of a file with this content, read in pieces of `piece_bytes`.
    std::string text_of(Compression compression,
                        std::string const& content,
                        std::size_t piece_bytes) {
        write_file(path(compression), content);
        InputFile const expected = input_file(path(compression));
        PinnedFile file(expected);
        decompressor.open(file, compression);
        std::string text;
        while (true) {
            std::vector<char> piece(piece_bytes);
            std::size_t const got = decompressor.read(piece.data(), piece.size());
            text.append(piece.data(), got);
            if (got < piece.size()) break;
        }
        char byte = 0;
        CHECK(decompressor.read(&byte, 1) == 0);
        return text;
    }

    std::string message_of_reading(Compression compression, std::string const& content) {
        CHECK(exit_code_of([&] { text_of(compression, content, 1000); }) == ExitCode::input);
        return message_of([&] { text_of(compression, content, 1000); });
    }
};

std::string compressed(Compression compression, std::string_view text) {
    return compression == Compression::gzip ? gzip(text) : zstd(text);
}

constexpr Compression both[] = {Compression::gzip, Compression::zstd};

/// Words and, now and then, bytes that cannot be made shorter.
std::string random_text(std::uint32_t seed, std::size_t byte_count) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < byte_count) {
        for (std::uint32_t i = random() % 100; i > 0; --i)
            text += std::to_string(random() % 1000) + ' ';
        for (std::uint32_t i = random() % 100; i > 0; --i) text += static_cast<char>(random());
    }
    text.resize(byte_count);
    return text;
}

}  // namespace

TEST_CASE("a file's compression is told by its name's ending") {
    CHECK(compression_of("a.gz") == Compression::gzip);
    CHECK(compression_of("dir/a.txt.zst") == Compression::zstd);
    for (char const* plain : {"a", "a.txt", "gz", "zst", "a.gz.txt", "a.gzip", "dir.gz/a", ""})
        CHECK(compression_of(plain) == Compression::none);
}

TEST_CASE_FIXTURE(Fixture, "text comes back whole, whatever its size and that of the pieces") {
    for (auto const compression : both) {
        for (std::size_t const byte_count : {0, 1, 2, 1000, 65'536, 1'000'000}) {
            std::string const text = random_text(6, byte_count);
            std::string const content = compressed(compression, text);
            for (std::size_t const piece_bytes : {1, 7, 4096, 1'000'000, 2'000'000})
                if (byte_count / piece_bytes < 100'000)
                    CHECK((text_of(compression, content, piece_bytes) == text));
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "members and frames in a row are one text") {
    for (auto const compression : both) {
        std::string text;
        std::string content;
        for (std::uint32_t i = 0; i < 40; ++i) {
            std::string const part = random_text(i, i % 7 == 0 ? 0 : 5000 * i);
            text += part;
            content += compressed(compression, part);
        }
        CHECK(content.size() > std::size_t{1} << 20);
        for (std::size_t const piece_bytes : {999, 1 << 20})
            CHECK((text_of(compression, content, piece_bytes) == text));
    }
}

TEST_CASE_FIXTURE(Fixture, "zeros behind a gzip member are padding, other bytes are damage") {
    std::string const content = gzip("some text");
    CHECK(text_of(Compression::gzip, content + std::string(1000, '\0'), 100) == "some text");
    CHECK(text_of(Compression::gzip, content + std::string(1'000'000, '\0'), 100) == "some text");
    CHECK(message_of_reading(Compression::gzip, content + "rubbish")
          == path(Compression::gzip)
                 + ": damaged near byte 31 of the compressed file: incorrect header check; "
                   "expected whole gzip members; test it with gzip -t, and make or fetch it again");
}

TEST_CASE_FIXTURE(Fixture, "a zstd frame to be skipped is skipped") {
    std::string const skipped{"\x50\x2a\x4d\x18\x04\x00\x00\x00todo", 12};
    CHECK(text_of(Compression::zstd, skipped + zstd("some ") + skipped + zstd("text"), 100)
          == "some text");
}

TEST_CASE_FIXTURE(Fixture, "a file that is cut short is an error, wherever it is cut") {
    std::string const text = random_text(7, 3000);
    for (auto const compression : both) {
        std::string const content =
            compressed(compression, text) + compressed(compression, text.substr(0, 300));
        std::size_t const second = compressed(compression, text).size();
        for (std::size_t byte_count = 0; byte_count < content.size(); byte_count += 10) {
            if (byte_count == second) continue;
            std::string const ending =
                compression == Compression::gzip
                    ? "gzip member; expected a whole one; test it with gzip -t"
                    : "zstd frame; expected a whole one; test it with zstd -t";
            CHECK(message_of_reading(compression, content.substr(0, byte_count))
                  == path(compression) + ": cut short: the compressed file ends at byte "
                         + std::to_string(byte_count) + ", within a " + ending
                         + ", and make or fetch it again");
        }
        CHECK((text_of(compression, content.substr(0, second), 100) == text));
    }
}

TEST_CASE_FIXTURE(Fixture, "what is not compressed at all is an error") {
    CHECK(message_of_reading(Compression::gzip, "plain text that was named wrongly")
          == path(Compression::gzip)
                 + ": damaged near byte 2 of the compressed file: incorrect header check; expected "
                   "whole gzip members; test it with gzip -t, and make or fetch it again");
    CHECK(message_of_reading(Compression::zstd, "plain text that was named wrongly")
          == path(Compression::zstd)
                 + ": damaged near byte 0 of the compressed file: Unknown frame descriptor; "
                   "expected whole zstd frames; test it with zstd -t, and make or fetch it again");
}

TEST_CASE_FIXTURE(Fixture, "a flipped bit never gives another text") {
    std::string const text = random_text(8, 2000);
    for (auto const compression : both) {
        std::string const content = compressed(compression, text);
        std::size_t found = 0;
        std::size_t const step = 7;
        for (std::size_t bit = 0; bit < 8 * content.size(); bit += step) {
            std::string damaged = content;
            damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
            std::string read;
            std::string const message =
                message_of([&] { read = text_of(compression, damaged, 500); });
            found += !message.empty();
            CHECK((message.empty() ? read == text : message.starts_with(path(compression))));
        }
        // Some bits of a header mean nothing: the time, the system, the file's name.
        CHECK(found > 8 * content.size() / step - 30);
    }
}

TEST_CASE_FIXTURE(Fixture, "random bytes end in an error or in text") {
    std::mt19937 random(9);
    for (int i = 0; i < 300; ++i) {
        for (auto const compression : both) {
            std::string content = compressed(compression, random_text(10, 500));
            content.resize(4 + random() % 8);
            for (std::uint32_t k = random() % 300; k > 0; --k)
                content += static_cast<char>(random());
            message_of([&] { text_of(compression, content, 500); });
        }
    }
}

TEST_CASE_FIXTURE(Fixture, "a file whose content changed while it was read is not called damaged") {
    std::string const path = (dir / "text.gz").string();
    write_file(path, gzip(random_text(11, 4'000'000)));
    InputFile const expected = input_file(path);
    PinnedFile file(expected);
    decompressor.open(file, Compression::gzip);
    std::vector<char> piece(1000);
    REQUIRE(decompressor.read(piece.data(), piece.size()) == piece.size());
    write_file(path, std::string(expected.size_bytes, 'x'));
    set_modified(path, 1);
    std::string const message = message_of([&] {
        while (decompressor.read(piece.data(), piece.size()) > 0) continue;
    });
    CHECK(message.starts_with(path + ": the file changed while it was being read: "));
}
