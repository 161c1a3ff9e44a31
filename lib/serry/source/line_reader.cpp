#include "serry/source/line_reader.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "serry/base/byte_scan.hpp"
#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/source/line_end.hpp"
#include "serry/source/text_source.hpp"

namespace serry {
namespace {

constexpr std::size_t plain_piece_bytes = std::size_t{1} << 20;
// Smaller, since ranks poll between pieces, and making one takes longer than reading one.
constexpr std::size_t compressed_piece_bytes = std::size_t{128} << 10;
constexpr std::size_t first_tail_bytes = 4096;
constexpr std::size_t most_masks = 64;
// A piece and, before it, the part of a line that is no longer than a piece.
constexpr std::size_t usual_buffer_bytes = 2 * plain_piece_bytes;

}  // namespace

void LineReader::read(TaskContext& task) {
    SplitList const& list = source_.splits();
    std::uint64_t const end = list.first_split(task.partition().index + 1);
    for (std::uint64_t i = list.first_split(task.partition().index); i < end; ++i) {
        PinnedFile file(list.files[list.splits[i].file]);
        start(task, i, file);
        if (!task.enough && find_first_line()) push_lines();
        file.check();
        if (task.enough) break;
    }
    next_.finish();
}

void LineReader::start(TaskContext& task, std::uint64_t split_index, PinnedFile& file) {
    Split const& split = source_.splits().splits[split_index];
    Compression const compression = compression_of(file.expected().path);
    task_ = &task;
    file_ = &file;
    split_ = split;
    text_bytes_ = file.expected().size_bytes;
    is_compressed_ = compression != Compression::none;
    if (is_compressed_) {
        decompressor_.open(file, compression);
        text_bytes_ = split_.end = std::numeric_limits<std::uint64_t>::max();
    }
    // The byte before the split tells whether a line begins with the split.
    next_offset_ = split.begin - (split.begin > 0);
    task.position = {&file.expected().path, split.begin, split.begin};

    if (buffer_.capacity() > usual_buffer_bytes && !took_long_line_) buffer_.release();
    took_long_line_ = false;
    buffer_.clear();
    buffer_.reserve(usual_buffer_bytes, next_offset_);
    scanned_bytes_ = 0;
    quote_ = source_.quote();
    is_quoted_ = source_.begins_quoted(split_index);
    if (listener_) listener_->begin_split(file, split);
}

/// Drop the end of a line that began before the split. Return whether a line begins in the split.
bool LineReader::find_first_line() {
    if (split_.begin == split_.end) return false;
    if (split_.begin == 0) return true;
    bool is_first = true;
    while (read_piece(plain_piece_bytes, split_.end)) {
        // What is known is whether the split begins inside of quotes, not the byte before it.
        if (is_first && *buffer_.begin() == quote_) is_quoted_ = !is_quoted_;
        is_first = false;
        char const* const newline =
            find_line_end(buffer_.begin(), buffer_.end(), quote_, is_quoted_);
        if (newline) {
            buffer_.drop_until(newline + 1);
            return offset_of(buffer_.begin()) < split_.end;
        }
        buffer_.clear();
    }
    return false;
}

void LineReader::push_lines() {
    std::size_t const piece_bytes = is_compressed_ ? compressed_piece_bytes : plain_piece_bytes;
    do {
        if (!push_whole_lines()) return;
    } while (read_piece(piece_bytes, split_.end));
    if (!task_->enough && !buffer_.empty()) push_last_line();
}

/// Push the lines whose ends are in the buffer. Return whether more are wanted.
bool LineReader::push_whole_lines() {
    std::array<std::uint64_t, most_masks> masks;
    char const* const end = buffer_.end();
    char const* line = buffer_.begin();
    std::size_t count = 0;
    for (char const* at = line + scanned_bytes_; at < end; at += 64 * most_masks) {
        auto const left = static_cast<std::size_t>(end - at);
        std::size_t const mask_count = std::min((left + 63) / 64, most_masks);
        mark_byte(at, mask_count, '\n', masks.data());
        if (quote_ != 0) clear_quoted(at, mask_count, masks.data());
        for (std::size_t k = 0; k < mask_count; ++k) {
            for (std::uint64_t mask = masks[k]; mask; mask &= mask - 1) {
                char const* const newline = at + 64 * k + std::countr_zero(mask);
                lines_[count++] = without_line_end(line, newline);
                line = newline + 1;
                if (count < batch_records) continue;
                if (!flush(count, line)) return false;
                count = 0;
            }
        }
    }
    if (count > 0 && !flush(count, line)) return false;
    scanned_bytes_ = buffer_.size();
    return true;
}

/// Clear the bits of bytes that are inside of quotes.
void LineReader::clear_quoted(char const* text, std::size_t mask_count, std::uint64_t* masks) {
    std::array<std::uint64_t, most_masks> quotes;
    mark_byte(text, mask_count, quote_, quotes.data());
    for (std::size_t k = 0; k < mask_count; ++k) {
        std::uint64_t const inside = parity_up_to(quotes[k]) ^ (is_quoted_ ? ~std::uint64_t{0} : 0);
        masks[k] &= ~inside;
        is_quoted_ = inside >> 63 != 0;
    }
}

/// Push the line that the buffer begins with: it began in the split and ends behind it, or ends
/// with the text.
void LineReader::push_last_line() {
    char const* newline = nullptr;
    std::size_t piece_bytes = first_tail_bytes;
    while (!newline && read_piece(piece_bytes, text_bytes_)) {
        newline =
            find_line_end(buffer_.begin() + scanned_bytes_, buffer_.end(), quote_, is_quoted_);
        scanned_bytes_ = buffer_.size();
        piece_bytes = std::min(2 * piece_bytes, plain_piece_bytes);
    }
    if (task_->enough) return;
    lines_[0] = newline ? without_line_end(buffer_.begin(), newline)
                        : std::string_view(buffer_.begin(), buffer_.size());
    flush(1, newline ? newline + 1 : buffer_.end());
}

/// Push a batch: lines of the buffer, up to `lines_end`. Return whether more are wanted.
bool LineReader::flush(std::size_t line_count, char const* lines_end) {
    task_->position.begin = offset_of(buffer_.begin());
    task_->position.end = offset_of(lines_end);
    task_->records_in += line_count;
    task_->bytes_in += task_->position.end - task_->position.begin;
    next_.consume({lines_.data(), line_count});
    buffer_.drop_until(lines_end);
    if (!task_->enough) task_->poll();
    return !task_->enough;
}

/// Add text to the buffer, up to the next multiple of `most_bytes` or to `end_offset`. Return
/// whether there was any. No batch is out: what the buffer holds may move.
bool LineReader::read_piece(std::size_t most_bytes, std::uint64_t end_offset) {
    task_->poll();
    if (task_->enough || next_offset_ >= end_offset) return false;
    constexpr std::uint64_t line_end_bytes = 2;
    std::uint64_t const limit_bytes = std::clamp<std::uint64_t>(
        source_.line_limit_bytes(), plain_piece_bytes, std::numeric_limits<std::int64_t>::max());
    std::uint64_t const most_held = limit_bytes + line_end_bytes;
    if (buffer_.size() >= most_held) throw_line_too_long(limit_bytes);
    if (buffer_.size() > plain_piece_bytes) took_long_line_ = true;

    auto const byte_count =
        static_cast<std::size_t>(std::min({most_bytes - next_offset_ % most_bytes,
                                           most_held - buffer_.size(), end_offset - next_offset_}));
    char* const to = buffer_.reserve(byte_count, next_offset_);
    std::size_t got = byte_count;
    if (is_compressed_)
        got = decompressor_.read(to, byte_count);
    else
        file_->read(next_offset_, to, byte_count);
    buffer_.used(got);
    next_offset_ += got;
    return got > 0;
}

/// The offset in the text of a byte of the buffer.
std::uint64_t LineReader::offset_of(char const* byte) const {
    return next_offset_ - static_cast<std::uint64_t>(buffer_.end() - byte);
}

void LineReader::throw_line_too_long(std::uint64_t limit_bytes) const {
    throw StorageError(
        fmt::format(
            "{}: the line that begins at byte {}{} is longer than {}, the most that fits into "
            "memory; raise --memory (SERRY_MEMORY), or check that this is text with line ends",
            file_->expected().path, offset_of(buffer_.begin()),
            is_compressed_ ? " of the decompressed text" : "", format_bytes(limit_bytes)),
        ExitCode::does_not_fit);
}

}  // namespace serry
