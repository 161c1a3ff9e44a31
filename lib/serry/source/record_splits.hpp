#pragma once

#include <cstdint>
#include <vector>

#include "serry/plan/split.hpp"

namespace serry {

/// A file that holds records one after the other.
struct RecordFile {
    std::uint64_t record_count = 0;
    std::uint64_t record_bytes = 1;
    std::uint64_t together = 1;  ///< records are cut only behind a multiple of this
};

/// Cut files of records into splits of about equal bytes, as cut_files() does: begin and end are
/// numbers of records within the file. The result has no files. Follows from its arguments alone.
SplitList cut_records(std::vector<RecordFile> const& files, std::uint64_t partition_count);

}  // namespace serry
