#include "serry/base/text_table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace serry {

std::string to_text(TextTable const& rows) {
    std::vector<std::size_t> widths(rows[0].size(), 0);
    for (auto const& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (auto const& row : rows) {
        std::string line;
        for (std::size_t i = 0; i + 1 < row.size(); ++i)
            line += fmt::format("{:>{}}  ", row[i], widths[i]);
        line += row.back();
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

}  // namespace serry
