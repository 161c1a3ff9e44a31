#pragma once

#include <string>
#include <vector>

namespace serry {

/// Rows of cells, the columns' names first; all rows have as many.
using TextTable = std::vector<std::vector<std::string>>;

/// A line a row, columns set to the right but for the last one. For a terminal.
std::string to_text(TextTable const& rows);

}  // namespace serry
