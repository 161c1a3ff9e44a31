#include "serry/source/hdf5_dataset.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hdf5.h>

#include "serry/base/error.hpp"
#include "serry/serde/hdf5_library.hpp"
#include "serry/source/hdf5_texts.hpp"
#include "serry/source/hdf5_types.hpp"

namespace serry {
namespace {

using Shape = Hdf5Record::Shape;

class PinnedBytes final : public Hdf5Bytes {
public:
    explicit PinnedBytes(InputFile const& expected) : file_(expected) {}

    std::uint64_t byte_count() const override { return file_.expected().size_bytes; }
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count) override {
        file_.read(offset, to, byte_count);
    }
    void write(std::uint64_t, char const*, std::uint64_t) override {}

    PinnedFile const& file() const { return file_; }

private:
    PinnedFile file_;
};

/// HDF5 would change a number that its new type cannot hold to the nearest that it can.
H5T_conv_ret_t stop_at_loss(H5T_conv_except_t loss, hid_t, hid_t to, void*, void*, void* state) {
    if (loss == H5T_CONV_EXCEPT_PRECISION || H5Tget_class(to) != H5T_INTEGER)
        return H5T_CONV_UNHANDLED;
    *static_cast<bool*>(state) = true;
    return H5T_CONV_ABORT;
}

}  // namespace

struct Hdf5Dataset::Open {
    Open(InputFile const& expected, std::string const& name, Hdf5Record const& record)
        : bytes_(expected), name_(name), record_(record) {
        open_dataset();
        prepare_texts();
        look_at_shape();
        look_at_storage();
        check_shape();
        look_at_type();
        make_transfer();
    }

    void read(std::uint64_t first, std::uint64_t count, char* to);
    std::string_view text(char const* row, Hdf5Column const& column);

    [[noreturn]] void fail(std::string const& doing) const;
    [[noreturn]] void throw_mismatch(std::string const& what) const;

    void open_dataset();
    void prepare_texts();
    void look_at_shape();
    void look_at_storage();
    void keep_chunks(std::uint64_t chunk_bytes);
    void check_shape() const;
    void look_at_type();
    void add_row_fields(Hdf5Handle const& file_type);
    void make_transfer();
    std::string described_shape() const;

    PinnedBytes bytes_;
    std::string const& name_;
    Hdf5Record const& record_;
    std::optional<Hdf5Texts> texts_;
    bool does_not_fit_ = false;
    Hdf5Handle file_;
    Hdf5Handle dataset_;
    Hdf5Handle type_;
    Hdf5Handle row_type_;
    Hdf5Handle transfer_;
    std::vector<hsize_t> sizes_;
    std::uint64_t chunk_rows_ = 1;
    std::uint64_t values_per_row_ = 1;
    std::size_t row_bytes_ = 0;
    std::vector<Hdf5Column> columns_;
};

void Hdf5Dataset::Open::fail(std::string const& doing) const {
    std::string const reason = hdf5_reason();
    if (bytes_.failure) std::rethrow_exception(bytes_.failure);
    throw InputError(fmt::format(
        "{}: {}: {} failed: {}; check that this is the file meant, and whole (`h5ls -r` lists what "
        "it holds, `h5dump` reads all of it)",
        bytes_.file().expected().path, name_, doing, reason));
}

void Hdf5Dataset::Open::throw_mismatch(std::string const& what) const {
    throw InputError(fmt::format("{}: {}: {}", bytes_.file().expected().path, name_, what));
}

void Hdf5Dataset::Open::open_dataset() {
    file_ = open_hdf5(bytes_);
    if (!file_.is_open()) fail("opening the HDF5 file");
    dataset_ = {H5Dopen2(file_.id(), name_.c_str(), H5P_DEFAULT), H5Dclose};
    if (!dataset_.is_open()) fail("opening the dataset");
    type_ = {H5Dget_type(dataset_.id()), H5Tclose};
    if (!type_.is_open()) fail("looking at its type");
}

void Hdf5Dataset::Open::prepare_texts() {
    Hdf5Handle const created(H5Fget_create_plist(file_.id()), H5Pclose);
    Hdf5Texts::Layout layout;
    hsize_t base = 0;
    if (!created.is_open() || H5Pget_userblock(created.id(), &base) < 0
        || H5Pget_sizes(created.id(), &layout.address_bytes, &layout.length_bytes) < 0
        || layout.address_bytes > 8 || layout.length_bytes > 8)
        fail("looking at its superblock");
    layout.base = base;
    texts_.emplace(bytes_, layout);
}

void Hdf5Dataset::Open::look_at_shape() {
    Hdf5Handle const space(H5Dget_space(dataset_.id()), H5Sclose);
    int const rank = space.is_open() ? H5Sget_simple_extent_ndims(space.id()) : -1;
    if (rank < 0) fail("looking at its shape");
    sizes_.resize(static_cast<std::size_t>(rank));
    if (rank > 0) H5Sget_simple_extent_dims(space.id(), sizes_.data(), nullptr);
    if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) sizes_.clear();
}

void Hdf5Dataset::Open::look_at_storage() {
    Hdf5Handle const created(H5Dget_create_plist(dataset_.id()), H5Pclose);
    if (!created.is_open()) fail("looking at how it is stored");
    H5D_layout_t const layout = H5Pget_layout(created.id());
    if (layout == H5D_VIRTUAL || H5Pget_external_count(created.id()) > 0)
        throw_mismatch(
            "its records are in other files, expected them in this one; name those files, or the "
            "folder or a pattern for them, instead");
    if (layout != H5D_CHUNKED || sizes_.empty()) return;
    std::vector<hsize_t> chunk(sizes_.size());
    if (H5Pget_chunk(created.id(), static_cast<int>(chunk.size()), chunk.data()) < 0)
        fail("looking at its chunks");
    chunk_rows_ = std::max<hsize_t>(1, chunk[0]);
    double bytes = static_cast<double>(H5Tget_size(type_.id())) * static_cast<double>(chunk_rows_);
    for (std::size_t i = 1; i < chunk.size(); ++i)
        bytes *= static_cast<double>(sizes_[i] + std::max<hsize_t>(1, chunk[i]));
    keep_chunks(static_cast<std::uint64_t>(std::min(bytes, 1e18)));
}

/// Have HDF5 hold the chunks of one first index, which blocks of rows are read from several times,
/// or it would decompress them each time.
void Hdf5Dataset::Open::keep_chunks(std::uint64_t chunk_bytes) {
    constexpr std::uint64_t usual_bytes = std::uint64_t{1} << 20;
    constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20;
    if (chunk_bytes <= usual_bytes) return;
    constexpr std::size_t slots = 10'007;
    Hdf5Handle const access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    H5Pset_chunk_cache(access.id(), slots, std::min(chunk_bytes, most_bytes), 1.0);
    dataset_.reset();
    dataset_ = {H5Dopen2(file_.id(), name_.c_str(), access.id()), H5Dclose};
    if (!dataset_.is_open()) fail("opening the dataset");
}

std::string Hdf5Dataset::Open::described_shape() const {
    return fmt::format("{} dimension{}{} of {}", sizes_.size(), sizes_.size() == 1 ? "" : "s",
                       sizes_.empty() ? "" : fmt::format(" ({})", fmt::join(sizes_, " x ")),
                       describe_hdf5_type(type_.id()));
}

void Hdf5Dataset::Open::check_shape() const {
    std::size_t const rank = sizes_.size();
    bool fits = rank == 1;
    if (record_.shape == Shape::array) fits = rank == 2 && sizes_[1] == record_.column_count;
    if (record_.shape == Shape::slab) fits = rank >= 1;
    bool const is_table = H5Tget_class(type_.id()) == H5T_COMPOUND;
    if (!fits || is_table != (record_.shape == Shape::table)
        || !can_hold(record_.fields.front().kind, type_.id(), is_table))
        throw_mismatch(
            fmt::format("has {}, expected {}; change the type of the program's records, or name "
                        "another dataset",
                        described_shape(), to_string(record_)));
}

void Hdf5Dataset::Open::look_at_type() {
    if (record_.shape == Shape::table)
        check_hdf5_columns(record_, type_.id(),
                           [this](std::string const& what) { throw_mismatch(what); });
    for (std::size_t i = 1; i < sizes_.size(); ++i) {
        constexpr std::uint64_t most = std::uint64_t{1} << 40;
        values_per_row_ *= std::min<hsize_t>(sizes_[i], most);
        if (values_per_row_ > most)
            throw_mismatch("has " + described_shape() + ", which is broken");
    }
    Hdf5RowLayout layout = lay_out_hdf5_rows(record_, type_.id(), *texts_);
    if (!layout.type.is_open()) fail("making a type to read it as");
    row_type_ = std::move(layout.type);
    columns_ = std::move(layout.columns);
    row_bytes_ = layout.row_bytes * values_per_row_;
}

void Hdf5Dataset::Open::make_transfer() {
    transfer_ = {H5Pcreate(H5P_DATASET_XFER), H5Pclose};
    H5Pset_type_conv_cb(transfer_.id(), stop_at_loss, &does_not_fit_);
}

void Hdf5Dataset::Open::read(std::uint64_t first, std::uint64_t count, char* to) {
    std::vector<hsize_t> start(sizes_.size(), 0);
    std::vector<hsize_t> block = sizes_;
    start[0] = first;
    block[0] = count;
    Hdf5Handle const from(H5Dget_space(dataset_.id()), H5Sclose);
    Hdf5Handle const room(H5Screate_simple(static_cast<int>(block.size()), block.data(), nullptr),
                          H5Sclose);
    if (!from.is_open() || !room.is_open()
        || H5Sselect_hyperslab(from.id(), H5S_SELECT_SET, start.data(), nullptr, block.data(),
                               nullptr)
               < 0)
        fail("selecting rows");
    if (H5Dread(dataset_.id(), row_type_.id(), room.id(), from.id(), transfer_.id(), to) >= 0)
        return;
    std::string const rows = fmt::format("rows {} to {}", first, first + count);
    if (!does_not_fit_) fail("reading " + rows);
    H5Eclear2(H5E_DEFAULT);
    throw_mismatch(fmt::format(
        "a number in {} does not fit the integers it is read as; the file has {}, the program "
        "expects {}: change the type of its records",
        rows, described_shape(), to_string(record_)));
}

std::string_view Hdf5Dataset::Open::text(char const* row, Hdf5Column const& column) {
    using Text = Hdf5Column::Text;
    char const* const at = row + column.offset;
    if (column.text == Text::reference) try {
            return texts_->text(at);
        } catch (InputError const& error) {
            throw_mismatch(error.what());
        }
    std::string_view const all(at, column.text_bytes);
    if (column.text == Text::ends_at_zero) return all.substr(0, all.find('\0'));
    return all.substr(0, all.find_last_not_of(column.text == Text::zeros_behind ? '\0' : ' ') + 1);
}

Hdf5Dataset::Hdf5Dataset(InputFile const& file, std::string const& name, Hdf5Record const& record)
    : open_(std::make_unique<Open>(file, name, record)) {}
Hdf5Dataset::~Hdf5Dataset() = default;

std::uint64_t Hdf5Dataset::row_count() const { return open_->sizes_[0]; }
std::uint64_t Hdf5Dataset::chunk_rows() const { return open_->chunk_rows_; }
std::uint64_t Hdf5Dataset::values_per_row() const { return open_->values_per_row_; }
std::size_t Hdf5Dataset::row_bytes() const { return open_->row_bytes_; }
std::vector<Hdf5Column> const& Hdf5Dataset::columns() const { return open_->columns_; }

std::uint64_t Hdf5Dataset::file_row_bytes() const {
    return std::max<std::uint64_t>(1, open_->values_per_row_ * H5Tget_size(open_->type_.id()));
}

void Hdf5Dataset::read(std::uint64_t first, std::uint64_t count, char* to) {
    open_->read(first, count, to);
}
std::string_view Hdf5Dataset::text(char const* row, Hdf5Column const& column) {
    return open_->text(row, column);
}
void Hdf5Dataset::begin_batch() { open_->texts_->begin_batch(); }
void Hdf5Dataset::walk_chunks() const {
    H5Dget_storage_size(open_->dataset_.id());
    std::vector<char> row(open_->row_bytes_);
    if (row_count() > 0) open_->read(0, 1, row.data());
}
void Hdf5Dataset::check() const { open_->bytes_.file().check(); }

}  // namespace serry
