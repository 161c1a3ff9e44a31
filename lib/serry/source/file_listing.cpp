#include "serry/source/file_listing.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/source/pinned_file.hpp"
#include "serry/source/retry.hpp"

namespace serry {
namespace {

[[noreturn]] void throw_unreadable(std::string const& path, int error_number) {
    throw InputError(
        fmt::format("{}: cannot be read: {}; expected a file or directory that this user may read; "
                    "check its permissions and those of the directories above it",
                    path, describe_errno(error_number)));
}

/// Nothing if there is no such path.
std::optional<struct stat> status_of(std::string const& path) {
    struct stat status {};
    if (retry_reading([&] { return stat(path.c_str(), &status); }) == 0) return status;
    if (errno != ENOENT && errno != ENOTDIR) throw_unreadable(path, errno);
    return std::nullopt;
}

char const* kind_of(struct stat const& status) {
    if (S_ISDIR(status.st_mode)) return "a directory";
    if (S_ISFIFO(status.st_mode)) return "a pipe";
    if (S_ISSOCK(status.st_mode)) return "a socket";
    return "a device";
}

InputFile examined(std::string path) {
    auto const status = status_of(path);
    if (!status)
        throw InputError(fmt::format(
            "{}: no such file or directory; expected a file, a directory or a pattern that matches "
            "files; check the path, and that the host of rank 0 sees it",
            path));
    if (!S_ISREG(status->st_mode))
        throw InputError(
            fmt::format("{}: is {}, expected a regular file, whose parts can be read in any order; "
                        "copy its content to a file and read that",
                        path, kind_of(*status)));
    auto const descriptor = retry_reading([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC); });
    if (descriptor == -1) throw_unreadable(path, errno);
    close(static_cast<int>(descriptor));
    return {.path = std::move(path),
            .size_bytes = static_cast<std::uint64_t>(status->st_size),
            .modified_ns = modified_ns(*status),
            .inode = status->st_ino};
}

bool is_left_out(std::string_view name) { return name.starts_with('.') || name.starts_with('_'); }

std::string_view last_part(std::string_view path) {
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    return path.substr(path.rfind('/') + 1);
}

std::vector<std::string> files_in(std::string const& directory) {
    std::vector<std::string> paths;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        std::string path = entry->path().string();
        std::error_code dangling;
        // A link to nothing stays in the list: who wrote it meant a file.
        bool const is_other = entry->exists(dangling) && !entry->is_regular_file(dangling);
        if (!is_other && !is_left_out(last_part(path))) paths.push_back(std::move(path));
    }
    if (error) throw_unreadable(directory, error.value());
    return paths;
}

thread_local std::string unreadable_directory;
thread_local int unreadable_errno = 0;

int stop_at_unreadable(char const* path, int error_number) {
    if (error_number == ENOENT || error_number == ENOTDIR) return 0;
    unreadable_directory = path;
    unreadable_errno = error_number;
    return 1;
}

/// Files and directories; these end in '/'.
std::vector<std::string> matches_of(std::string const& pattern) {
    glob_t found{};
    std::unique_ptr<glob_t, void (*)(glob_t*)> const owner(&found, globfree);
    int const flags = GLOB_NOSORT | GLOB_BRACE | GLOB_MARK;
    int const result = glob(pattern.c_str(), flags, stop_at_unreadable, &found);
    if (result == GLOB_ABORTED) throw_unreadable(unreadable_directory, unreadable_errno);
    if (result == GLOB_NOSPACE) throw std::bad_alloc();
    bool const wants_hidden = is_left_out(last_part(pattern));
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < found.gl_pathc; ++i)
        if (wants_hidden || !is_left_out(last_part(found.gl_pathv[i])))
            paths.emplace_back(found.gl_pathv[i]);
    return paths;
}

std::vector<std::string> files_matching(std::string const& pattern) {
    std::vector<std::string> paths;
    for (std::string& match : matches_of(pattern)) {
        if (match.ends_with('/'))
            for (std::string& path : files_in(match)) paths.push_back(std::move(path));
        else
            paths.push_back(std::move(match));
    }
    if (paths.empty())
        throw InputError(fmt::format(
            "{}: the pattern matches no files, expected one or more (names that begin with '.' or "
            "'_' do not count); check it, and that the host of rank 0 sees them",
            pattern));
    return paths;
}

std::vector<std::string> expanded(std::string const& pattern) {
    if (pattern.empty())
        throw InputError(
            "an input path is empty; expected a file, a directory or a pattern; check the "
            "arguments of the program");
    // A path that exists is meant as it stands, whatever characters it has.
    auto const status = status_of(pattern);
    if (!status && pattern.find_first_of("*?[{") != std::string::npos)
        return files_matching(pattern);
    if (!status || !S_ISDIR(status->st_mode)) return {pattern};
    std::vector<std::string> paths = files_in(pattern);
    if (paths.empty())
        throw InputError(fmt::format(
            "{}: the directory holds no files, expected one or more (names that begin with '.' or "
            "'_' do not count, nor do directories below it); check the path",
            pattern));
    return paths;
}

}  // namespace

std::vector<InputFile> list_files(std::vector<std::string> const& patterns) {
    std::vector<InputFile> files;
    for (std::string const& pattern : patterns) {
        std::vector<std::string> paths = expanded(pattern);
        std::sort(paths.begin(), paths.end());
        for (std::string& path : paths) files.push_back(examined(std::move(path)));
    }
    return files;
}

}  // namespace serry
