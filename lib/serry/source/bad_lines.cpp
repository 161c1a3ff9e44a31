#include "serry/source/bad_lines.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/source/decompressor.hpp"

namespace serry {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kept_piece_bytes = std::size_t{1} << 20;

void append_escaped(std::string_view text, std::string& to) {
    for (char const c : text) {
        auto const byte = static_cast<unsigned char>(c);
        if (c == '\n')
            to += "\\n";
        else if (c == '\t')
            to += "\\t";
        else if (c == '\r')
            to += "\\r";
        else if (byte < ' ' || byte == 127)
            to += fmt::format("\\x{:02x}", byte);
        else
            to += c;
    }
}

std::string part_path(std::string const& folder, char const* prefix, std::uint64_t partition) {
    return fmt::format("{}/{}bad-{:05}", folder, prefix, partition);
}

[[noreturn]] void throw_unwritable(std::string const& path, int error_number) {
    throw StorageError(fmt::format(
        "{}: bad lines cannot be written: {}; make room there, or choose another bad_lines_folder, "
        "on a file system that all nodes share",
        path, describe_errno(error_number)));
}

}  // namespace

std::uint64_t line_number(PinnedFile& file, std::uint64_t offset) {
    Compression const compression = compression_of(file.expected().path);
    Decompressor decompressor;
    if (compression != Compression::none) decompressor.open(file, compression);
    std::vector<char> piece(
        static_cast<std::size_t>(std::min<std::uint64_t>(kept_piece_bytes, offset)));
    std::uint64_t number = 1;
    for (std::uint64_t at = 0; at < offset;) {
        auto got = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), offset - at));
        if (compression == Compression::none)
            file.read(at, piece.data(), got);
        else
            got = decompressor.read(piece.data(), got);
        if (got == 0) break;
        at += got;
        number += static_cast<std::uint64_t>(std::count(piece.data(), piece.data() + got, '\n'));
    }
    return number;
}

std::string excerpt(std::string_view line) {
    constexpr std::size_t most_bytes = 100;
    std::size_t shown = line.size();
    if (shown > most_bytes) {
        shown = most_bytes;
        // Not in the middle of a UTF-8 character.
        while (shown > most_bytes - 4 && (static_cast<unsigned char>(line[shown]) & 0xc0U) == 0x80U)
            --shown;
    }
    std::string text = "\"";
    append_escaped(line.substr(0, shown), text);
    text += '"';
    if (shown < line.size()) text += fmt::format(" and {} bytes more", line.size() - shown);
    return text;
}

void BadLineKeeper::begin(TaskContext& task) {
    task_ = &task;
    text_.clear();
    has_file_ = false;
}

void BadLineKeeper::take(PinnedFile& file,
                         std::uint64_t offset,
                         std::string_view line,
                         std::string const& problem) {
    if (what_ == BadLines::fail) fail(file, offset, line, problem);
    ++task_->bad_lines;
    if (what_ == BadLines::drop) return;
    text_ += fmt::format("{}\t{}\t", file.expected().path, offset);
    append_escaped(problem, text_);
    text_ += '\t';
    append_escaped(line, text_);
    text_ += '\n';
    if (text_.size() >= kept_piece_bytes) write();
}

void BadLineKeeper::finish() {
    if (what_ != BadLines::keep || (text_.empty() && !has_file_)) return;
    write();
    std::uint64_t const partition = task_->partition().index;
    std::string const path = part_path(folder_, "", partition);
    std::error_code error;
    fs::rename(part_path(folder_, ".", partition), path, error);
    if (error) throw_unwritable(path, error.value());
}

void BadLineKeeper::write() {
    std::string const path = part_path(folder_, ".", task_->partition().index);
    std::ofstream file(path, has_file_ ? std::ios::app : std::ios::trunc);
    file << text_;
    file.close();
    if (!file) throw_unwritable(path, errno);
    has_file_ = true;
    text_.clear();
}

void BadLineKeeper::fail(PinnedFile& file,
                         std::uint64_t offset,
                         std::string_view line,
                         std::string const& problem) const {
    throw InputError(fmt::format(
        "{}:{} (byte {}): {}; the line is {}; mend it, or set bad_lines to BadLines::drop or "
        "BadLines::keep",
        file.expected().path, line_number(file, offset), offset, problem, excerpt(line)));
}

void make_bad_lines_folder(std::string const& folder, bool overwrite) {
    std::error_code error;
    if (folder.empty())
        throw UsageError("BadLines::keep needs a folder; set bad_lines_folder, too");
    if (fs::exists(folder, error) && !overwrite)
        throw UsageError(fmt::format(
            "{}: the folder for bad lines exists; remove it, choose another bad_lines_folder, or "
            "pass --overwrite",
            folder));
    fs::create_directories(folder, error);
    if (error) throw_unwritable(folder, error.value());
    for (fs::directory_entry const& entry : fs::directory_iterator(folder)) {
        std::string const name = entry.path().filename().string();
        if (name.starts_with("bad-") || name.starts_with(".bad-")) fs::remove(entry.path(), error);
        if (error) throw_unwritable(entry.path().string(), error.value());
    }
}

}  // namespace serry
