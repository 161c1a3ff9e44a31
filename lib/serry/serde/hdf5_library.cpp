#include "serry/serde/hdf5_library.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

#include <hdf5.h>

namespace serry {
namespace {

static_assert(std::is_same_v<hid_t, Hdf5Id>);

/// HDF5 opens what a file links to by its name; ours have this one only.
constexpr char const* file_name = "serry";

/// A file as HDF5's virtual file layer sees it.
struct DriverFile {
    H5FD_t base;  // first: HDF5 casts
    Hdf5Bytes* bytes;
    haddr_t allocated_end;
};

DriverFile* driver_file(H5FD_t* file) { return reinterpret_cast<DriverFile*>(file); }
DriverFile const* driver_file(H5FD_t const* file) {
    return reinterpret_cast<DriverFile const*>(file);
}

H5FD_t* open_file(char const* name, unsigned, hid_t access, haddr_t) {
    auto const* const bytes = static_cast<Hdf5Bytes* const*>(H5Pget_driver_info(access));
    if (!bytes || std::strcmp(name, file_name) != 0) return nullptr;
    auto* const file = new (std::nothrow) DriverFile{};
    if (!file) return nullptr;
    file->bytes = *bytes;
    return &file->base;
}

herr_t close_file(H5FD_t* file) {
    delete driver_file(file);
    return 0;
}

int compare_files(H5FD_t const* left, H5FD_t const* right) {
    std::less<Hdf5Bytes const*> const before;
    Hdf5Bytes const* const a = driver_file(left)->bytes;
    Hdf5Bytes const* const b = driver_file(right)->bytes;
    return before(a, b) ? -1 : before(b, a) ? 1 : 0;
}

herr_t query_file(H5FD_t const*, unsigned long* features) {
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE
                | H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

haddr_t allocated_end(H5FD_t const* file, H5FD_mem_t) { return driver_file(file)->allocated_end; }
herr_t set_allocated_end(H5FD_t* file, H5FD_mem_t, haddr_t end) {
    driver_file(file)->allocated_end = end;
    return 0;
}
haddr_t written_end(H5FD_t const* file, H5FD_mem_t) {
    return driver_file(file)->bytes->byte_count();
}

/// As HDF5's own drivers do, what lies behind the end reads as zeros.
herr_t read_file(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t offset, size_t byte_count, void* to) {
    Hdf5Bytes& bytes = *driver_file(file)->bytes;
    auto* const chars = static_cast<char*>(to);
    std::uint64_t const end = bytes.byte_count();
    std::uint64_t const there =
        offset < end ? std::min<std::uint64_t>(byte_count, end - offset) : 0;
    std::memset(chars + there, 0, byte_count - there);
    try {
        if (there > 0) bytes.read(offset, chars, there);
        return 0;
    } catch (...) {
        if (!bytes.failure) bytes.failure = std::current_exception();
        return -1;
    }
}

void write_unless_failed(Hdf5Bytes& bytes, haddr_t offset, char const* from, size_t byte_count) {
    if (bytes.failure) return;
    try {
        bytes.write(offset, from, byte_count);
    } catch (...) {
        bytes.failure = std::current_exception();
    }
}

herr_t write_file(H5FD_t* file,
                  H5FD_mem_t,
                  hid_t,
                  haddr_t offset,
                  size_t byte_count,
                  void const* from) {
    write_unless_failed(*driver_file(file)->bytes, offset, static_cast<char const*>(from),
                        byte_count);
    return 0;
}

/// A file that ends before what is allocated in it would count as cut off.
herr_t fill_file(H5FD_t* file, hid_t, hbool_t) {
    Hdf5Bytes& bytes = *driver_file(file)->bytes;
    constexpr char zeros[4096] = {};
    for (std::uint64_t end = bytes.byte_count();
         end < driver_file(file)->allocated_end && !bytes.failure; end = bytes.byte_count())
        write_unless_failed(
            bytes, end, zeros,
            std::min<std::uint64_t>(sizeof zeros, driver_file(file)->allocated_end - end));
    return 0;
}

H5FD_class_t driver_class() {
    H5FD_class_t driver{};
    driver.name = "serry";
    driver.maxaddr = haddr_t{1} << 62;
    driver.fc_degree = H5F_CLOSE_STRONG;
    driver.fapl_size = sizeof(void*);  // of Hdf5Bytes
    driver.open = open_file;
    driver.close = close_file;
    driver.cmp = compare_files;
    driver.query = query_file;
    driver.get_eoa = allocated_end;
    driver.set_eoa = set_allocated_end;
    driver.get_eof = written_end;
    driver.read = read_file;
    driver.write = write_file;
    driver.truncate = fill_file;
    H5FD_mem_t const flat[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(flat), std::end(flat), std::begin(driver.fl_map));
    return driver;
}

hid_t driver_id() {
    static H5FD_class_t const driver = driver_class();
    static hid_t const id = H5FDregister(&driver);
    return id;
}

Hdf5Handle access_to(Hdf5Bytes& bytes) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5Eclear2(H5E_DEFAULT);
    Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    Hdf5Bytes* const pointer = &bytes;
    H5Pset_driver(access.id(), driver_id(), &pointer);
    H5Pset_fclose_degree(access.id(), H5F_CLOSE_STRONG);
    H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110);
    return access;
}

/// Every call of HDF5's forgets why the last one failed.
void close_with_reason(Hdf5Handle handle) {
    hid_t const reason = H5Eget_current_stack();
    handle.reset();
    H5Eset_current_stack(reason);
}

herr_t keep_description(unsigned, H5E_error2_t const* error, void* texts) {
    if (error->desc && *error->desc)
        static_cast<std::vector<std::string>*>(texts)->emplace_back(error->desc);
    return 0;
}

hid_t native_type(Hdf5Kind kind) {
    switch (kind) {
        case Hdf5Kind::int8:
        case Hdf5Kind::boolean:
            return H5T_NATIVE_INT8;
        case Hdf5Kind::uint8:
            return H5T_NATIVE_UINT8;
        case Hdf5Kind::int16:
            return H5T_NATIVE_INT16;
        case Hdf5Kind::uint16:
            return H5T_NATIVE_UINT16;
        case Hdf5Kind::int32:
            return H5T_NATIVE_INT32;
        case Hdf5Kind::uint32:
            return H5T_NATIVE_UINT32;
        case Hdf5Kind::int64:
            return H5T_NATIVE_INT64;
        case Hdf5Kind::uint64:
            return H5T_NATIVE_UINT64;
        case Hdf5Kind::float32:
            return H5T_NATIVE_FLOAT;
        case Hdf5Kind::float64:
            return H5T_NATIVE_DOUBLE;
        case Hdf5Kind::text:
            break;
    }
    return H5T_C_S1;
}

}  // namespace

Hdf5Handle open_hdf5(Hdf5Bytes& bytes) {
    Hdf5Handle access = access_to(bytes);
    Hdf5Handle file(H5Fopen(file_name, H5F_ACC_RDONLY, access.id()), H5Fclose);
    close_with_reason(std::move(access));
    return file;
}

Hdf5Handle make_hdf5(Hdf5Bytes& bytes) {
    Hdf5Handle access = access_to(bytes);
    // Without the time at which it is made: the same job writes the same bytes.
    Hdf5Handle const how(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
    H5Pset_obj_track_times(how.id(), false);
    Hdf5Handle file(H5Fcreate(file_name, H5F_ACC_TRUNC, how.id(), access.id()), H5Fclose);
    close_with_reason(std::move(access));
    return file;
}

std::string hdf5_reason() {
    std::vector<std::string> texts;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_description, &texts);
    H5Eclear2(H5E_DEFAULT);
    if (texts.empty()) return "HDF5 gives no reason";
    std::string reason = texts.front();
    if (texts.back() != reason) reason = texts.back() + ": " + reason;
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    return reason;
}

Hdf5Handle hdf5_type(Hdf5Kind kind) {
    if (kind == Hdf5Kind::boolean) {
        // As h5py and PyTables store them.
        Hdf5Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
        signed char const no = 0;
        signed char const yes = 1;
        H5Tenum_insert(type.id(), "FALSE", &no);
        H5Tenum_insert(type.id(), "TRUE", &yes);
        return type;
    }
    Hdf5Handle type(H5Tcopy(native_type(kind)), H5Tclose);
    if (kind == Hdf5Kind::text) {
        H5Tset_size(type.id(), H5T_VARIABLE);
        H5Tset_cset(type.id(), H5T_CSET_UTF8);
    }
    return type;
}

Hdf5Handle hdf5_row_type(Hdf5Record const& record) {
    if (record.shape != Hdf5Record::Shape::table) return hdf5_type(record.fields.front().kind);
    Hdf5Handle row(H5Tcreate(H5T_COMPOUND, record.row_bytes), H5Tclose);
    for (Hdf5Field const& field : record.fields)
        H5Tinsert(row.id(), field.name.c_str(), field.offset, hdf5_type(field.kind).id());
    return row;
}

Hdf5Handle hdf5_file_type(Hdf5Record const& record) {
    Hdf5Handle type = hdf5_row_type(record);
    if (record.shape == Hdf5Record::Shape::table) H5Tpack(type.id());
    return type;
}

}  // namespace serry
