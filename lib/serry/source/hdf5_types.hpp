#pragma once

#include <functional>
#include <string>
#include <vector>

#include "serry/serde/hdf5_library.hpp"
#include "serry/serde/hdf5_record.hpp"
#include "serry/source/hdf5_dataset.hpp"
#include "serry/source/hdf5_texts.hpp"

namespace serry {

/// "int32", "text", "a table (id, name)", for messages.
std::string describe_hdf5_type(Hdf5Id type);

/// Whether values of a file's type can be read as `kind`; of a table always.
bool can_hold(Hdf5Kind kind, Hdf5Id file_type, bool is_table);

/// Call `complain` unless the table has the record's columns, of types that can be read as theirs.
void check_hdf5_columns(Hdf5Record const& record,
                        Hdf5Id file_type,
                        std::function<void(std::string const&)> const& complain);

/// How rows lie in memory when they are read: as the record says, but for records with text, whose
/// fields follow each other, texts of fixed length in their place, others as references.
struct Hdf5RowLayout {
    Hdf5Handle type;
    std::vector<Hdf5Column> columns;
    std::size_t row_bytes = 0;
};
Hdf5RowLayout lay_out_hdf5_rows(Hdf5Record const& record, Hdf5Id file_type, Hdf5Texts const& texts);

}  // namespace serry
