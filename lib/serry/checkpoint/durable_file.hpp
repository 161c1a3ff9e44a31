#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace serry {

/// What the user chose a checkpoint's place by, for messages.
inline constexpr char const* checkpoint_option = "--checkpoint";

/// Replace the file at `path`, or make it: in one step, and for good when this returns (a temporary
/// file, fsync, rename, the folder's fsync). Throws StorageError; the old file is there then.
/// `crash_name`: begins the names of the crash points on the way.
void write_durably(std::string const& path, std::string_view content, char const* crash_name);

/// The whole file; nothing if there is none. Throws StorageError if it cannot be read.
std::optional<std::string> read_whole(std::string const& path);

/// Lines "NAME VALUE" with a last line "checksum HASH" of all before it.
std::string with_checksum(std::string const& lines);
/// What with_checksum() was given; nothing unless that is to the last byte what it made.
std::optional<std::string_view> without_checksum(std::string_view text);

/// Takes such lines off the front of a text.
class NamedLines {
public:
    explicit NamedLines(std::string_view lines) : rest_(lines) {}

    bool is_at_end() const { return rest_.empty(); }
    /// Whether the next line has this name.
    bool is_next(std::string_view name) const;
    /// The next line's value; nothing if it has another name.
    std::optional<std::string> take(std::string_view name);
    std::optional<std::uint64_t> take_number(std::string_view name);

private:
    std::string_view rest_;
};

/// The words of `line`, which are separated by single spaces, as numbers; empty if one is none.
std::vector<std::uint64_t> numbers_in(std::string_view line, int base = 10);

}  // namespace serry
