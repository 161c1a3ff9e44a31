#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "serry/source/pinned_file.hpp"
#include "serry/stage/task.hpp"

namespace serry {

/// What is done about a line of a table that is no record.
enum class BadLines : std::uint8_t {
    fail,  ///< end the action with an InputError that names file, line and column
    drop,  ///< go on without it; the table of stages says how many
    keep,  ///< the same, and write it to a folder: file TAB byte offset TAB what is wrong TAB line
};

/// What a table's reader does about bad lines, on one rank.
class BadLineKeeper {
public:
    /// `folder` is where BadLines::keep makes a file "bad-00000" for each partition that has bad
    /// lines. A partition that is read again writes the same file again.
    BadLineKeeper(BadLines what, std::string folder) : what_(what), folder_(std::move(folder)) {}

    void begin(TaskContext& task);
    /// `line` begins at byte `offset` of the file's text, decompressed; `problem` says what was
    /// seen and what was expected. Throws InputError (fail) or StorageError (keep).
    void take(PinnedFile& file,
              std::uint64_t offset,
              std::string_view line,
              std::string const& problem);
    /// The partition is read: put its file in place.
    void finish();

private:
    [[noreturn]] void fail(PinnedFile& file,
                           std::uint64_t offset,
                           std::string_view line,
                           std::string const& problem) const;
    void write();

    BadLines what_;
    std::string folder_;
    TaskContext* task_ = nullptr;
    std::string text_;  ///< not yet written
    bool has_file_ = false;
};

/// The number, from 1, of the line that begins at byte `offset` of the file's text. Reads all that
/// lies before it.
std::uint64_t line_number(PinnedFile& file, std::uint64_t offset);

/// The line as messages show it: in quotes, its first 100 bytes or so, control characters escaped.
std::string excerpt(std::string_view line);

/// Make the folder of BadLines::keep. Throws UsageError if it is there, unless `overwrite`: then
/// the bad lines in it are removed.
void make_bad_lines_folder(std::string const& folder, bool overwrite);

}  // namespace serry
