#include "serry/sink/output_directory.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/sink/output_file.hpp"
#include "serry/sink/part_writer.hpp"

namespace serry {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

bool is_dot(char const* name) {
    return std::string_view(name) == "." || std::string_view(name) == "..";
}

std::vector<std::string> names_in(std::string const& path) {
    OpenFolder const folder(opendir(path.c_str()));
    if (!folder) throw_file_failure(path, "reading the folder", errno);
    std::vector<std::string> names;
    errno = 0;
    while (dirent const* entry = readdir(folder.get()))
        if (!is_dot(entry->d_name)) names.emplace_back(entry->d_name);
    if (errno != 0) throw_file_failure(path, "reading the folder", errno);
    return names;
}

/// Nothing when there is nothing at `path`. Does not follow a link.
std::optional<struct stat> look_at(std::string const& path) {
    struct stat found = {};
    if (lstat(path.c_str(), &found) == 0) return found;
    if (errno == ENOENT || errno == ENAMETOOLONG) return std::nullopt;
    throw_file_failure(path, "looking there", errno);
}

bool exists(std::string const& path) { return look_at(path).has_value(); }

/// Whether an output may hold a file of this name.
bool is_of_output(std::string_view name) {
    return is_part_name(name) || name == success_name || name == hdf5_view_name;
}

/// Delete the files of an output in `folder`, as one pass sees them; false if it saw none.
bool remove_files_once(DIR* folder) noexcept {
    bool has_removed = false;
    rewinddir(folder);
    while (dirent const* entry = readdir(folder))
        if (is_of_output(entry->d_name))
            has_removed |= unlinkat(dirfd(folder), entry->d_name, 0) == 0;
    return has_removed;
}

/// Delete a folder that holds part files and _SUCCESS, and nothing else: never a folder below it.
void remove_output(std::string const& path) noexcept {
    OpenFolder const folder(opendir(path.c_str()));
    if (!folder) return;
    while (remove_files_once(folder.get())) continue;  // a pass may miss files as others go
    rmdir(path.c_str());
}

std::string folder_of(std::string const& path) {
    std::size_t const slash = path.rfind('/');
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(std::string const& path) { return path.substr(path.rfind('/') + 1); }

std::string absolute_path(std::string const& path) {
    std::string absolute = std::filesystem::absolute(path).string();
    while (absolute.size() > 1 && absolute.back() == '/') absolute.pop_back();
    return absolute;
}

/// Where a link at `target` leads to; `target` itself if it is none.
std::string follow_link(std::string const& path, std::string const& target) {
    auto const found = look_at(target);
    if (!found || !S_ISLNK(found->st_mode)) return target;
    std::unique_ptr<char, void (*)(void*)> const real(realpath(target.c_str(), nullptr), std::free);
    if (!real)
        throw UsageError(
            fmt::format("{}: is a symbolic link that leads nowhere ({}); "
                        "remove it or choose another --output",
                        path, describe_errno(errno)));
    return real.get();
}

void check_parent(std::string const& path, std::string const& target) {
    std::string const name = name_of(target);
    if (path.empty() || name.empty() || name == "." || name == "..")
        throw UsageError(fmt::format(
            "\"{}\": cannot be an output; --output takes the name of a folder to be made", path));
    std::string const parent = folder_of(target);
    struct stat found = {};
    if (stat(parent.c_str(), &found) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) throw_file_failure(parent, "looking there", errno);
        throw UsageError(fmt::format(
            "{}: the folder {} does not exist; make it or choose another --output", path, parent));
    }
    if (!S_ISDIR(found.st_mode))
        throw UsageError(
            fmt::format("{}: {} is a file, not a folder; choose another --output", path, parent));
}

[[noreturn]] void refuse_to_replace(std::string const& path, std::string const& reason) {
    throw UsageError(
        fmt::format("{}: {}; --overwrite replaces only what serry wrote; "
                    "remove it yourself or choose another --output",
                    path, reason));
}

std::optional<OutputSummary> summary_in(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    std::string const text{std::istreambuf_iterator<char>(file), {}};
    return output_summary_from_text(text);
}

/// Throws UsageError unless `target` is an empty folder or an output that serry made, and no more.
void check_replaceable(std::string const& path, std::string const& target) {
    auto const found = look_at(target);
    if (!found || !S_ISDIR(found->st_mode)) refuse_to_replace(path, "is no folder");
    struct stat parent = {};
    if (stat(folder_of(target).c_str(), &parent) == 0 && parent.st_dev != found->st_dev)
        refuse_to_replace(path, "is a mount point");
    std::vector<std::string> names = names_in(target);
    std::sort(names.begin(), names.end());
    if (names.empty()) return;
    if (!std::binary_search(names.begin(), names.end(), success_name))
        refuse_to_replace(path, "is not empty and holds no _SUCCESS");
    if (!summary_in(target + '/' + success_name))
        refuse_to_replace(path, "holds a _SUCCESS that serry did not write");
    for (std::string const& name : names)
        if (!is_of_output(name))
            refuse_to_replace(path,
                              fmt::format("holds \"{}\", which is no part of an output", name));
}

bool is_unsupported(int error_number) {
    return error_number == EINVAL || error_number == ENOSYS || error_number == EOPNOTSUPP;
}

/// 0 or errno. Replaces nothing, where the file system can promise that.
int rename_to_new(std::string const& from, std::string const& to) {
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (!is_unsupported(errno)) return errno;
    return std::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

int exchange(std::string const& one, std::string const& other) {
    int const result = renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
    return result == 0 ? 0 : errno;
}

std::string aside_path(std::string const& parts_path) { return parts_path + ".old"; }

void move(std::string const& from, std::string const& to) {
    if (int const error = rename_to_new(from, to))
        throw_file_failure(to, fmt::format("renaming {} to it", from), error);
}

/// Where the file system cannot exchange two folders. For a moment there is nothing at `target`; a
/// crash just then is mended by the job's next run.
void replace_in_two_steps(std::string const& finished, std::string const& target) {
    std::string const aside = aside_path(finished);
    move(target, aside);
    int const error = rename_to_new(finished, target);
    if (error == 0) return;
    if (rename_to_new(aside, target) != 0)
        throw_file_failure(
            target,
            fmt::format("renaming {} to it (the earlier output is now {})", finished, aside),
            error);
    throw_file_failure(target, fmt::format("renaming {} to it", finished), error);
}

void replace(std::string const& finished, std::string const& target) {
    int const error = exchange(finished, target);
    if (is_unsupported(error)) return replace_in_two_steps(finished, target);
    if (error != 0)
        throw_file_failure(target, fmt::format("exchanging {} with it", finished), error);
}

/// What a run of this same job has left that was killed: parts, or an output just renamed aside.
void clear_leftovers(std::string const& parts_path, std::string const& target) {
    remove_output(parts_path);
    std::string const aside = aside_path(parts_path);
    if (exists(aside) && !exists(target)) move(aside, target);
    remove_output(aside);
}

}  // namespace

OutputDirectory OutputDirectory::prepare(std::string const& path,
                                         bool overwrite,
                                         std::string const& job_id) {
    std::string target = path.empty() ? path : absolute_path(path);
    check_parent(path, target);
    if (overwrite) target = follow_link(path, target);
    std::string parts_path = folder_of(target);
    if (parts_path != "/") parts_path += '/';
    parts_path += fmt::format(".{}.serry-{}", name_of(target), job_id);
    clear_leftovers(parts_path, target);
    if (exists(target)) {
        if (!overwrite)
            throw UsageError(fmt::format(
                "{}: exists already; choose another --output or pass --overwrite", path));
        check_replaceable(path, target);
    }
    if (mkdir(parts_path.c_str(), 0777) != 0)
        throw_file_failure(path, fmt::format("making the folder {}", parts_path), errno);
    return {path, std::move(target), std::move(parts_path), overwrite};
}

std::optional<OutputSummary> OutputDirectory::summary_at(std::string const& path) {
    return summary_in(path + '/' + success_name);
}

OutputDirectory::OutputDirectory(std::string path,
                                 std::string target,
                                 std::string parts_path,
                                 bool overwrite)
    : path_(std::move(path)),
      target_(std::move(target)),
      parts_path_(std::move(parts_path)),
      overwrite_(overwrite) {}

OutputDirectory::OutputDirectory(OutputDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      parts_path_(std::exchange(other.parts_path_, {})),
      overwrite_(other.overwrite_) {}

OutputDirectory& OutputDirectory::operator=(OutputDirectory&& other) noexcept {
    if (this == &other) return *this;
    abandon();
    path_ = std::move(other.path_);
    target_ = std::move(other.target_);
    parts_path_ = std::exchange(other.parts_path_, {});
    overwrite_ = other.overwrite_;
    return *this;
}

OutputDirectory::~OutputDirectory() { abandon(); }

void OutputDirectory::commit(OutputSummary const& summary) {
    check_part_count(summary.partition_count);
    OutputFile success(parts_path_ + '/' + success_name);
    success.write(to_text(summary));
    success.sync();
    success.close();
    sync_folder(parts_path_);

    std::string const finished = std::exchange(parts_path_, {});
    try {
        put_in_place(finished);
    } catch (Error const& error) {
        throw StorageError(fmt::format("{}; the finished output is in {}", error.what(), finished));
    }
    sync_folder(folder_of(target_));
    remove_output(finished);
    remove_output(aside_path(finished));
}

void OutputDirectory::abandon() noexcept {
    if (!parts_path_.empty()) remove_output(parts_path_);
    parts_path_.clear();
}

void OutputDirectory::check_part_count(std::uint64_t expected) const {
    std::vector<std::string> const names = names_in(parts_path_);
    auto const seen = std::count_if(names.begin(), names.end(),
                                    [](std::string const& name) { return is_part_name(name); });
    if (static_cast<std::uint64_t>(seen) != expected)
        throw StorageError(
            fmt::format("{}: {} part files are in {}, expected {}; "
                        "the folder of --output must be on a file system that all nodes share",
                        path_, seen, parts_path_, expected));
}

void OutputDirectory::put_in_place(std::string const& finished) const {
    if (!overwrite_ || !exists(target_)) return move(finished, target_);
    check_replaceable(path_, target_);  // once more: the job may have run for hours
    replace(finished, target_);
}

}  // namespace serry
