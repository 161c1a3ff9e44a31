#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "serry/base/arena.hpp"
#include "serry/serde/field_names.hpp"
#include "serry/source/csv_columns.hpp"
#include "serry/source/csv_line.hpp"
#include "serry/source/csv_value.hpp"
#include "serry/source/table_parser.hpp"

namespace serry {

namespace csv {

template <typename T, typename Indices>
struct AllValues;
template <typename T, std::size_t... i>
struct AllValues<T, std::index_sequence<i...>> {
    static constexpr bool value = (Value<boost::pfr::tuple_element_t<i, T>> && ...);
};

}  // namespace csv

/// A struct that is a row of a CSV file: its fields have names (serry::field_names), and are
/// numbers, bool, text, or optional of these.
template <typename T>
concept CsvRow =
    NamedFields<T> && csv::AllValues<T,
                                     std::make_index_sequence<boost::pfr::tuple_size_v<T>>>::value;

/// Makes the lines of CSV files into T's.
template <CsvRow T>
class CsvParser {
public:
    /// Outlived by `options`.
    explicit CsvParser(CsvOptions const& options)
        : options_(options),
          columns_(options, field_names<T>),
          line_(options.delimiter, options.quote) {}

    void begin_split(PinnedFile& file, Split const& split) { columns_.begin_split(file, split); }
    void begin_text(std::string_view path) { columns_.begin_text(path); }

    /// Parse the next line, which has CsvLine::padding readable bytes behind it. Views in `record`
    /// are views of it or of `arena`. Throws InputError for a header that does not fit.
    ParsedLine parse(std::string_view line, T& record, Arena& arena) {
        if (columns_.is_passed_over(line)) return ParsedLine::no_record;
        if (columns_.wants_header()) {
            columns_.take_header(line);
            return ParsedLine::no_record;
        }
        if (!line_.split(line)) return bad(line_.problem());
        if (line_.field_count() != columns_.column_count())
            return bad(columns_.count_problem(line_.field_count()));
        bool const is_right = [&]<std::size_t... i>(std::index_sequence<i...>) {
            return (take(i, boost::pfr::get<i>(record), arena) && ...);
        }
        (std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
        return is_right ? ParsedLine::record : ParsedLine::bad;
    }

    /// What is wrong with the line that was bad.
    std::string const& problem() const { return problem_; }

private:
    ParsedLine bad(std::string problem) {
        problem_ = std::move(problem);
        return ParsedLine::bad;
    }

    template <typename Value>
    bool take(std::size_t index, Value& value, Arena& arena) {
        CsvLine::Field const field = line_.field(columns_.column(index));
        if constexpr (codec::IsOptional<Value>::value) {
            if (!field.is_quoted && (field.text.empty() || field.text == options_.null_text)) {
                value.reset();
                return true;
            }
            if (!value) value.emplace();
            return take_value(index, field, *value, arena);
        } else {
            return take_value(index, field, value, arena);
        }
    }

    template <csv::Text Value>
    bool take_value(std::size_t, CsvLine::Field const& field, Value& value, Arena& arena) {
        value = unescaped(field, options_.quote, arena);
        return true;
    }

    template <csv::Number Value>
    bool take_value(std::size_t index, CsvLine::Field const& field, Value& value, Arena&) {
        if (csv::parse_number(field.text, value)) return true;
        problem_ = column_problem(field_names<T>[index], field.text, csv::expectation<Value>());
        return false;
    }

    CsvOptions const& options_;
    CsvColumns columns_;
    CsvLine line_;
    std::string problem_;
};

}  // namespace serry
