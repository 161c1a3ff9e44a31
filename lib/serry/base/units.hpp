#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace serry {

/// "512MiB", "4k", "1.5 GB", "1000000" as bytes; k, m, g, t are powers of 1024 with or without
/// "iB", "kB", "MB", "GB", "TB" powers of 1000. Nothing when the text is no such number.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// "1.50 GiB", "17 B": three digits at most.
std::string format_bytes(std::uint64_t byte_count);

/// "1,234,567".
std::string format_count(std::uint64_t count);

/// "1.23 s", "45 ms", "2 min 03 s".
std::string format_seconds(double seconds);

}  // namespace serry
