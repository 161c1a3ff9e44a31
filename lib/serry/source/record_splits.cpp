#include "serry/source/record_splits.hpp"

#include <utility>

#include "serry/source/file_splits.hpp"

namespace serry {

SplitList cut_records(std::vector<RecordFile> const& files, std::uint64_t partition_count) {
    std::vector<InputFile> sizes(files.size());
    for (std::size_t i = 0; i < files.size(); ++i)
        sizes[i].size_bytes = files[i].record_count * files[i].record_bytes;
    SplitList list = cut_files(std::move(sizes), partition_count);
    list.files.clear();
    for (Split& split : list.splits) {
        if (files.empty()) break;
        RecordFile const& file = files[split.file];
        auto const record_at = [&file](std::uint64_t byte) {
            std::uint64_t const record = byte / file.record_bytes;
            return record == file.record_count ? record : record - record % file.together;
        };
        split.begin = record_at(split.begin);
        split.end = record_at(split.end);
    }
    return list;
}

}  // namespace serry
