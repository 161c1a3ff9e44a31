#pragma once

#include <cstdint>
#include <string>

namespace serry {

/// Where in the user's program a transformation or an action was written. Taken by a defaulted last
/// parameter: `CallSite at = CallSite::here()`. `file` points at a literal and lives for ever.
struct CallSite {
    char const* file = "";
    std::uint32_t line = 0;

    static constexpr CallSite here(char const* file = __builtin_FILE(),
                                   std::uint32_t line = __builtin_LINE()) {
        return {file, line};
    }
};

/// "word_count.cpp:12": the file without its folders, which differ between machines.
std::string to_string(CallSite const& at);

}  // namespace serry
