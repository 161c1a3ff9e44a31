#include "serry/source/hdf5_types.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <hdf5.h>

namespace serry {
namespace {

Hdf5Handle member_type(Hdf5Id table, std::string const& name) {
    int const index = H5Tget_member_index(table, name.c_str());
    if (index < 0) {
        H5Eclear2(H5E_DEFAULT);
        return {};
    }
    return {H5Tget_member_type(table, static_cast<unsigned>(index)), H5Tclose};
}

std::string names_in(Hdf5Id table) {
    int const count = H5Tget_nmembers(table);
    std::string names;
    for (int i = 0; i < count; ++i) {
        char* const name = H5Tget_member_name(table, static_cast<unsigned>(i));
        if (!name) continue;
        names += (names.empty() ? "" : ", ") + std::string(name);
        H5free_memory(name);
    }
    return names;
}

struct FieldLayout {
    Hdf5Handle type;
    Hdf5Column column;
};

/// Texts of fixed length are read as the file has them: HDF5 cannot turn one kind into another.
FieldLayout text_field(Hdf5Id file_type, std::size_t offset, Hdf5Texts const& texts) {
    if (H5Tis_variable_str(file_type) > 0)
        return {texts.reference_type(),
                {.offset = offset, .text = Hdf5Column::Text::reference, .text_bytes = 0}};
    FieldLayout field{{H5Tcopy(file_type), H5Tclose}, {.offset = offset}};
    field.column.text_bytes = H5Tget_size(file_type);
    switch (H5Tget_strpad(file_type)) {
        case H5T_STR_SPACEPAD:
            field.column.text = Hdf5Column::Text::blanks_behind;
            break;
        case H5T_STR_NULLPAD:
            field.column.text = Hdf5Column::Text::zeros_behind;
            break;
        default:
            field.column.text = Hdf5Column::Text::ends_at_zero;
    }
    return field;
}

FieldLayout field_of(Hdf5Kind kind, Hdf5Id file_type, std::size_t offset, Hdf5Texts const& texts) {
    if (kind == Hdf5Kind::text) return text_field(file_type, offset, texts);
    // A bool is whatever is not 0.
    if (kind == Hdf5Kind::boolean) kind = Hdf5Kind::int8;
    return {hdf5_type(kind), {.offset = offset}};
}

bool is_direct(Hdf5Record const& record) {
    return std::none_of(record.fields.begin(), record.fields.end(), [](Hdf5Field const& field) {
        return field.kind == Hdf5Kind::text || field.kind == Hdf5Kind::boolean;
    });
}

}  // namespace

std::string describe_hdf5_type(Hdf5Id type) {
    std::size_t const bits = 8 * H5Tget_size(type);
    switch (H5Tget_class(type)) {
        case H5T_INTEGER:
            return fmt::format("{}int{}", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", bits);
        case H5T_FLOAT:
            return fmt::format("float{}", bits);
        case H5T_STRING:
            return "text";
        case H5T_COMPOUND:
            return fmt::format("a table ({})", names_in(type));
        case H5T_ENUM:
            return "enumerated values";
        case H5T_ARRAY:
            return "arrays";
        case H5T_VLEN:
            return "sequences";
        default:
            return "values that are no numbers";
    }
}

bool can_hold(Hdf5Kind kind, Hdf5Id file_type, bool is_table) {
    if (is_table) return true;
    H5T_class_t const type_class = H5Tget_class(file_type);
    if (kind == Hdf5Kind::text) return type_class == H5T_STRING;
    if (kind == Hdf5Kind::boolean) return type_class == H5T_INTEGER || type_class == H5T_ENUM;
    return type_class == H5T_INTEGER || type_class == H5T_FLOAT || type_class == H5T_ENUM;
}

void check_hdf5_columns(Hdf5Record const& record,
                        Hdf5Id file_type,
                        std::function<void(std::string const&)> const& complain) {
    std::string missing;
    for (Hdf5Field const& field : record.fields) {
        Hdf5Handle const there = member_type(file_type, field.name);
        if (!there.is_open()) {
            missing += (missing.empty() ? "" : ", ") + field.name;
        } else if (!can_hold(field.kind, there.id(), false)) {
            complain(fmt::format(
                "the column {} holds {}, expected {}; change the type of the field in the program",
                field.name, describe_hdf5_type(there.id()), to_string(field.kind)));
        }
    }
    if (missing.empty()) return;
    complain(
        fmt::format("the table has no column {}, expected one for each field; it has {}: name the "
                    "program's fields as they are there (serry::field_names)",
                    missing, names_in(file_type)));
}

Hdf5RowLayout lay_out_hdf5_rows(Hdf5Record const& record,
                                Hdf5Id file_type,
                                Hdf5Texts const& texts) {
    Hdf5RowLayout layout;
    if (is_direct(record)) {
        for (Hdf5Field const& field : record.fields)
            layout.columns.push_back({.offset = field.offset});
        layout.type = hdf5_row_type(record);
        layout.row_bytes = H5Tget_size(layout.type.id());
        return layout;
    }
    if (record.shape != Hdf5Record::Shape::table) {
        FieldLayout only = field_of(record.fields.front().kind, file_type, 0, texts);
        layout.row_bytes = H5Tget_size(only.type.id());
        layout.type = std::move(only.type);
        layout.columns = {only.column};
        return layout;
    }
    std::vector<FieldLayout> fields;
    for (Hdf5Field const& field : record.fields) {
        fields.push_back(
            field_of(field.kind, member_type(file_type, field.name).id(), layout.row_bytes, texts));
        layout.columns.push_back(fields.back().column);
        layout.row_bytes += H5Tget_size(fields.back().type.id());
    }
    layout.type = {H5Tcreate(H5T_COMPOUND, layout.row_bytes), H5Tclose};
    for (std::size_t i = 0; i < fields.size(); ++i)
        H5Tinsert(layout.type.id(), record.fields[i].name.c_str(), fields[i].column.offset,
                  fields[i].type.id());
    return layout;
}

}  // namespace serry
