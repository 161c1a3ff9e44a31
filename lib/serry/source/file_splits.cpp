#include "serry/source/file_splits.hpp"

#include <algorithm>

#include "serry/source/decompressor.hpp"

namespace serry {
namespace {

bool is_cut(InputFile const& file) {
    return file.size_bytes > 0 && compression_of(file.path) == Compression::none;
}

bool is_whole(InputFile const& file) { return compression_of(file.path) != Compression::none; }

/// How many pieces of at most `piece_bytes` > 0 a file makes.
std::uint64_t pieces(InputFile const& file, std::uint64_t piece_bytes) {
    return file.size_bytes / piece_bytes + (file.size_bytes % piece_bytes > 0);
}

/// How many splits all files make if pieces have at most `piece_bytes`.
std::uint64_t split_count(std::vector<InputFile> const& files, std::uint64_t piece_bytes) {
    std::uint64_t count = 0;
    for (InputFile const& file : files) {
        if (is_cut(file)) count += pieces(file, piece_bytes);
        if (is_whole(file)) ++count;
    }
    return count;
}

/// The shortest pieces that make no more than `most_splits`. Requires that whole files would not.
std::uint64_t shortest_piece(std::vector<InputFile> const& files, std::uint64_t most_splits) {
    std::uint64_t too_short = 0;
    std::uint64_t fitting = 1;
    for (InputFile const& file : files) fitting = std::max(fitting, file.size_bytes);
    while (fitting - too_short > 1) {
        std::uint64_t const middle = too_short + (fitting - too_short) / 2;
        (split_count(files, middle) <= most_splits ? fitting : too_short) = middle;
    }
    return fitting;
}

class Cutter {
public:
    explicit Cutter(std::vector<InputFile> const& files) : files_(files) {}

    /// Cut every file into pieces of at most `piece_bytes`; of what makes `spare` splits more, cut
    /// the first files into pieces one byte shorter.
    std::vector<Split> run(std::uint64_t piece_bytes, std::uint64_t spare) {
        for (std::uint32_t i = 0; i < files_.size(); ++i) {
            if (is_whole(files_[i])) splits_.push_back({i, 0, files_[i].size_bytes});
            if (!is_cut(files_[i])) continue;
            std::uint64_t const count = pieces(files_[i], piece_bytes);
            std::uint64_t more = spare;
            if (piece_bytes > 1) more = std::min(more, pieces(files_[i], piece_bytes - 1) - count);
            spare -= more;
            cut(i, count + more);
        }
        return std::move(splits_);
    }

    /// Into equal pieces, to the byte; some are empty if there are more of them than bytes.
    void cut(std::uint32_t file, std::uint64_t count) {
        __extension__ using Wide = unsigned __int128;
        std::uint64_t begin = 0;
        for (std::uint64_t piece = 1; piece <= count; ++piece) {
            auto const end =
                static_cast<std::uint64_t>(Wide{files_[file].size_bytes} * piece / count);
            splits_.push_back({file, begin, end});
            begin = end;
        }
    }

private:
    std::vector<InputFile> const& files_;
    std::vector<Split> splits_;
};

}  // namespace

std::vector<Split> cut_files(std::vector<InputFile> const& files, std::uint64_t partition_count) {
    std::uint64_t total_bytes = 0;
    bool has_cut = false;
    for (InputFile const& file : files) {
        total_bytes += file.size_bytes;
        has_cut |= is_cut(file);
    }
    std::uint64_t const least = split_count(files, std::max<std::uint64_t>(1, total_bytes));
    if (least == 0) return std::vector<Split>(std::max<std::uint64_t>(1, partition_count));
    if (has_cut && partition_count >= least) {
        std::uint64_t const piece_bytes = shortest_piece(files, partition_count);
        return Cutter(files).run(piece_bytes, partition_count - split_count(files, piece_bytes));
    }
    std::uint64_t const wanted =
        partition_count ? partition_count : default_partition_count(total_bytes);
    return Cutter(files).run(std::max<std::uint64_t>(1, (total_bytes + wanted - 1) / wanted), 0);
}

}  // namespace serry
