#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace serry {

/// What a finished output says of itself: the content of its file _SUCCESS. That file is there only
/// if all parts are, and are on the disk. As text, one line each, a word and a value with a space
/// between:
///
///     serry_output 1                 the version of this format
///     job 2024-05-17-7f3a            the job's id
///     action 2                       the action's number in the job, from 1
///     call_site word_count.cpp:12    where the program wrote the output
///     partitions 64                  part files
///     records 1000000                in all parts together
///     bytes 15728640                 in all parts together
struct OutputSummary {
    std::string job_id;
    std::uint64_t action = 0;
    std::string call_site;
    std::uint64_t partition_count = 0;
    std::uint64_t record_count = 0;
    std::uint64_t byte_count = 0;

    friend bool operator==(OutputSummary const&, OutputSummary const&) = default;
};

inline constexpr char const* success_name = "_SUCCESS";
/// Shows the parts of HDF5 as one dataset. Like _SUCCESS no input: who reads the folder reads the
/// parts.
inline constexpr char const* hdf5_view_name = "_all.h5";

/// Requires that job_id and call_site hold no line break.
std::string to_text(OutputSummary const& summary);

/// Nothing when the text is not, to the last byte, one that to_text makes: other programs write
/// files of this name, too.
std::optional<OutputSummary> output_summary_from_text(std::string_view text);

}  // namespace serry
