#include "serry/source/csv_columns.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/source/line_end.hpp"

namespace serry {
namespace {

constexpr std::uint64_t most_header_bytes = std::uint64_t{16} << 20;

/// The text at a file's beginning, up to `byte_count` bytes of it, with a byte before it and
/// padding behind.
std::string read_head(PinnedFile& file, std::uint64_t byte_count) {
    std::string text(1 + byte_count + CsvLine::padding, '\0');
    file.read(0, text.data() + 1, byte_count);
    return text;
}

}  // namespace

CsvColumns::CsvColumns(CsvOptions const& options, std::span<std::string_view const> fields)
    : options_(options),
      fields_(fields),
      columns_(fields.size()),
      column_names_(fmt::format("{}", fmt::join(fields, std::string_view(&options.delimiter, 1)))) {
    std::iota(columns_.begin(), columns_.end(), std::size_t{0});
    column_count_ = fields.size();
}

void CsvColumns::begin_text(std::string_view path) {
    path_ = path;
    wants_header_ = options_.has_header;
    if (wants_header_) column_count_ = 0;
}

void CsvColumns::begin_split(PinnedFile& file, Split const& split) {
    begin_text(file.expected().path);
    std::uint64_t const size_bytes = file.expected().size_bytes;
    std::uint64_t byte_count = 1024;
    while (wants_header_ && split.begin > 0) {
        if (byte_count >= most_header_bytes)
            throw InputError(fmt::format(
                "{}: no header with a line end in its first {}, expected the columns' names; mend "
                "it, or set has_header to false",
                path_, format_bytes(most_header_bytes)));
        byte_count = std::min(4 * byte_count, size_bytes);
        bool const is_found = look_for_header(read_head(file, byte_count), split.begin);
        if (is_found || byte_count == size_bytes) return;
    }
}

/// Take the header from the file's beginning, `head`, if it begins before `split_begin`: otherwise
/// it will be read in a split. Return whether that is known.
bool CsvColumns::look_for_header(std::string const& head, std::uint64_t split_begin) {
    char const* const text = head.data() + 1;
    char const* const end = head.data() + head.size() - CsvLine::padding;
    char const* at = text;
    char const quote = options_.quoted_newlines ? options_.quote : '\0';
    while (static_cast<std::uint64_t>(at - text) < split_begin) {
        bool is_quoted = false;
        char const* const newline = find_line_end(at, end, quote, is_quoted);
        if (!newline) return false;
        std::string_view line = without_line_end(at, newline);
        if (at == text && line.starts_with(byte_order_mark))
            line.remove_prefix(byte_order_mark.size());
        if (!is_passed_over(line)) {
            take_header(line);
            return true;
        }
        at = newline + 1;
    }
    return true;
}

void CsvColumns::take_header(std::string_view line) {
    wants_header_ = false;
    CsvLine header(options_.delimiter, options_.quote);
    if (!header.split(line))
        throw InputError(
            fmt::format("{}: the header: {}; it is {}", path_, header.problem(), excerpt(line)));
    column_count_ = header.field_count();
    column_names_ = line;
    std::vector<std::string> names;
    Arena arena;
    for (std::size_t i = 0; i < column_count_; ++i)
        names.emplace_back(unescaped(header.field(i), options_.quote, arena));
    for (std::size_t field = 0; field < fields_.size(); ++field) find_column(field, names);
}

void CsvColumns::find_column(std::size_t field, std::span<std::string const> names) {
    auto const found = std::find(names.begin(), names.end(), fields_[field]);
    if (found == names.end())
        throw InputError(fmt::format(
            "{}: no column \"{}\"; the header is {}; name the struct's fields as the file does "
            "(serry::field_names), check the delimiter, or set has_header to false",
            path_, fields_[field], excerpt(column_names_)));
    if (std::find(found + 1, names.end(), fields_[field]) != names.end())
        throw InputError(
            fmt::format("{}: two columns \"{}\", expected one; the header is {}; rename one", path_,
                        fields_[field], excerpt(column_names_)));
    columns_[field] = static_cast<std::size_t>(found - names.begin());
}

std::string CsvColumns::count_problem(std::size_t field_count) const {
    std::string const names = excerpt(column_names_);
    return fmt::format("{} field{}, expected {} ({})", field_count, field_count == 1 ? "" : "s",
                       column_count_, names.substr(1, names.rfind('"') - 1));
}

}  // namespace serry
