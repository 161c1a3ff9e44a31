#include "serry/source/decompressor.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "serry/base/error.hpp"

namespace serry {
namespace {

constexpr std::size_t packed_piece_bytes = std::size_t{256} << 10;

class GzipFormat final : public Decompressor::Format {
public:
    GzipFormat() {
        constexpr int gzip_only = 16;
        if (inflateInit2(&stream_, MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
    }
    ~GzipFormat() override { inflateEnd(&stream_); }

    void reset() override { inflateReset(&stream_); }

    Result step(std::string_view input, char* output, std::size_t output_bytes) override {
        // zlib only reads its input, and counts in unsigned int.
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
        stream_.avail_in = counted(input.size());
        stream_.next_out = reinterpret_cast<Bytef*>(output);
        stream_.avail_out = counted(output_bytes);
        uInt const given = stream_.avail_in;
        uInt const room = stream_.avail_out;
        int const code = inflate(&stream_, Z_NO_FLUSH);
        if (code == Z_MEM_ERROR) throw std::bad_alloc();
        Result result{.taken = given - stream_.avail_in, .put = room - stream_.avail_out};
        result.is_at_end = code == Z_STREAM_END;
        if (result.is_at_end) inflateReset(&stream_);
        bool const is_fine = code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR;
        if (!is_fine) result.error = stream_.msg ? stream_.msg : "no gzip data";
        return result;
    }

private:
    static uInt counted(std::size_t byte_count) {
        return static_cast<uInt>(
            std::min<std::size_t>(byte_count, std::numeric_limits<uInt>::max()));
    }

    z_stream stream_{};
};

class ZstdFormat final : public Decompressor::Format {
public:
    ZstdFormat() : context_(ZSTD_createDCtx()) {
        if (!context_) throw std::bad_alloc();
    }
    ~ZstdFormat() override { ZSTD_freeDCtx(context_); }

    void reset() override {
        ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
        wanted_bytes_ = frame_start_bytes;
    }

    Result step(std::string_view input, char* output, std::size_t output_bytes) override {
        // A block at a time: more is not faster, and errors do not say where they are.
        ZSTD_inBuffer in{input.data(), std::min(input.size(), wanted_bytes_), 0};
        ZSTD_outBuffer out{output, output_bytes, 0};
        std::size_t const code = ZSTD_decompressStream(context_, &out, &in);
        Result result{.taken = in.pos, .put = out.pos};
        if (!ZSTD_isError(code)) {
            result.is_at_end = code == 0;
            wanted_bytes_ = result.is_at_end ? frame_start_bytes : code;
            return result;
        }
        if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation) throw std::bad_alloc();
        result.error = ZSTD_getErrorName(code);
        return result;
    }

private:
    static constexpr std::size_t frame_start_bytes = 5;

    ZSTD_DCtx* context_;
    std::size_t wanted_bytes_ = frame_start_bytes;
};

}  // namespace

Compression compression_of(std::string_view path) {
    if (path.ends_with(".gz")) return Compression::gzip;
    if (path.ends_with(".zst")) return Compression::zstd;
    return Compression::none;
}

Decompressor::Decompressor() = default;
Decompressor::~Decompressor() = default;

void Decompressor::open(PinnedFile& file, Compression compression) {
    bool const is_gzip = compression == Compression::gzip;
    if (is_gzip && !gzip_) gzip_ = std::make_unique<GzipFormat>();
    if (!is_gzip && !zstd_) zstd_ = std::make_unique<ZstdFormat>();
    format_ = is_gzip ? gzip_.get() : zstd_.get();
    format_->reset();
    file_ = &file;
    piece_.resize(packed_piece_bytes);
    input_ = {};
    next_offset_ = 0;
    is_between_members_ = true;
    has_member_ = false;
}

std::size_t Decompressor::read(char* to, std::size_t byte_count) {
    std::size_t done = 0;
    while (done < byte_count && !is_at_end()) {
        bool const is_last_input = !has_input();
        auto const result = format_->step(input_, to + done, byte_count - done);
        input_.remove_prefix(result.taken);
        done += result.put;
        if (result.error) throw_damaged(result.error);
        if (is_last_input && result.put == 0 && !result.is_at_end) throw_cut_short();
        is_between_members_ = result.is_at_end;
        has_member_ |= result.is_at_end;
    }
    return done;
}

/// Whether there is input, read from the file if need be.
bool Decompressor::has_input() {
    if (!input_.empty()) return true;
    std::uint64_t const left = file_->expected().size_bytes - next_offset_;
    auto const byte_count = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece_.size()));
    file_->read(next_offset_, piece_.data(), byte_count);
    next_offset_ += byte_count;
    input_ = {piece_.data(), byte_count};
    return byte_count > 0;
}

/// Whether nothing follows the last member. Zeros behind it are padding.
bool Decompressor::is_at_end() {
    if (!is_between_members_ || !has_member_) return false;
    while (has_input()) {
        if (format_ != gzip_.get() || input_.front() != 0) return false;
        input_.remove_prefix(std::min(input_.find_first_not_of('\0'), input_.size()));
    }
    return true;
}

void Decompressor::throw_damaged(char const* what) const {
    file_->check();
    bool const is_gzip = format_ == gzip_.get();
    throw InputError(
        fmt::format("{}: damaged near byte {} of the compressed file: {}; expected whole {}; test "
                    "it with {} -t, and make or fetch it again",
                    file_->expected().path, next_offset_ - input_.size(), what,
                    is_gzip ? "gzip members" : "zstd frames", is_gzip ? "gzip" : "zstd"));
}

void Decompressor::throw_cut_short() const {
    file_->check();
    bool const is_gzip = format_ == gzip_.get();
    throw InputError(
        fmt::format("{}: cut short: the compressed file ends at byte {}, within a {}; expected a "
                    "whole one; test it with {} -t, and make or fetch it again",
                    file_->expected().path, file_->expected().size_bytes,
                    is_gzip ? "gzip member" : "zstd frame", is_gzip ? "gzip" : "zstd"));
}

}  // namespace serry
