#include "serry/tool/shell_output.hpp"

#include <array>
#include <cstdio>

namespace serry {

ShellOutput shell_output(std::string const& command) {
    ShellOutput output;
    FILE* const pipe = popen(command.c_str(), "r");
    if (!pipe) return output;
    std::array<char, 4096> bytes;
    for (std::size_t got = 0; (got = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
        output.text.append(bytes.data(), got);
    output.is_good = pclose(pipe) == 0;
    return output;
}

std::string shell_quoted(std::string const& word) {
    std::string quoted = "'";
    for (char const c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
    return quoted + "'";
}

}  // namespace serry
