#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "serry/source/pinned_file.hpp"

namespace serry {

enum class Compression : std::uint8_t { none, gzip, zstd };

/// By the ending of a file's name: ".gz", ".zst".
Compression compression_of(std::string_view path);

/// Makes compressed files into text again, piece by piece. Files may be made of several gzip
/// members or zstd frames in a row, and end in zeros (gzip). Its memory is kept from file to file.
class Decompressor {
public:
    /// One way of compressing. Takes bytes from the input, puts bytes to the output.
    struct Format {
        struct Result {
            std::size_t taken = 0;
            std::size_t put = 0;
            bool is_at_end = false;  ///< of a member or frame; the next bytes begin another one
            char const* error = nullptr;  ///< what is wrong with the input
        };
        virtual ~Format() = default;
        virtual void reset() = 0;
        virtual Result step(std::string_view input, char* output, std::size_t output_bytes) = 0;
    };

    Decompressor();
    ~Decompressor();

    /// Begin with the first byte of `file`, which stays open until the last read().
    void open(PinnedFile& file, Compression compression);

    /// Fill `to` with the text's next bytes and return their number: `byte_count`, less only at the
    /// text's end. Throws InputError if the file is damaged or cut short; so is an empty one.
    std::size_t read(char* to, std::size_t byte_count);

private:
    bool has_input();
    bool is_at_end();
    [[noreturn]] void throw_damaged(char const* what) const;
    [[noreturn]] void throw_cut_short() const;

    std::unique_ptr<Format> gzip_;
    std::unique_ptr<Format> zstd_;
    Format* format_ = nullptr;
    PinnedFile* file_ = nullptr;
    std::vector<char> piece_;
    std::string_view input_;         ///< of the piece, not yet taken
    std::uint64_t next_offset_ = 0;  ///< of the file's next piece
    bool is_between_members_ = true;
    bool has_member_ = false;
};

}  // namespace serry
