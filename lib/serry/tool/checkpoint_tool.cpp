#include "serry/tool/checkpoint_tool.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"
#include "serry/checkpoint/checkpoint_folder.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/checkpoint/journal.hpp"

namespace serry {
namespace {

using Found = CheckpointFolder::Found;

CheckpointFolder open_folder(std::string const& path) {
    CheckpointFolder folder(path);
    if (!std::filesystem::is_directory(path))
        throw UsageError(
            fmt::format("{}: is no folder; expected one that jobs were given as "
                        "--checkpoint",
                        path));
    if (!std::filesystem::exists(folder.lock_path()))
        throw UsageError(fmt::format(
            "{}: holds no checkpoints of serry's; expected a folder that jobs were given as "
            "--checkpoint",
            path));
    return folder;
}

std::vector<JournalEntry> entries_of(CheckpointFolder const& folder, std::uint64_t& cut_bytes) {
    auto const file = read_whole(folder.journal_path());
    if (!file) return {};
    std::uint64_t end = 0;
    auto entries = read_journal(*file, end);
    cut_bytes = file->size() - end;
    return entries;
}

std::string kind_in_words(JournalEntry const& entry) {
    switch (entry.kind) {
        case JournalEntry::Kind::job:
            return "job " + entry.bytes;
        case JournalEntry::Kind::result:
            return fmt::format("result {} of {}", entry.number, entry.label);
        case JournalEntry::Kind::accumulators:
            return "accumulators";
        case JournalEntry::Kind::input:
            return "input of " + entry.label;
    }
    return fmt::format("an entry of the unknown kind {}", static_cast<int>(entry.kind));
}

std::string job_in_words(CheckpointFolder const& folder) {
    if (auto const finished = read_whole(folder.finished_path()))
        return fmt::format("job {} has succeeded\n",
                           std::string_view(*finished).substr(0, finished->find('\n')));
    auto const job = folder.job();
    if (!job)
        return std::filesystem::exists(folder.job_path())
                   ? "the file \"job\" is damaged: a job starts over here\n"
                   : "no unfinished job\n";
    std::uint64_t cut_bytes = 0;
    auto const entries = entries_of(folder, cut_bytes);
    auto const results = std::count_if(
        entries.begin(), entries.end(),
        [](JournalEntry const& entry) { return entry.kind == JournalEntry::Kind::result; });
    return fmt::format("job {} of {}, attempt {}; {} results in the journal\n", job->id,
                       job->identity.program, job->attempt, results);
}

std::string problem_of_pack(CheckpointFolder const& folder,
                            Manifest const& manifest,
                            std::uint64_t pack) {
    PackId const id = manifest.pack_id(pack);
    std::string const path = folder.pack_path(id);
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) return path + ": " + describe_errno(errno);
    auto const bytes = static_cast<std::uint64_t>(found.st_size);
    if (bytes != manifest.packs[pack].file_bytes)
        return fmt::format("{}: has {} bytes, expected {}", path, bytes,
                           manifest.packs[pack].file_bytes);
    try {
        PackReader reader(path, id, manifest.packs[pack].checksum);
        for (std::size_t i = 0; i < reader.partitions().size(); ++i)
            reader.read(i, [](std::string_view) {});
    } catch (StorageError const& error) {
        return error.what();
    }
    return "";
}

/// Why a checkpoint is not valid; empty if it is.
std::string problem_of(CheckpointFolder const& folder, Found const& found) {
    if (!found.manifest)
        return folder.manifest_path(found.number) + ": is damaged: it is not as it was written";
    for (std::uint64_t pack = 0; pack < found.manifest->packs.size(); ++pack)
        if (std::string problem = problem_of_pack(folder, *found.manifest, pack); !problem.empty())
            return problem;
    return "";
}

std::string summary_of(Manifest const& manifest) {
    return fmt::format("{:>10}  {:>7}  {:>5}  {:>10}  {:>13}  {:>9}  {}", manifest.number,
                       manifest.attempt, manifest.stage, manifest.partitions.size(),
                       format_count(manifest.record_count()), format_bytes(manifest.file_bytes()),
                       manifest.step);
}

ToolReport show_job(CheckpointFolder const& folder) {
    ToolReport report{job_in_words(folder), true};
    if (auto const job = folder.job()) {
        JobIdentity const& identity = job->identity;
        report.text += fmt::format("program {} (hash {:016x}), --partitions {}\n", identity.program,
                                   identity.binary_hash, identity.partition_count);
        for (std::string const& argument : identity.arguments)
            report.text += "argument " + argument + '\n';
        for (std::string const& option : identity.options) report.text += "option " + option + '\n';
    }
    std::uint64_t cut_bytes = 0;
    for (JournalEntry const& entry : entries_of(folder, cut_bytes))
        report.text += fmt::format("journal: {}, {}\n", kind_in_words(entry),
                                   format_bytes(entry.bytes.size()));
    if (cut_bytes > 0)
        report.text += fmt::format("journal: {} behind the last whole entry do not count\n",
                                   format_bytes(cut_bytes));
    return report;
}

}  // namespace

ToolReport list_checkpoints(std::string const& path) {
    CheckpointFolder const folder = open_folder(path);
    ToolReport report{job_in_words(folder), true};
    auto const found = folder.checkpoints();
    if (found.empty()) {
        report.text += "no checkpoints\n";
        return report;
    }
    report.text += fmt::format("{:>10}  {:>7}  {:>5}  {:>10}  {:>13}  {:>9}  {}\n", "checkpoint",
                               "attempt", "stage", "partitions", "records", "bytes", "step");
    for (Found const& one : found)
        report.text += one.manifest ? summary_of(*one.manifest) + '\n'
                                    : fmt::format("{:>10}  its manifest is damaged\n", one.number);
    return report;
}

ToolReport verify_checkpoints(std::string const& path) {
    CheckpointFolder const folder = open_folder(path);
    ToolReport report;
    std::uint64_t valid = 0, byte_count = 0;
    auto const found = folder.checkpoints();
    for (Found const& one : found) {
        std::string const problem = problem_of(folder, one);
        report.is_good = report.is_good && problem.empty();
        valid += problem.empty();
        if (problem.empty()) byte_count += one.manifest->file_bytes();
        report.text += fmt::format("checkpoint {}: {}\n", one.number,
                                   problem.empty() ? "valid" : "not valid: " + problem);
    }
    report.text += fmt::format("{} of {} checkpoints are valid, {}\n", valid, found.size(),
                               format_bytes(byte_count));
    return report;
}

ToolReport show_checkpoint(std::string const& path, std::optional<std::uint64_t> number) {
    CheckpointFolder const folder = open_folder(path);
    if (!number) return show_job(folder);
    auto const text = read_whole(folder.manifest_path(*number));
    if (!text)
        throw UsageError(
            fmt::format("{}: has no checkpoint {}; \"serry checkpoints ls\" lists those it has",
                        folder.path(), *number));
    auto const manifest = manifest_from_text(*text);
    if (!manifest)
        return {folder.manifest_path(*number) + ": is damaged: it is not as it was written\n",
                false};
    return {*text, true};
}

ToolReport prune_checkpoints(std::string const& path, std::uint64_t kept) {
    CheckpointFolder const folder = open_folder(path);
    auto const lock = folder.open(0);
    std::vector<Found> found = folder.checkpoints();
    std::reverse(found.begin(), found.end());
    std::uint64_t valid = 0, deleted = 0;
    for (Found const& one : found) {
        bool const is_valid = problem_of(folder, one).empty();
        valid += is_valid;
        if (is_valid && valid <= kept) continue;
        ++deleted;
        if (one.manifest)
            folder.remove(*one.manifest);
        else
            std::filesystem::remove(folder.manifest_path(one.number));
    }
    folder.remove_set_aside();
    folder.sweep();
    return {fmt::format("{} checkpoints deleted, {} kept\n", deleted, std::min(valid, kept)), true};
}

}  // namespace serry
