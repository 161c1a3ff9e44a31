#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/pfr/core.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "serry/serde/byte_buffer.hpp"
#include "serry/serde/field_names.hpp"
#include "serry/sink/text_format.hpp"

namespace serry {

/// How write_csv() writes.
struct CsvWriteOptions {
    /// Between the fields; '\t' for TSV.
    char delimiter = ',';
    /// Whether each part file begins with the columns' names.
    bool has_header = true;
};

namespace rows {

/// Append text as a field of a CSV file: in quotes if it holds a delimiter, a quote, a line end or
/// a byte order mark, or if `must_quote`.
void append_csv_text(std::string_view text, char delimiter, bool must_quote, ByteWriter& line);

/// Append text as a string of JSON. Throws InputError if it is not UTF-8.
void append_json_text(std::string_view text, ByteWriter& line);
/// Append a number; what JSON has no number for as the text "NaN", "Infinity", "-Infinity".
void append_json_real(double value, ByteWriter& line);
void append_json_real(float value, ByteWriter& line);

template <typename T>
void append_csv_field(T const& value, char delimiter, bool is_only, ByteWriter& line) {
    if constexpr (codec::IsOptional<T>::value) {
        // Nothing is nothing, and empty text, to be told from it, two quotes.
        if (!value) return;
        if constexpr (printing::Text<typename T::value_type>)
            append_csv_text(*value, delimiter, value->empty(), line);
        else
            append_csv_field(*value, delimiter, is_only, line);
    } else if constexpr (printing::Text<T>) {
        append_csv_text(value, delimiter, is_only && value.empty(), line);
    } else {
        printing::append(value, line);
    }
}

template <typename T>
void append_json(T const& value, ByteWriter& line);

template <typename T, std::size_t... i>
void append_json_members(T const& record, ByteWriter& line, std::index_sequence<i...>) {
    printing::append_byte('{', line);
    ((line.put(std::string_view(i ? "," : "")), append_json_text(field_names<T>[i], line),
      printing::append_byte(':', line), append_json(boost::pfr::get<i>(record), line)),
     ...);
    printing::append_byte('}', line);
}

template <typename T>
void append_json(T const& value, ByteWriter& line) {
    if constexpr (printing::Text<T>) {
        append_json_text(value, line);
    } else if constexpr (std::floating_point<T>) {
        append_json_real(value, line);
    } else if constexpr (codec::IsOptional<T>::value) {
        if (value)
            append_json(*value, line);
        else
            line.put(std::string_view("null"));
    } else if constexpr (codec::IsVector<T>::value) {
        printing::append_byte('[', line);
        bool is_first = true;
        for (auto const& element : value) {
            if (!std::exchange(is_first, false)) printing::append_byte(',', line);
            append_json(static_cast<typename T::value_type const&>(element), line);
        }
        printing::append_byte(']', line);
    } else if constexpr (NamedFields<T>) {
        append_json_members(value, line, std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
    } else {
        printing::append(value, line);
    }
}

}  // namespace rows

/// Records as rows of a CSV file, for TextSink.
template <typename T>
class CsvFormat {
public:
    explicit CsvFormat(CsvWriteOptions options) : options_(options) {}

    void begin_part(ByteWriter& text) const {
        if (!options_.has_header) return;
        for (std::size_t i = 0; i < field_names<T>.size(); ++i) {
            if (i > 0) printing::append_byte(options_.delimiter, text);
            rows::append_csv_text(field_names<T>[i], options_.delimiter, false, text);
        }
        printing::append_byte('\n', text);
    }

    void append(T const& record, ByteWriter& line) const {
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            ((i ? printing::append_byte(options_.delimiter, line) : void(),
              rows::append_csv_field(boost::pfr::get<i>(record), options_.delimiter,
                                     sizeof...(i) == 1, line)),
             ...);
        }
        (std::make_index_sequence<boost::pfr::tuple_size_v<T>>());
    }

private:
    CsvWriteOptions options_;
};

/// Records as JSON lines, for TextSink.
template <typename T>
struct JsonFormat {
    void begin_part(ByteWriter&) const {}
    void append(T const& record, ByteWriter& line) const { rows::append_json(record, line); }
};

}  // namespace serry
