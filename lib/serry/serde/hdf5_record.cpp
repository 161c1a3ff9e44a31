#include "serry/serde/hdf5_record.hpp"

#include <fmt/format.h>

namespace serry {

char const* to_string(Hdf5Kind kind) {
    constexpr std::array names{"int8",  "uint8",  "int16",   "uint16",  "int32",   "uint32",
                               "int64", "uint64", "float32", "float64", "boolean", "text"};
    return names[static_cast<std::size_t>(kind)];
}

std::string to_string(Hdf5Record const& record) {
    char const* const kind = to_string(record.fields.front().kind);
    switch (record.shape) {
        case Hdf5Record::Shape::element:
            return fmt::format("1 dimension of {}", kind);
        case Hdf5Record::Shape::array:
            return fmt::format("2 dimensions, rows of {} {}", record.column_count, kind);
        case Hdf5Record::Shape::slab:
            return fmt::format("1 dimension or more of {}", kind);
        case Hdf5Record::Shape::table:
            break;
    }
    std::string names;
    for (Hdf5Field const& field : record.fields)
        names += (names.empty() ? "" : ", ") + field.name + ' ' + to_string(field.kind);
    return fmt::format("1 dimension of a table ({})", names);
}

}  // namespace serry
