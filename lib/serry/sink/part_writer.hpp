#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/serde/byte_buffer.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {

/// "part-00042": five digits or more.
std::string part_name(std::uint64_t partition);
/// Also with an ending: "part-00042.h5".
bool is_part_name(std::string_view name);

inline constexpr std::size_t part_write_bytes = std::size_t{1} << 20;

/// Closed files that wait for sync() with their descriptors open: far below the usual limit of
/// 1,024.
inline constexpr std::size_t most_unsynced = 64;

/// Writes the part files of this rank into an output folder, one after the other, through one
/// buffer that is kept. Append to text() and call write_full() now and then; the file is written in
/// multiples of part_write_bytes, at its multiples.
///
/// A part is on the disk for good after sync(), not after close(): the disk works on it meanwhile,
/// which halves the price of many small parts. Failures throw StorageError. A part that was not
/// closed is left as it is, for OutputDirectory::abandon() to remove.
class PartWriter {
public:
    /// `folder` is OutputDirectory's parts_path(). Without `is_durable` sync() does nothing: the
    /// parts survive the end of the process, but not the loss of a machine's power.
    explicit PartWriter(std::string folder, bool is_durable = true);

    /// Begin the file of a partition; forgets a part that was not closed. Throws if the file
    /// exists: a partition is written once.
    void open(std::uint64_t partition);
    /// The bytes of the open part that are not yet written.
    ByteWriter& text() { return text_; }
    bool is_full() const { return text_.size() >= part_write_bytes; }
    /// Write what fills the buffer's blocks; keep the rest of text().
    void write_full();
    /// Write what is left of text().
    void close();
    /// Wait until all parts closed so far are on the disk. Call once after the last part; a failure
    /// may be another part's than the last.
    void sync();

    /// Of the open part, written or not.
    std::uint64_t byte_count() const { return part_->byte_count() + text_.size(); }

private:
    std::string folder_;
    bool is_durable_;
    ByteWriter text_;
    std::optional<OutputFile> part_;
    std::vector<OutputFile> unsynced_;
};

}  // namespace serry
