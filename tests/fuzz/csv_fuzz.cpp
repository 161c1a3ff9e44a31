// Any bytes are rows, problems or an InputError about the header; the fields that CsvLine finds are
// within the line.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serry/source/csv_parser.hpp"
#include "serry/source/line_end.hpp"

namespace {

struct Row {
    std::int32_t id = 0;
    std::string_view name;
    std::optional<double> score;
    bool is_new = false;
    std::optional<std::string> note;
};

}  // namespace

template <>
inline constexpr auto serry::field_names<Row> = serry::names("a", "b", "c", "d", "e");

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void parse_all(std::string_view text, serry::CsvOptions const& options) {
    serry::CsvParser<Row> parser(options);
    parser.begin_text("fuzz.csv");
    Row row;
    std::vector<char> padded;
    bool is_quoted = false;
    while (!text.empty()) {
        char const* const newline =
            serry::find_line_end(text.data(), text.data() + text.size(),
                                 options.quoted_newlines ? options.quote : '\0', is_quoted);
        std::size_t const byte_count =
            newline ? static_cast<std::size_t>(newline - text.data()) : text.size();
        // A copy of its own, so that what is read behind the padding is found.
        padded.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(byte_count));
        padded.resize(byte_count + serry::CsvLine::padding, '"');
        serry::Arena arena;
        auto const what = parser.parse({padded.data(), byte_count}, row, arena);
        if (what == serry::ParsedLine::bad) require(!parser.problem().empty());
        if (what == serry::ParsedLine::record) require(row.name.size() <= byte_count);
        text.remove_prefix(newline ? byte_count + 1 : byte_count);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    serry::CsvOptions options;
    options.has_header = data[0] & 1;
    options.quoted_newlines = data[0] & 2;
    options.quote = data[0] & 4 ? '"' : '\0';
    options.comment = data[0] & 8 ? '#' : '\0';
    options.null_text = data[0] & 16 ? "NA" : "";
    try {
        parse_all({reinterpret_cast<char const*>(data) + 1, size - 1}, options);
    } catch (serry::InputError const&) {
    }
    return 0;
}
