#include "serry/base/options.hpp"

#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

template <typename T, typename Read>
void from_environment(char const* name, T& option, Read read) {
    if (char const* text = std::getenv(name)) option = read(name, text);
}

std::string progress_option(std::string const& where, std::string const& text) {
    for (char const* mode : {"auto", "bar", "lines", "off"})
        if (text == mode) return text;
    throw UsageError(
        fmt::format("{}: \"{}\" is unknown; expected auto, bar, lines or off", where, text));
}

}  // namespace

std::uint64_t bytes_option(std::string const& where, std::string const& text) {
    if (auto const bytes = parse_bytes(text)) return *bytes;
    throw UsageError(fmt::format("{}: \"{}\" is no number of bytes; expected one like 512MiB or 2g",
                                 where, text));
}

std::uint64_t count_option(std::string const& where, std::string const& text) {
    std::uint64_t count = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error == std::errc() && end == text.data() + text.size()) return count;
    throw UsageError(
        fmt::format("{}: \"{}\" is no count; expected a whole number from 0 on", where, text));
}

std::uint64_t partition_count_option(std::string const& where, std::string const& text) {
    std::uint64_t const count = count_option(where, text);
    if (count <= most_partitions) return count;
    throw UsageError(fmt::format("{}: {} is too many; expected at most {}", where, count,
                                 format_count(most_partitions)));
}

bool flag_option(std::string const& where, std::string const& text) {
    for (char const* yes : {"1", "yes", "true", "on"})
        if (text == yes) return true;
    for (char const* no : {"0", "no", "false", "off", ""})
        if (text == no) return false;
    throw UsageError(fmt::format("{}: \"{}\" is neither yes nor no; expected 1 or 0", where, text));
}

std::string path_option(std::string const& where, std::string const& text) {
    if (!text.empty()) return text;
    throw UsageError(fmt::format("{}: nothing given; expected a path", where));
}

Options options_from_environment() {
    Options options;
    from_environment("SERRY_MEMORY", options.memory_bytes, bytes_option);
    from_environment("SERRY_SCRATCH", options.scratch, path_option);
    from_environment("SERRY_PARTITIONS", options.partition_count, partition_count_option);
    from_environment("SERRY_OVERWRITE", options.overwrite, flag_option);
    from_environment("SERRY_COLLECT_LIMIT", options.collect_limit_bytes, bytes_option);
    from_environment("SERRY_TABLE_SLOTS", options.table_slots, count_option);
    from_environment("SERRY_ROUND_BYTES", options.round_bytes, bytes_option);
    from_environment("SERRY_PROGRESS", options.progress, progress_option);
    from_environment("SERRY_QUIET", options.quiet, flag_option);
    from_environment("SERRY_EVENTS", options.events, path_option);
    return options;
}

}  // namespace serry
