#include "serry/base/options.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

template <typename T, typename Read>
void from_environment(char const* name, T& option, Read read) {
    if (char const* text = std::getenv(name)) option = read(name, text);
}

/// A reader of options that are one of these words.
auto one_of(std::vector<std::string> words) {
    return [words = std::move(words)](std::string const& where, std::string const& text) {
        return word_option(where, text, words);
    };
}

}  // namespace

std::string word_option(std::string const& where,
                        std::string const& text,
                        std::vector<std::string> const& words) {
    if (std::find(words.begin(), words.end(), text) != words.end()) return text;
    std::vector<std::string> const all_but_last(words.begin(), words.end() - 1);
    throw UsageError(fmt::format("{}: \"{}\" is unknown; expected {} or {}", where, text,
                                 fmt::join(all_but_last, ", "), words.back()));
}

double seconds_option(std::string const& where, std::string const& text) {
    std::string digits = text;
    double unit = 1;
    if (digits.ends_with('s') || digits.ends_with('m') || digits.ends_with('h')) {
        unit = digits.back() == 's' ? 1 : digits.back() == 'm' ? 60 : 3600;
        digits.pop_back();
    }
    double number = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    bool const is_number = error == std::errc() && end == digits.data() + digits.size();
    if (is_number && number > 0 && number < 1e12) return number * unit;
    throw UsageError(fmt::format("{}: \"{}\" is no time; expected one above 0 like 90s, 15m or 24h",
                                 where, text));
}

double hang_seconds_option(std::string const& where, std::string const& text) {
    return text == "off" ? 0 : seconds_option(where, text);
}

std::string checkpoint_every_option(std::string const& where, std::string const& text) {
    if (text == "auto" || text == "stage") return text;
    try {
        seconds_option(where, text);
        return text;
    } catch (UsageError const&) {
        throw UsageError(fmt::format(
            "{}: \"{}\" is unknown; expected auto, stage, or a time like 90s or 15m", where, text));
    }
}

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
    from_environment("SERRY_ROUTE", options.route, one_of(route_words));
    from_environment("SERRY_DIRECT_BYTES", options.direct_bytes, bytes_option);
    from_environment("SERRY_RANKS_PER_NODE", options.ranks_per_node, count_option);
    from_environment("SERRY_PROGRESS", options.progress, one_of({"auto", "bar", "lines", "off"}));
    from_environment("SERRY_QUIET", options.quiet, flag_option);
    from_environment("SERRY_EVENTS", options.events, path_option);
    from_environment("SERRY_CHECKPOINT", options.checkpoint, path_option);
    from_environment("SERRY_CHECKPOINT_EVERY", options.checkpoint_every, checkpoint_every_option);
    from_environment("SERRY_CHECKPOINT_COMPRESSION", options.checkpoint_compression,
                     one_of(compression_words));
    from_environment("SERRY_MTBF", options.mtbf_seconds, seconds_option);
    from_environment("SERRY_HANG_TIMEOUT", options.hang_seconds, hang_seconds_option);
    from_environment("SERRY_RESTARTED", options.is_restarted, flag_option);
    from_environment("SERRY_HEARTBEAT", options.heartbeat, path_option);
    from_environment("SERRY_RESUME", options.resume, one_of(resume_words));
    return options;
}

}  // namespace serry
