#include "serry/checkpoint/job_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "serry/base/hash.hpp"
#include "serry/checkpoint/durable_file.hpp"

namespace serry {
namespace {

constexpr std::uint64_t job_file_format = 1;

std::string escaped(std::string_view text) {
    std::string result;
    for (char const c : text) {
        if (c == '\\')
            result += "\\\\";
        else if (c == '\n')
            result += "\\n";
        else
            result += c;
    }
    return result;
}

std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size())
            result += text[++i] == 'n' ? '\n' : text[i];
        else
            result += text[i];
    }
    return result;
}

void add_list_differences(char const* what,
                          std::vector<std::string> const& before,
                          std::vector<std::string> const& now,
                          std::vector<std::string>& found) {
    auto const shown = [](std::vector<std::string> const& list, std::size_t i) {
        return i < list.size() ? '"' + list[i] + '"' : std::string("missing");
    };
    for (std::size_t i = 0; i < std::max(before.size(), now.size()); ++i)
        if (i >= before.size() || i >= now.size() || before[i] != now[i])
            found.push_back(fmt::format("{} {} was {} and is {}", what, i + 1, shown(before, i),
                                        shown(now, i)));
}

bool take_list(NamedLines& lines, char const* name, std::vector<std::string>& list) {
    while (lines.is_next(name)) {
        auto const value = lines.take(name);
        if (!value) return false;
        list.push_back(unescaped(*value));
    }
    return true;
}

}  // namespace

std::string differences(JobIdentity const& before, JobIdentity const& now) {
    std::vector<std::string> found;
    if (before.program != now.program)
        found.push_back(fmt::format("the program was {} and is {}", before.program, now.program));
    else if (before.binary_hash != now.binary_hash)
        found.push_back(fmt::format("the file of the program {} has changed", now.program));
    if (before.partition_count != now.partition_count)
        found.push_back(fmt::format("--partitions was {} and is {}", before.partition_count,
                                    now.partition_count));
    add_list_differences("argument", before.arguments, now.arguments, found);
    add_list_differences("option", before.options, now.options, found);
    return fmt::format("{}", fmt::join(found, ", "));
}

std::uint64_t hash_of_this_program() {
    auto const file = read_whole("/proc/self/exe");
    return file ? hash_long(*file) : 0;
}

std::string to_text(JobFile const& job) {
    std::string text =
        fmt::format("serry_job {}\njob {}\nattempt {}\nprogram {}\nbinary {:016x}\npartitions {}\n",
                    job_file_format, job.id, job.attempt, escaped(job.identity.program),
                    job.identity.binary_hash, job.identity.partition_count);
    for (std::string const& argument : job.identity.arguments)
        text += "argument " + escaped(argument) + '\n';
    for (std::string const& option : job.identity.options)
        text += "option " + escaped(option) + '\n';
    return with_checksum(text);
}

std::optional<JobFile> job_file_from_text(std::string_view text) {
    auto const checked = without_checksum(text);
    if (!checked) return std::nullopt;
    NamedLines lines(*checked);
    if (lines.take_number("serry_job") != job_file_format) return std::nullopt;
    auto const id = lines.take("job");
    auto const attempt = lines.take_number("attempt");
    auto const program = lines.take("program");
    auto const binary = lines.take("binary");
    auto const partitions = lines.take_number("partitions");
    if (!id || !attempt || !program || !binary || !partitions) return std::nullopt;
    auto const hash = numbers_in(*binary, 16);
    if (hash.size() != 1) return std::nullopt;
    JobFile job{*id, *attempt, {unescaped(*program), hash[0], *partitions, {}, {}}};
    if (!take_list(lines, "argument", job.identity.arguments)
        || !take_list(lines, "option", job.identity.options) || !lines.is_at_end())
        return std::nullopt;
    return job;
}

}  // namespace serry
