#include "serry/source/hdf5_source.hpp"

#include <fmt/format.h>

#include "serry/base/hash.hpp"
#include "serry/base/units.hpp"
#include "serry/source/file_listing.hpp"
#include "serry/source/hdf5_probe.hpp"
#include "serry/source/record_splits.hpp"

namespace serry {

SplitList list_hdf5_splits(Hdf5Input const& input, std::uint64_t partition_count) {
    SplitList list{.files = list_files(input.patterns), .splits = {}};
    probe_hdf5(list.files, input.dataset, input.record);
    std::vector<RecordFile> files;
    for (InputFile const& file : list.files) {
        Hdf5Dataset const dataset(file, input.dataset, input.record);
        files.push_back({.record_count = dataset.row_count(),
                         .record_bytes = dataset.file_row_bytes(),
                         .together = dataset.chunk_rows()});
    }
    SplitList cut = cut_records(files, partition_count);
    cut.files = std::move(list.files);
    return cut;
}

Transformation::Recorded recorded_hdf5(Hdf5Input const& input,
                                       CallSite at,
                                       std::uint64_t partition_count) {
    std::uint64_t fingerprint = mix_fingerprint(fingerprint_of(input.patterns), input.dataset);
    fingerprint = mix_fingerprint(fingerprint, to_string(input.record));
    return {.name = "read_hdf5",
            .at = at,
            .dependency = Dependency::none,
            .parents = {},
            .argument_fingerprint = fingerprint,
            .partition_count = partition_count};
}

Hdf5Blocks::Hdf5Blocks(Hdf5Input const& input, std::uint64_t most_row_bytes)
    : input_(input), most_row_bytes_(most_row_bytes) {}
Hdf5Blocks::~Hdf5Blocks() = default;

void Hdf5Blocks::start(InputFile const& file, Split const& split) {
    constexpr std::size_t block_bytes = std::size_t{1} << 20;
    dataset_.reset();
    dataset_ = std::make_unique<Hdf5Dataset>(file, input_.dataset, input_.record);
    next_ = split.begin;
    end_ = split.end;
    std::size_t const row_bytes = std::max<std::size_t>(1, dataset_->row_bytes());
    if (row_bytes > std::max<std::uint64_t>(most_row_bytes_, block_bytes))
        throw StorageError(
            fmt::format("{}: {}: a row has {}, more than the {} that fit into memory; raise "
                        "--memory (SERRY_MEMORY), or run fewer ranks on a node",
                        file.path, input_.dataset, format_bytes(row_bytes),
                        format_bytes(most_row_bytes_)),
            ExitCode::does_not_fit);
    block_rows_ = std::max<std::size_t>(1, block_bytes / row_bytes);
    std::size_t const wanted = block_rows_ * row_bytes;
    if (wanted <= capacity_) return;
    bytes_.reset();
    bytes_.reset(static_cast<char*>(::operator new(wanted, alignment)));
    capacity_ = wanted;
}

bool Hdf5Blocks::read() {
    if (next_ == end_) return false;
    row_count_ = static_cast<std::size_t>(std::min<std::uint64_t>(block_rows_, end_ - next_));
    dataset_->read(next_, row_count_, bytes_.get());
    next_ += row_count_;
    return true;
}

void Hdf5Blocks::stop() {
    dataset_->check();
    dataset_.reset();
}

}  // namespace serry
