#include "serry/base/units.hpp"

#include <array>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace serry {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::optional<double> unit_factor(std::string_view unit) {
    if (unit.empty() || unit == "b") return 1;
    int const power = 1 + static_cast<int>(std::string_view("kmgt").find(unit[0]));
    if (power == 0) return std::nullopt;
    std::string_view const rest = unit.substr(1);
    if (rest.empty() || rest == "ib") return std::pow(1024.0, power);
    if (rest == "b") return std::pow(1000.0, power);
    return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    std::string const owned(text);
    char* end = nullptr;
    if (owned.empty() || !(owned[0] >= '0' && owned[0] <= '9')) return std::nullopt;
    double const number = std::strtod(owned.c_str(), &end);
    std::string unit;
    for (char const* p = end; *p; ++p)
        if (*p != ' ') unit += lower(*p);
    auto const factor = unit_factor(unit);
    if (!factor || number * *factor >= 9e18) return std::nullopt;
    return static_cast<std::uint64_t>(number * *factor);
}

std::string format_bytes(std::uint64_t byte_count) {
    static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double number = static_cast<double>(byte_count);
    std::size_t unit = 0;
    for (; number >= 999.5 && unit + 1 < units.size(); ++unit) number /= 1024;
    if (unit == 0) return fmt::format("{} B", byte_count);
    // The limits are those of what is seen: 9.995 is seen as 10.0.
    int const decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}", number, decimals, units[unit]);
}

std::string format_count(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    return digits;
}

std::string format_seconds(double seconds) {
    if (seconds < 1e-3) return fmt::format("{:.0f} us", seconds * 1e6);
    if (seconds < 1) return fmt::format("{:.{}f} ms", seconds * 1e3, seconds < 0.01 ? 1 : 0);
    if (seconds < 120) return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : 1);
    auto const whole = static_cast<std::uint64_t>(seconds);
    if (whole < 7200) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
}

}  // namespace serry
