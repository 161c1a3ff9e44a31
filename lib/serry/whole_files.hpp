#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "serry/context.hpp"
#include "serry/dataset.hpp"
#include "serry/source/whole_file_source.hpp"

namespace serry {

/// Each file as one record: its path as the key, its bytes as the value, both views that live as
/// long as their batch. Paths as read_text takes them; nothing is decompressed.
///
/// Order: of the files. Moves: nothing. Memory: a buffer as large as the largest file that the rank
/// reads, up to a quarter of its memory. Partitions: files are dealt to them in order, about as
/// many bytes to each. Throws (from the first action): InputError for what is missing, unreadable
/// or changes while it is read; StageError (does_not_fit) for a file that is too large.
Dataset<WholeFile> read_whole_files(Context& context,
                                    std::vector<std::string> const& paths,
                                    std::uint64_t partition_count = 0,
                                    CallSite at = CallSite::here());
Dataset<WholeFile> read_whole_files(Context& context,
                                    std::string const& path,
                                    std::uint64_t partition_count = 0,
                                    CallSite at = CallSite::here());

}  // namespace serry
