#include "serry/sink/hdf5_part_writer.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>
#include <hdf5.h>

#include "serry/base/error.hpp"
#include "serry/serde/hdf5_library.hpp"
#include "serry/sink/hdf5_output.hpp"
#include "serry/sink/output_summary.hpp"
#include "serry/sink/part_writer.hpp"

namespace serry {
namespace {

std::vector<hsize_t> sizes_of(Hdf5Record const& record, std::uint64_t row_count) {
    std::vector<hsize_t> sizes{row_count};
    if (record.shape == Hdf5Record::Shape::array) sizes.push_back(record.column_count);
    return sizes;
}

/// Of `row_count` rows, or as many as come.
Hdf5Handle space_of(Hdf5Record const& record, std::uint64_t row_count, bool can_grow = false) {
    std::vector<hsize_t> const sizes = sizes_of(record, row_count);
    std::vector<hsize_t> const most = sizes_of(record, can_grow ? H5S_UNLIMITED : row_count);
    return {H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), most.data()), H5Sclose};
}

Hdf5Handle rows_in(Hdf5Handle space, Hdf5Record const& record, hsize_t first, hsize_t count) {
    std::vector<hsize_t> start = sizes_of(record, first);
    if (start.size() > 1) start[1] = 0;
    std::vector<hsize_t> const block = sizes_of(record, count);
    H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, block.data(), nullptr);
    return space;
}

/// Without the time at which it is made: the same job writes the same bytes.
Hdf5Handle timeless(hid_t kind = H5P_DATASET_CREATE) {
    Hdf5Handle how(H5Pcreate(kind), H5Pclose);
    H5Pset_obj_track_times(how.id(), false);
    return how;
}

/// By hand: those that HDF5 makes on the way to a dataset hold the time.
void make_groups(Hdf5Handle const& file, std::string const& dataset, Hdf5Handle const& links) {
    Hdf5Handle const how = timeless(H5P_GROUP_CREATE);
    for (std::size_t end = dataset.find('/', 1); end != std::string::npos;
         end = dataset.find('/', end + 1))
        Hdf5Handle(H5Gcreate2(file.id(), dataset.substr(0, end).c_str(), links.id(), how.id(),
                              H5P_DEFAULT),
                   H5Gclose);
}

Hdf5Handle make_dataset(Hdf5Handle const& file,
                        Hdf5Storage const& storage,
                        Hdf5Record const& record,
                        Hdf5Handle const& space,
                        Hdf5Handle const& how) {
    Hdf5Handle const links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_char_encoding(links.id(), H5T_CSET_UTF8);
    make_groups(file, storage.dataset, links);
    Hdf5Handle const type = hdf5_file_type(record);
    return {H5Dcreate2(file.id(), storage.dataset.c_str(), type.id(), space.id(), links.id(),
                       how.id(), H5P_DEFAULT),
            H5Dclose};
}

/// HDF5 refuses checksums for it, and wants to fill chunks.
bool has_text(Hdf5Record const& record) {
    return std::any_of(record.fields.begin(), record.fields.end(),
                       [](Hdf5Field const& field) { return field.kind == Hdf5Kind::text; });
}

Hdf5Handle chunked(Hdf5Storage const& storage, Hdf5Record const& record, hsize_t chunk_rows) {
    Hdf5Handle how = timeless();
    std::vector<hsize_t> const chunk = sizes_of(record, chunk_rows);
    H5Pset_chunk(how.id(), static_cast<int>(chunk.size()), chunk.data());
    if (!has_text(record)) H5Pset_fill_time(how.id(), H5D_FILL_TIME_NEVER);
    if (storage.deflate_level > 0) {
        H5Pset_shuffle(how.id());
        H5Pset_deflate(how.id(), storage.deflate_level);
    }
    if (storage.has_checksums && !has_text(record)) H5Pset_fletcher32(how.id());
    return how;
}

}  // namespace

std::string hdf5_part_name(std::uint64_t partition) { return part_name(partition) + ".h5"; }

/// The open part. The handles close before the bytes go.
struct Hdf5PartWriter::Part {
    explicit Part(std::string path) : bytes(std::move(path)), file(make_hdf5(bytes)) {
        bytes.check(file.is_open(), "making the HDF5 file");
    }

    void make(Hdf5Storage const& storage, Hdf5Record const& record, hsize_t rows_per_chunk) {
        dataset = make_dataset(file, storage, record, space_of(record, 0, true),
                               chunked(storage, record, rows_per_chunk));
        bytes.check(dataset.is_open(), "making the dataset");
    }

    void append(Hdf5Record const& record, char const* rows, hsize_t count) {
        std::vector<hsize_t> const sizes = sizes_of(record, row_count + count);
        bytes.check(H5Dset_extent(dataset.id(), sizes.data()) >= 0, "extending the dataset");
        Hdf5Handle const to =
            rows_in({H5Dget_space(dataset.id()), H5Sclose}, record, row_count, count);
        Hdf5Handle const from = space_of(record, count);
        Hdf5Handle const type = hdf5_row_type(record);
        bytes.check(H5Dwrite(dataset.id(), type.id(), from.id(), to.id(), H5P_DEFAULT, rows) >= 0,
                    "writing rows");
        row_count += count;
    }

    void close() {
        bool const is_closed = dataset.reset() && file.reset();
        bytes.check(is_closed, "closing the HDF5 file");
    }

    Hdf5Output bytes;
    Hdf5Handle file;
    Hdf5Handle dataset;
    hsize_t row_count = 0;
};

Hdf5PartWriter::Hdf5PartWriter(std::string folder, Hdf5Storage storage, Hdf5Record record)
    : folder_(std::move(folder)),
      storage_(std::move(storage)),
      record_(std::move(record)),
      chunk_rows_(static_cast<std::size_t>(
          std::max<std::uint64_t>(1, storage_.chunk_bytes / record_.row_bytes))) {}
Hdf5PartWriter::~Hdf5PartWriter() = default;
Hdf5PartWriter::Hdf5PartWriter(Hdf5PartWriter&&) noexcept = default;

void Hdf5PartWriter::open(std::uint64_t partition) {
    rows_.clear();
    texts_.clear();
    part_.reset();
    part_ = std::make_unique<Part>(folder_ + '/' + hdf5_part_name(partition));
}

char const* Hdf5PartWriter::text(std::string_view text) {
    if (text.find('\0') != std::string_view::npos)
        throw InputError(
            fmt::format("a text of {} bytes holds a zero byte, at which HDF5's texts end; leave it "
                        "out, or write_text",
                        text.size()));
    char* const copy = texts_.allocate(text.size() + 1);
    std::copy(text.begin(), text.end(), copy);
    copy[text.size()] = '\0';
    return copy;
}

void Hdf5PartWriter::write_full() {
    if (rows_left() == 0) write_rows();
}

/// The first rows decide the size of the chunks: a small part takes no more room than its rows.
void Hdf5PartWriter::write_rows() {
    std::size_t const count = rows_.size() / record_.row_bytes;
    if (!part_->dataset.is_open()) part_->make(storage_, record_, std::max<hsize_t>(1, count));
    if (count > 0) part_->append(record_, rows_.data(), count);
    rows_.clear();
    texts_.clear();
}

void Hdf5PartWriter::close() {
    if (!rows_.empty() || !part_->dataset.is_open()) write_rows();
    part_->close();
    OutputFile& file = part_->bytes.file;
    byte_count_ = file.byte_count();
    file.start_sync();
    unsynced_.push_back(std::move(file));
    part_.reset();
    if (unsynced_.size() == most_unsynced) sync();
}

void Hdf5PartWriter::sync() {
    for (OutputFile& part : unsynced_) {
        part.sync();
        part.close();
    }
    unsynced_.clear();
}

void write_hdf5_view(std::string const& folder,
                     Hdf5Storage const& storage,
                     Hdf5Record const& record,
                     std::vector<Hdf5PartRows> const& parts) {
    Hdf5Output bytes(folder + '/' + hdf5_view_name);
    {
        Hdf5Handle file = make_hdf5(bytes);
        bytes.check(file.is_open(), "making the HDF5 file");
        std::uint64_t total = 0;
        for (Hdf5PartRows const& part : parts) total += part.row_count;
        Hdf5Handle const how = timeless();
        hsize_t first = 0;
        for (auto const& [partition, row_count] : parts) {
            if (row_count == 0) continue;
            Hdf5Handle const to = rows_in(space_of(record, total), record, first, row_count);
            H5Pset_virtual(how.id(), to.id(), hdf5_part_name(partition).c_str(),
                           storage.dataset.c_str(), space_of(record, row_count).id());
            first += row_count;
        }
        Hdf5Handle dataset = make_dataset(file, storage, record, space_of(record, total), how);
        bytes.check(dataset.is_open(), "making the dataset");
        bool const is_closed = dataset.reset() && file.reset();
        bytes.check(is_closed, "closing the HDF5 file");
    }
    bytes.file.sync();
    bytes.file.close();
}

}  // namespace serry
