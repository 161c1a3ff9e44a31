#include "serry/source/csv_options.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "serry/base/error.hpp"

namespace serry {

void check_options(CsvOptions const& options, std::string const& reader) {
    std::array<std::pair<char const*, char>, 5> const characters{
        {{"line end", '\n'},
         {"line end", '\r'},
         {"delimiter", options.delimiter},
         {"quote", options.quote},
         {"comment character", options.comment}}};
    for (std::size_t i = 2; i < characters.size(); ++i) {
        auto const& [name, c] = characters[i];
        if (c == 0 && i > 2) continue;
        for (std::size_t k = 0; k < i; ++k)
            if (c == 0 || characters[k].second == c)
                throw UsageError(fmt::format(
                    "{}: the {} is the byte {}{}, expected another one; choose characters that "
                    "differ",
                    reader, name, static_cast<int>(static_cast<unsigned char>(c)),
                    c == 0 ? "" : fmt::format(", which is the {}, too", characters[k].first)));
    }
}

}  // namespace serry
