#include "serry/source/table_parser.hpp"

#include <fmt/format.h>

namespace serry {

std::string column_problem(std::string_view column,
                           std::string_view seen,
                           std::string const& expected) {
    return fmt::format("column \"{}\" is {}, expected {}", column, excerpt(seen), expected);
}

}  // namespace serry
