#include "serry/source/binary_source.hpp"

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/source/file_listing.hpp"
#include "serry/source/record_splits.hpp"

namespace serry {
namespace {

std::uint64_t record_count(InputFile const& file, BinaryLayout const& layout) {
    if (file.size_bytes < layout.header_bytes)
        throw InputError(
            fmt::format("{}: has {} bytes, expected a header of {} and records of {} bytes each; "
                        "check the path and header_bytes",
                        file.path, file.size_bytes, layout.header_bytes, layout.record_bytes));
    std::uint64_t const bytes = file.size_bytes - layout.header_bytes;
    if (bytes % layout.record_bytes != 0)
        throw InputError(fmt::format(
            "{}: has {} bytes behind a header of {}, expected a multiple of the record's {} bytes "
            "({} records leave {} bytes); check that the file is whole, and that its records are "
            "as the program reads them",
            file.path, bytes, layout.header_bytes, layout.record_bytes, bytes / layout.record_bytes,
            bytes % layout.record_bytes));
    return bytes / layout.record_bytes;
}

}  // namespace

SplitList list_binary_splits(std::vector<std::string> const& patterns,
                             BinaryLayout const& layout,
                             std::uint64_t partition_count) {
    SplitList list{.files = list_files(patterns), .splits = {}};
    std::vector<RecordFile> files;
    for (InputFile const& file : list.files)
        files.push_back({.record_count = record_count(file, layout),
                         .record_bytes = layout.record_bytes,
                         .together = 1});
    SplitList cut = cut_records(files, partition_count);
    cut.files = std::move(list.files);
    for (Split& split : cut.splits) {
        split.begin = layout.header_bytes + split.begin * layout.record_bytes;
        split.end = layout.header_bytes + split.end * layout.record_bytes;
    }
    return cut;
}

Transformation::Recorded recorded_binary(std::vector<std::string> const& patterns,
                                         BinaryLayout const& layout,
                                         CallSite at,
                                         std::uint64_t partition_count) {
    std::uint64_t fingerprint = layout.record_bytes * 31 + layout.header_bytes;
    for (std::string const& pattern : patterns) fingerprint = mix_fingerprint(fingerprint, pattern);
    return {.name = "read_binary",
            .at = at,
            .dependency = Dependency::none,
            .parents = {},
            .argument_fingerprint = fingerprint,
            .partition_count = partition_count};
}

}  // namespace serry
