#include "serry/checkpoint/checkpoint_folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/clock.hpp"
#include "serry/base/crash_point.hpp"
#include "serry/base/error.hpp"
#include "serry/checkpoint/durable_file.hpp"
#include "serry/sink/output_file.hpp"

namespace serry {
namespace {

constexpr std::string_view lock_text = "checkpoints of serry's\n";
constexpr std::string_view manifest_ending = ".manifest";

[[noreturn]] void fail(std::string const& path, char const* doing, int error) {
    throw_file_failure(path, doing, error, checkpoint_option);
}

void unlink_if_there(std::string const& path) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, "deleting it", errno);
}

bool is_digits(std::string_view text) {
    return !text.empty()
           && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The number of the checkpoint that a manifest of this name has.
std::optional<std::uint64_t> number_of_manifest(std::string_view name) {
    if (!name.ends_with(manifest_ending)) return std::nullopt;
    name.remove_suffix(manifest_ending.size());
    if (!is_digits(name) || name.size() > 18) return std::nullopt;
    return std::stoull(std::string(name));
}

/// "000012-3".
bool is_name_of_packs(std::string_view name) {
    std::size_t const dash = name.find('-');
    return dash != std::string_view::npos && is_digits(name.substr(0, dash))
           && is_digits(name.substr(dash + 1));
}

}  // namespace

CheckpointFolder::CheckpointFolder(std::string path) : path_(std::move(path)) {
    while (path_.size() > 1 && path_.back() == '/') path_.pop_back();
}

std::string CheckpointFolder::manifest_path(std::uint64_t number) const {
    return fmt::format("{}/{:06}{}", path_, number, manifest_ending);
}
std::string CheckpointFolder::packs_path(std::uint64_t number, std::uint64_t attempt) const {
    return fmt::format("{}/{:06}-{}", path_, number, attempt);
}
std::string CheckpointFolder::pack_path(PackId const& id) const {
    return fmt::format("{}/rank-{:06}.h5", packs_path(id.checkpoint, id.attempt), id.rank);
}

CheckpointFolder::Lock::~Lock() {
    if (descriptor_ >= 0) close(descriptor_);
}

CheckpointFolder::Lock CheckpointFolder::open(double patience_seconds) const {
    if (mkdir(path_.c_str(), 0777) != 0 && errno != EEXIST) fail(path_, "making the folder", errno);
    check_is_ours();
    std::string const lock = lock_path();
    int const descriptor = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) fail(lock, "making the file", errno);
    Lock held(descriptor);
    if (pwrite(descriptor, lock_text.data(), lock_text.size(), 0)
        != static_cast<ssize_t>(lock_text.size()))
        fail(lock, "writing it", errno);
    double const start = now_seconds();
    while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        // Some file systems have no locks; jobs must keep out of each other's way there.
        if (errno == ENOSYS || errno == ENOLCK || errno == EOPNOTSUPP) break;
        if (errno != EINTR && errno != EWOULDBLOCK) fail(lock, "locking it", errno);
        if (now_seconds() - start > patience_seconds)
            throw UsageError(fmt::format(
                "{}: another job that runs now has its checkpoints there; choose another "
                "--checkpoint, or wait for that job to end",
                path_));
        usleep(50'000);
    }
    return held;
}

/// Before anything is deleted in it.
void CheckpointFolder::check_is_ours() const {
    std::vector<std::string> const found = names();
    bool const is_new = std::all_of(found.begin(), found.end(), [](std::string const& name) {
        return name == "lock" || name == "heartbeat";
    });
    if (is_new || read_whole(lock_path()) == lock_text) return;
    throw UsageError(fmt::format(
        "{}: holds \"{}\" and no checkpoints of serry's; choose a folder for --checkpoint that is "
        "empty or yet to be made",
        path_, found.front()));
}

std::optional<JobFile> CheckpointFolder::job() const {
    if (access(finished_path().c_str(), F_OK) == 0) return std::nullopt;
    auto const text = read_whole(job_path());
    return text ? job_file_from_text(*text) : std::nullopt;
}

void CheckpointFolder::write_job(JobFile const& job) const {
    write_durably(job_path(), to_text(job), "job");
}

std::vector<std::string> CheckpointFolder::names() const {
    std::vector<std::string> names;
    std::error_code error;
    for (auto at = std::filesystem::directory_iterator(path_, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error))
        names.push_back(at->path().filename().string());
    if (error) fail(path_, "reading the folder", error.value());
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<CheckpointFolder::Found> CheckpointFolder::checkpoints() const {
    std::vector<Found> found;
    for (std::string const& name : names()) {
        auto const number = number_of_manifest(name);
        if (!number) continue;
        auto const text = read_whole(path_ + '/' + name);
        auto manifest = text ? manifest_from_text(*text) : std::nullopt;
        if (manifest && manifest->number != *number) manifest.reset();
        found.push_back({*number, std::move(manifest)});
    }
    std::sort(found.begin(), found.end(),
              [](Found const& a, Found const& b) { return a.number < b.number; });
    return found;
}

void CheckpointFolder::begin(std::uint64_t number, std::uint64_t attempt) const {
    std::string const path = packs_path(number, attempt);
    if (mkdir(path.c_str(), 0777) != 0) fail(path, "making the folder", errno);
}

void CheckpointFolder::commit(Manifest const& manifest) const {
    sync_folder(packs_path(manifest.number, manifest.attempt), checkpoint_option);
    write_durably(manifest_path(manifest.number), to_text(manifest), "manifest");
}

void CheckpointFolder::remove(Manifest const& manifest) const {
    crash_point("retention-manifest");
    unlink_if_there(manifest_path(manifest.number));
    crash_point("retention-packs");
    remove_packs(fmt::format("{:06}-{}", manifest.number, manifest.attempt));
}

void CheckpointFolder::set_aside(std::uint64_t number) const {
    std::string const path = manifest_path(number);
    if (std::rename(path.c_str(), (path + ".bad").c_str()) != 0 && errno != ENOENT)
        fail(path, "renaming it", errno);
}

void CheckpointFolder::sweep() const {
    std::set<std::string> used;
    for (Found const& found : checkpoints())
        if (found.manifest)
            used.insert(fmt::format("{:06}-{}", found.number, found.manifest->attempt));
    for (std::string const& name : names()) {
        if (is_name_of_packs(name) && !used.contains(name)) remove_packs(name);
        if (name.ends_with(".new")) unlink_if_there(path_ + '/' + name);
    }
}

void CheckpointFolder::remove_set_aside() const {
    for (std::string const& name : names())
        if (name.ends_with(".manifest.bad")) unlink_if_there(path_ + '/' + name);
}

void CheckpointFolder::clear() const {
    delete_job();
    unlink_if_there(finished_path());
}

void CheckpointFolder::finish(std::string const& job_id) const {
    write_durably(finished_path(), job_id + '\n', "finish");
    delete_job();
}

void CheckpointFolder::delete_job() const {
    // The job first: manifests without it are nobody's.
    unlink_if_there(job_path());
    for (std::string const& name : names()) {
        bool const is_ours = number_of_manifest(name) || name.ends_with(".manifest.bad")
                             || name.ends_with(".new") || name == "journal";
        if (is_ours) unlink_if_there(path_ + '/' + name);
        if (is_name_of_packs(name)) remove_packs(name);
    }
}

/// Only files that packs are, so that a folder of somebody else's stays.
void CheckpointFolder::remove_packs(std::string const& name) const {
    std::string const folder = path_ + '/' + name;
    std::error_code error;
    std::vector<std::string> packs;
    for (auto at = std::filesystem::directory_iterator(folder, error);
         !error && at != std::filesystem::directory_iterator(); at.increment(error))
        if (std::string const file = at->path().filename().string(); file.starts_with("rank-"))
            packs.push_back(at->path().string());
    for (std::string const& pack : packs) unlink_if_there(pack);
    if (rmdir(folder.c_str()) != 0 && errno != ENOENT) fail(folder, "deleting it", errno);
}

}  // namespace serry
