#include "serry/source/csv_value.hpp"

namespace serry::csv {

std::string_view trimmed(std::string_view text) {
    auto const is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

bool parse_bool(std::string_view text, bool& value) {
    value = text == "true" || text == "True" || text == "TRUE" || text == "1";
    return value || text == "false" || text == "False" || text == "FALSE" || text == "0";
}

}  // namespace serry::csv
