#include "serry/sink/row_format.hpp"

#include <cmath>

#include <fmt/format.h>
#include <simdjson.h>

#include "serry/base/error.hpp"

namespace serry::rows {
namespace {

bool needs_quotes(std::string_view text, char delimiter) {
    for (char const c : text)
        if (c == delimiter || c == '"' || c == '\n' || c == '\r') return true;
    return text.starts_with("\xef\xbb\xbf");
}

void append_escape(unsigned char byte, ByteWriter& line) {
    switch (byte) {
        case '"':
            return line.put(std::string_view("\\\""));
        case '\\':
            return line.put(std::string_view("\\\\"));
        case '\n':
            return line.put(std::string_view("\\n"));
        case '\t':
            return line.put(std::string_view("\\t"));
        default:
            return line.put(fmt::format("\\u{:04x}", byte));
    }
}

template <typename T>
void append_real(T value, ByteWriter& line) {
    if (std::isfinite(value)) return printing::append_number(value, line);
    line.put(std::string_view(std::isnan(value) ? "\"NaN\""
                              : value > 0       ? "\"Infinity\""
                                                : "\"-Infinity\""));
}

}  // namespace

void append_csv_text(std::string_view text, char delimiter, bool must_quote, ByteWriter& line) {
    if (!must_quote && !needs_quotes(text, delimiter)) return line.put(text);
    printing::append_byte('"', line);
    for (char const c : text) {
        if (c == '"') printing::append_byte('"', line);
        printing::append_byte(c, line);
    }
    printing::append_byte('"', line);
}

void append_json_text(std::string_view text, ByteWriter& line) {
    if (!simdjson::validate_utf8(text.data(), text.size()))
        throw InputError(
            "text that is not UTF-8 cannot be written as JSON; turn it into UTF-8 first, or write "
            "it with write_csv, which takes all bytes");
    printing::append_byte('"', line);
    std::size_t written = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const byte = static_cast<unsigned char>(text[i]);
        if (byte >= ' ' && byte != '"' && byte != '\\') continue;
        line.put(text.substr(written, i - written));
        append_escape(byte, line);
        written = i + 1;
    }
    line.put(text.substr(written));
    printing::append_byte('"', line);
}

void append_json_real(double value, ByteWriter& line) { append_real(value, line); }
void append_json_real(float value, ByteWriter& line) { append_real(value, line); }

}  // namespace serry::rows
