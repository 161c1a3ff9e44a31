#include "serry/source/file_splits.hpp"

#include <algorithm>
#include <utility>

#include "serry/source/decompressor.hpp"

namespace serry {
namespace {

/// What opening one more file counts as.
constexpr std::uint64_t opening_bytes = std::uint64_t{64} << 10;

bool is_whole(InputFile const& file) { return compression_of(file.path) != Compression::none; }
bool has_split(InputFile const& file) { return file.size_bytes > 0 || is_whole(file); }

class Cutter {
public:
    explicit Cutter(std::vector<InputFile> files) : list_{.files = std::move(files)} {
        for (InputFile const& file : list_.files) {
            if (!has_split(file)) continue;
            has_whole_ |= is_whole(file);
            if (file_count_++ > 0) total_ += opening_bytes;
            total_ += file.size_bytes;
        }
    }

    /// Of all files, with what opening them counts as.
    std::uint64_t total() const { return total_; }
    /// Let opening files count as nothing.
    void ignore_opening() {
        if (file_count_ > 0) total_ -= opening_bytes * (file_count_ - 1);
        opening_ = 0;
    }

    SplitList run(std::uint64_t partition_count) {
        partition_count_ = partition_count;
        for (std::uint32_t i = 0; i < list_.files.size(); ++i)
            if (has_split(list_.files[i])) add(i);
        while (next_cut_ <= partition_count_) end_partition();
        return std::move(list_);
    }

private:
    /// The place of the next cut on the line of all files.
    std::uint64_t place_of_cut() const {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>(Wide{total_} * next_cut_ / partition_count_);
    }

    void add(std::uint32_t file) {
        std::uint64_t const size = list_.files[file].size_bytes;
        if (at_ > 0) at_ += opening_;
        std::uint64_t begin = 0;
        // The last cut is the end of everything, and is made there.
        while (next_cut_ < partition_count_ && place_of_cut() < at_ + size) {
            std::uint64_t const place = place_of_cut();
            std::uint64_t const cut = edge_near(file, place > at_ ? place - at_ : 0);
            if (cut == size && size > 0) break;  // made where the next file begins
            if (cut > begin) list_.splits.push_back({file, begin, cut});
            begin = cut;
            end_partition();
        }
        if (begin < size || size == 0) list_.splits.push_back({file, begin, size});
        at_ += size;
    }

    /// Where a file is cut that would be cut at `offset`.
    std::uint64_t edge_near(std::uint32_t file, std::uint64_t offset) const {
        std::uint64_t const size = list_.files[file].size_bytes;
        if (is_whole(list_.files[file])) return offset < size - offset ? 0 : size;
        if (file_count_ == 1) return offset;
        std::uint64_t const close = total_ / partition_count_ / 16;
        if (offset < close) return 0;
        return size - offset < close ? size : offset;
    }

    void end_partition() {
        ++next_cut_;
        std::uint64_t const begin = list_.split_ends.empty() ? 0 : list_.split_ends.back();
        if (has_whole_ && begin == list_.splits.size()) return;
        list_.split_ends.push_back(list_.splits.size());
    }

    SplitList list_;
    std::uint64_t file_count_ = 0;  ///< of those with a split
    std::uint64_t total_ = 0;
    std::uint64_t opening_ = opening_bytes;
    bool has_whole_ = false;
    std::uint64_t partition_count_ = 1;
    std::uint64_t next_cut_ = 1;
    std::uint64_t at_ = 0;  ///< of the current file's begin on the line of all files
};

}  // namespace

SplitList cut_files(std::vector<InputFile> files, std::uint64_t partition_count) {
    Cutter cutter(std::move(files));
    if (partition_count == 0) return cutter.run(default_partition_count(cutter.total()));
    cutter.ignore_opening();
    return cutter.run(partition_count);
}

}  // namespace serry
