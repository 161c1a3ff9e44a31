#include "serry/sink/output_summary.hpp"

#include <charconv>

#include <fmt/format.h>

namespace serry {
namespace {

/// Takes the line "NAME VALUE" from the front of `text`.
std::optional<std::string_view> take_value(std::string_view& text, std::string_view name) {
    std::size_t const end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    if (!line.starts_with(name) || line.substr(name.size(), 1) != " ") return std::nullopt;
    text.remove_prefix(end + 1);
    return line.substr(name.size() + 1);
}

std::optional<std::uint64_t> take_count(std::string_view& text, std::string_view name) {
    auto const digits = take_value(text, name);
    if (!digits) return std::nullopt;
    std::uint64_t count = 0;
    char const* const end = digits->data() + digits->size();
    auto const [stopped, error] = std::from_chars(digits->data(), end, count);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return count;
}

}  // namespace

std::string to_text(OutputSummary const& summary) {
    return fmt::format(
        "serry_output 1\njob {}\naction {}\ncall_site {}\npartitions {}\nrecords {}\nbytes {}\n",
        summary.job_id, summary.action, summary.call_site, summary.partition_count,
        summary.record_count, summary.byte_count);
}

std::optional<OutputSummary> output_summary_from_text(std::string_view text) {
    if (take_count(text, "serry_output") != 1) return std::nullopt;
    auto const job_id = take_value(text, "job");
    auto const action = take_count(text, "action");
    auto const call_site = take_value(text, "call_site");
    auto const partitions = take_count(text, "partitions");
    auto const records = take_count(text, "records");
    auto const bytes = take_count(text, "bytes");
    if (!job_id || !action || !call_site || !partitions || !records || !bytes || !text.empty())
        return std::nullopt;
    return OutputSummary{std::string(*job_id), *action,  std::string(*call_site),
                         *partitions,          *records, *bytes};
}

}  // namespace serry
