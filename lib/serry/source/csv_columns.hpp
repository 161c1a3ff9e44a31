#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serry/plan/split.hpp"
#include "serry/source/csv_line.hpp"
#include "serry/source/csv_options.hpp"
#include "serry/source/pinned_file.hpp"

namespace serry {

/// Which column of a file is which field of a struct: by the file's header, or by position.
class CsvColumns {
public:
    /// `fields` are the names of the struct's fields; they outlive this.
    CsvColumns(CsvOptions const& options, std::span<std::string_view const> fields);

    /// What is read next is this split of a file; the header is looked up if it does not lie in the
    /// split. Throws InputError if it does not fit.
    void begin_split(PinnedFile& file, Split const& split);
    /// The same, of a text that is not in a file.
    void begin_text(std::string_view path);

    bool wants_header() const { return wants_header_; }
    /// The header was read. Throws InputError if a field has no column, or two.
    void take_header(std::string_view line);
    /// Whether a line is a comment, or blank where it cannot be a record.
    bool is_passed_over(std::string_view line) const {
        if (line.empty()) return column_count_ != 1;
        return options_.comment != 0 && line.front() == options_.comment;
    }

    std::size_t column_count() const { return column_count_; }
    /// The column of a field.
    std::size_t column(std::size_t field) const { return columns_[field]; }
    /// "3 fields, expected 2 (id,country)".
    std::string count_problem(std::size_t field_count) const;

private:
    bool look_for_header(std::string const& head, std::uint64_t split_begin);
    void find_column(std::size_t field, std::span<std::string const> names);

    CsvOptions const& options_;
    std::span<std::string_view const> fields_;
    std::string path_;
    std::vector<std::size_t> columns_;
    std::size_t column_count_ = 0;
    std::string column_names_;  ///< as they stand in the header
    bool wants_header_ = false;
};

}  // namespace serry
