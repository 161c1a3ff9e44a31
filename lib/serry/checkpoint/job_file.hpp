#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace serry {

/// What a job's results follow from, besides its input: what must be the same for a checkpoint of
/// an earlier attempt to be used. Not how many ranks there are, nor how much memory.
struct JobIdentity {
    std::string program;            ///< its file's name
    std::uint64_t binary_hash = 0;  ///< of that file's bytes
    std::uint64_t partition_count = 0;
    std::vector<std::string> arguments;
    std::vector<std::string> options;  ///< the program's own: "--top=10"

    friend bool operator==(JobIdentity const&, JobIdentity const&) = default;
};

/// "the program's file has changed; argument 2 was "a.txt" and is "b.txt"": empty if they are the
/// same.
std::string differences(JobIdentity const& before, JobIdentity const& now);

/// The hash of the bytes of the program that is running. Reads all of its file.
std::uint64_t hash_of_this_program();

/// A folder's job, as its file `job` says. A word and its value a line, with line breaks and
/// backslashes in values written as \n and \\:
///
///     serry_job 1          the version of this format
///     job 65a3f-1f         the job's id, which its attempts share
///     attempt 3            the last one, from 1
///     program word_count
///     binary HASH
///     partitions 0
///     argument TEXT        a line each
///     option --top=10      a line each
///     checksum HASH        of all lines before
struct JobFile {
    std::string id;
    std::uint64_t attempt = 0;
    JobIdentity identity;

    friend bool operator==(JobFile const&, JobFile const&) = default;
};

std::string to_text(JobFile const& job);
/// Nothing unless the text is one that to_text makes.
std::optional<JobFile> job_file_from_text(std::string_view text);

}  // namespace serry
