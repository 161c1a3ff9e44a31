#include "serry/checkpoint/pack.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <span>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <hdf5.h>
#include <lz4.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/serde/hdf5_library.hpp"
#include "serry/sink/hdf5_output.hpp"

namespace serry {
namespace {

constexpr std::uint64_t pack_format = 1;
constexpr std::size_t columns = 5;
constexpr hsize_t largest_chunk_bytes = hsize_t{1} << 20;
constexpr hsize_t smallest_chunk_bytes = hsize_t{4} << 10;
constexpr int zstd_level = 1;

// Rows of the tables are these structs.
static_assert(sizeof(PackedBlock) == columns * sizeof(std::uint64_t));
static_assert(sizeof(PackedPartition) == columns * sizeof(std::uint64_t));

template <typename T>
std::string_view bytes_of(std::vector<T> const& rows) {
    return {reinterpret_cast<char const*>(rows.data()), rows.size() * sizeof(T)};
}

std::uint64_t checksum_of(PackId const& id,
                          std::vector<PackedBlock> const& blocks,
                          std::vector<PackedPartition> const& partitions) {
    std::string const whose =
        fmt::format("{} {} {} {}", id.job, id.checkpoint, id.attempt, id.rank);
    std::uint64_t const parts[] = {hash_long(whose), hash_long(bytes_of(blocks)),
                                   hash_long(bytes_of(partitions))};
    return hash_long({reinterpret_cast<char const*>(parts), sizeof parts});
}

/// An existing file. Read from its beginning to its end, or in any order.
class OldBytes final : public Hdf5Bytes {
public:
    explicit OldBytes(std::string const& path_)
        : path(path_), descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        struct stat found {};
        if (descriptor_ < 0 || fstat(descriptor_, &found) != 0) {
            int const error = errno;
            if (descriptor_ >= 0) ::close(descriptor_);
            throw StorageError(fmt::format("{}: {}", path, describe_errno(error)));
        }
        byte_count_ = static_cast<std::uint64_t>(found.st_size);
    }
    ~OldBytes() override { ::close(descriptor_); }

    std::uint64_t byte_count() const override { return byte_count_; }
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count) override {
        while (byte_count > 0) {
            ssize_t const got = pread(descriptor_, to, byte_count, static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0)
                throw StorageError(
                    fmt::format("{}: reading {} bytes at {} failed: {}", path, byte_count, offset,
                                got < 0 ? describe_errno(errno) : "the file ends before"));
            offset += static_cast<std::uint64_t>(got);
            to += got;
            byte_count -= static_cast<std::uint64_t>(got);
        }
    }
    void write(std::uint64_t, char const*, std::uint64_t) override {
        throw StorageError(path + ": is only read");
    }
    /// After a call of HDF5's.
    void check(bool is_done, char const* doing) const {
        if (failure) std::rethrow_exception(failure);
        if (!is_done)
            throw StorageError(
                fmt::format("{}: is damaged: {} failed: {}", path, doing, hdf5_reason()));
    }

    std::string path;

private:
    int descriptor_;
    std::uint64_t byte_count_ = 0;
};

/// Without the time at which it is made.
Hdf5Handle timeless() {
    Hdf5Handle how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(how.id(), false);
    H5Pset_fill_time(how.id(), H5D_FILL_TIME_NEVER);
    return how;
}

/// Whole chunks come and go by themselves: nothing is kept of them.
Hdf5Handle uncached() {
    Hdf5Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    H5Pset_chunk_cache(access.id(), 0, 0, H5D_CHUNK_CACHE_W0_DEFAULT);
    return access;
}

void put_number(Hdf5Output const& bytes,
                Hdf5Handle const& file,
                char const* name,
                std::uint64_t n) {
    Hdf5Handle const space(H5Screate(H5S_SCALAR), H5Sclose);
    Hdf5Handle const attribute(
        H5Acreate2(file.id(), name, H5T_STD_U64LE, space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    bytes.check(attribute.is_open() && H5Awrite(attribute.id(), H5T_NATIVE_UINT64, &n) >= 0,
                "writing an attribute");
}

Hdf5Handle fixed_text_type(std::size_t byte_count) {
    Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.id(), byte_count);
    H5Tset_strpad(type.id(), H5T_STR_NULLPAD);
    return type;
}

void put_text(Hdf5Output const& bytes,
              Hdf5Handle const& file,
              char const* name,
              std::string const& text) {
    Hdf5Handle const type = fixed_text_type(std::max<std::size_t>(1, text.size()));
    Hdf5Handle const space(H5Screate(H5S_SCALAR), H5Sclose);
    Hdf5Handle const attribute(
        H5Acreate2(file.id(), name, type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    bytes.check(attribute.is_open() && H5Awrite(attribute.id(), type.id(), text.c_str()) >= 0,
                "writing an attribute");
}

void put_table(Hdf5Output const& bytes,
               Hdf5Handle const& file,
               char const* name,
               void const* rows,
               std::size_t row_count) {
    hsize_t const sizes[] = {row_count, columns};
    Hdf5Handle const space(H5Screate_simple(2, sizes, nullptr), H5Sclose);
    Hdf5Handle const how = timeless();
    Hdf5Handle dataset(
        H5Dcreate2(file.id(), name, H5T_STD_U64LE, space.id(), H5P_DEFAULT, how.id(), H5P_DEFAULT),
        H5Dclose);
    bytes.check(dataset.is_open(), "making a table");
    bytes.check(
        row_count == 0
            || H5Dwrite(dataset.id(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0,
        "writing a table");
    bytes.check(dataset.reset(), "closing a table");
}

/// Bytes [begin, begin + count) of a dataset of bytes.
Hdf5Handle stretch(Hdf5Handle const& dataset, hsize_t begin, hsize_t count) {
    Hdf5Handle space(H5Dget_space(dataset.id()), H5Sclose);
    if (space.is_open()
        && H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr) < 0)
        space.reset();
    return space;
}

std::uint64_t get_number(OldBytes const& bytes, Hdf5Handle const& file, char const* name) {
    Hdf5Handle const attribute(H5Aopen(file.id(), name, H5P_DEFAULT), H5Aclose);
    std::uint64_t number = 0;
    bytes.check(attribute.is_open() && H5Aread(attribute.id(), H5T_NATIVE_UINT64, &number) >= 0,
                "reading an attribute");
    return number;
}

std::string get_text(OldBytes const& bytes, Hdf5Handle const& file, char const* name) {
    Hdf5Handle const attribute(H5Aopen(file.id(), name, H5P_DEFAULT), H5Aclose);
    char text[256] = "";
    Hdf5Handle const type = fixed_text_type(sizeof text - 1);
    bytes.check(attribute.is_open() && H5Aread(attribute.id(), type.id(), text) >= 0,
                "reading an attribute");
    return text;
}

template <typename Row>
std::vector<Row> get_table(OldBytes const& bytes, Hdf5Handle const& file, char const* name) {
    Hdf5Handle const dataset(H5Dopen2(file.id(), name, H5P_DEFAULT), H5Dclose);
    bytes.check(dataset.is_open(), "opening a table");
    Hdf5Handle const space(H5Dget_space(dataset.id()), H5Sclose);
    hsize_t sizes[2] = {};
    bool const is_table = space.is_open() && H5Sget_simple_extent_ndims(space.id()) == 2
                          && H5Sget_simple_extent_dims(space.id(), sizes, nullptr) == 2
                          && sizes[1] == columns;
    bytes.check(is_table, "looking at a table");
    // Nothing is larger than the file that it lies in.
    bytes.check(sizes[0] <= bytes.byte_count() / sizeof(Row), "measuring a table");
    std::vector<Row> rows(sizes[0]);
    bytes.check(
        rows.empty()
            || H5Dread(dataset.id(), H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows.data())
                   >= 0,
        "reading a table");
    return rows;
}

/// Whether `block` was made smaller, in `out`.
bool compress(PackCompression how, std::string_view block, ByteWriter& out) {
    out.clear();
    if (how == PackCompression::lz4 && block.size() <= LZ4_MAX_INPUT_SIZE) {
        int const bound = LZ4_compressBound(static_cast<int>(block.size()));
        char* const to = out.extend(static_cast<std::size_t>(bound));
        int const size =
            LZ4_compress_default(block.data(), to, static_cast<int>(block.size()), bound);
        out.set_size(static_cast<std::size_t>(std::max(size, 0)));
    } else if (how == PackCompression::zstd) {
        std::size_t const bound = ZSTD_compressBound(block.size());
        char* const to = out.extend(bound);
        std::size_t const size = ZSTD_compress(to, bound, block.data(), block.size(), zstd_level);
        out.set_size(ZSTD_isError(size) ? 0 : size);
    }
    return !out.empty() && out.size() < block.size();
}

bool decompress(PackCompression how, std::string_view stored, std::span<char> plain) {
    if (how == PackCompression::lz4)
        return LZ4_decompress_safe(stored.data(), plain.data(), static_cast<int>(stored.size()),
                                   static_cast<int>(plain.size()))
               == static_cast<int>(plain.size());
    return ZSTD_decompress(plain.data(), plain.size(), stored.data(), stored.size())
           == plain.size();
}

}  // namespace

char const* compression_name(PackCompression compression) {
    constexpr char const* names[] = {"none", "lz4", "zstd"};
    return names[static_cast<std::size_t>(compression)];
}

/// The handles close before the bytes go.
struct PackWriter::File {
    File(std::string const& path, PackId const& id_, std::uint64_t plain_bytes)
        : id(id_),
          chunk_bytes(std::clamp<hsize_t>(plain_bytes, smallest_chunk_bytes, largest_chunk_bytes)),
          bytes(path, checkpoint_option),
          file(make_hdf5(bytes)) {
        bytes.check(file.is_open(), "making the HDF5 file");
        put_number(bytes, file, "serry_pack", pack_format);
        put_text(bytes, file, "job", id.job);
        put_number(bytes, file, "checkpoint", id.checkpoint);
        put_number(bytes, file, "attempt", id.attempt);
        put_number(bytes, file, "rank", id.rank);
        hsize_t const none = 0, unlimited = H5S_UNLIMITED;
        Hdf5Handle const space(H5Screate_simple(1, &none, &unlimited), H5Sclose);
        Hdf5Handle const how = timeless();
        H5Pset_chunk(how.id(), 1, &chunk_bytes);
        blob = Hdf5Handle(H5Dcreate2(file.id(), "blob", H5T_STD_U8LE, space.id(), H5P_DEFAULT,
                                     how.id(), uncached().id()),
                          H5Dclose);
        bytes.check(blob.is_open(), "making the blob");
    }

    void append(std::string_view stored) {
        hsize_t const end = written_bytes + stored.size(), count = stored.size();
        bytes.check(H5Dset_extent(blob.id(), &end) >= 0, "extending the blob");
        Hdf5Handle const to = stretch(blob, written_bytes, count);
        Hdf5Handle const from(H5Screate_simple(1, &count, nullptr), H5Sclose);
        bytes.check(to.is_open()
                        && H5Dwrite(blob.id(), H5T_NATIVE_UINT8, from.id(), to.id(), H5P_DEFAULT,
                                    stored.data())
                               >= 0,
                    "writing the blob");
        written_bytes = end;
    }

    PackId id;
    hsize_t chunk_bytes;
    Hdf5Output bytes;
    Hdf5Handle file;
    Hdf5Handle blob;
    std::uint64_t written_bytes = 0;
};

PackWriter::PackWriter(std::string const& path,
                       PackId const& id,
                       PackCompression compression,
                       std::uint64_t plain_bytes)
    : compression_(compression), file_(std::make_unique<File>(path, id, plain_bytes)) {}
PackWriter::~PackWriter() = default;

void PackWriter::begin_partition(std::uint64_t partition) {
    summary_.partitions.push_back({.partition = partition, .first_block = blocks_.size()});
}

void PackWriter::add_block(std::string_view block) {
    bool const is_smaller = compress(compression_, block, compressed_);
    std::string_view const stored = is_smaller ? compressed_.view() : block;
    auto const how = static_cast<std::uint64_t>(is_smaller ? compression_ : PackCompression::none);
    blocks_.push_back({stored_bytes_, stored.size(), block.size(), how, hash_long(stored)});
    stored_bytes_ += stored.size();
    PackedPartition& partition = summary_.partitions.back();
    ++partition.block_count;
    partition.plain_bytes += block.size();
    buffer_.put(stored);
    if (buffer_.size() >= file_->chunk_bytes) write_buffer(false);
}

void PackWriter::end_partition(std::uint64_t record_count) {
    summary_.partitions.back().record_count = record_count;
}

/// Whole chunks, which HDF5 need not keep, and at the end the rest.
void PackWriter::write_buffer(bool is_last) {
    std::size_t const whole = buffer_.size() / file_->chunk_bytes * file_->chunk_bytes;
    std::size_t const count = is_last ? buffer_.size() : whole;
    if (count > 0) file_->append(buffer_.view().substr(0, count));
    std::string const rest(buffer_.view().substr(count));
    buffer_.clear();
    buffer_.put(rest);
}

PackSummary PackWriter::close() {
    write_buffer(true);
    put_table(file_->bytes, file_->file, "blocks", blocks_.data(), blocks_.size());
    put_table(file_->bytes, file_->file, "partitions", summary_.partitions.data(),
              summary_.partitions.size());
    bool const is_closed = file_->blob.reset() && file_->file.reset();
    file_->bytes.check(is_closed, "closing the HDF5 file");
    summary_.checksum = checksum_of(file_->id, blocks_, summary_.partitions);
    summary_.file_bytes = file_->bytes.byte_count();
    file_->bytes.file.sync();
    file_->bytes.file.close();
    return std::move(summary_);
}

/// The handles close before the bytes go.
struct PackReader::File {
    explicit File(std::string const& path) : bytes(path), file(open_hdf5(bytes)) {
        bytes.check(file.is_open(), "opening the HDF5 file");
        std::uint64_t const seen = get_number(bytes, file, "serry_pack");
        if (seen != pack_format)
            throw StorageError(
                fmt::format("{}: has format {}, expected {}", path, seen, pack_format));
        blob = Hdf5Handle(H5Dopen2(file.id(), "blob", uncached().id()), H5Dclose);
        bytes.check(blob.is_open(), "opening the blob");
    }

    OldBytes bytes;
    Hdf5Handle file;
    Hdf5Handle blob;
};

PackReader::PackReader(std::string const& path, PackId const& expected, std::uint64_t checksum)
    : file_(std::make_unique<File>(path)) {
    OldBytes const& bytes = file_->bytes;
    PackId const seen{
        get_text(bytes, file_->file, "job"), get_number(bytes, file_->file, "checkpoint"),
        get_number(bytes, file_->file, "attempt"), get_number(bytes, file_->file, "rank")};
    if (seen != expected)
        throw StorageError(fmt::format(
            "{}: is of job {}, checkpoint {}, attempt {}, rank {}, expected job {}, checkpoint {}, "
            "attempt {}, rank {}",
            path, seen.job, seen.checkpoint, seen.attempt, seen.rank, expected.job,
            expected.checkpoint, expected.attempt, expected.rank));
    blocks_ = get_table<PackedBlock>(bytes, file_->file, "blocks");
    partitions_ = get_table<PackedPartition>(bytes, file_->file, "partitions");
    if (checksum_of(seen, blocks_, partitions_) != checksum)
        throw StorageError(
            fmt::format("{}: is damaged: its tables are not those that were written", path));
}
PackReader::~PackReader() = default;

void PackReader::read(std::size_t index, std::function<void(std::string_view)> const& take) {
    PackedPartition const& partition = partitions_[index];
    for (std::uint64_t i = 0; i < partition.block_count; ++i)
        take(read_block(partition.first_block + i));
}

std::string_view PackReader::read_block(std::uint64_t number) {
    PackedBlock const& block = blocks_.at(number);
    stored_.clear();
    char* const to = stored_.extend(block.stored_bytes);
    hsize_t const count = block.stored_bytes;
    Hdf5Handle const from = stretch(file_->blob, block.begin, count);
    Hdf5Handle const in_memory(H5Screate_simple(1, &count, nullptr), H5Sclose);
    file_->bytes.check(from.is_open()
                           && H5Dread(file_->blob.id(), H5T_NATIVE_UINT8, in_memory.id(), from.id(),
                                      H5P_DEFAULT, to)
                                  >= 0,
                       "reading the blob");
    if (hash_long(stored_.view()) != block.hash)
        throw StorageError(
            fmt::format("{}: is damaged: block {}, bytes {} to {} of its blob, reads back wrong",
                        file_->bytes.path, number, block.begin, block.begin + block.stored_bytes));
    auto const how = static_cast<PackCompression>(block.compression);
    if (how == PackCompression::none) return stored_.view();
    plain_.clear();
    char* const plain = plain_.extend(block.plain_bytes);
    if (!decompress(how, stored_.view(), {plain, block.plain_bytes}))
        throw StorageError(
            fmt::format("{}: block {} cannot be decompressed", file_->bytes.path, number));
    return plain_.view();
}

}  // namespace serry
