#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "serry/checkpoint/job_file.hpp"
#include "serry/checkpoint/manifest.hpp"

namespace serry {

/// The folder that --checkpoint names, which holds one job:
///
///     job                        what job this is (JobFile)
///     journal                    what its driver was told (Journal)
///     lock                       locked by rank 0 while the job runs; says whose the folder is
///     finished                   what is left of a job that has succeeded: its id
///     heartbeat                  touched by a job that `serry run` has started
///     000012.manifest            a checkpoint (Manifest), written last and deleted first
///     000012-3/rank-000004.h5    its packs, made by attempt 3 (PackWriter)
///     000012.manifest.bad        one that was found damaged, set aside
///
/// All of it for rank 0, but for pack_path(). Throws StorageError.
class CheckpointFolder {
public:
    /// Nothing is touched.
    explicit CheckpointFolder(std::string path);

    std::string const& path() const { return path_; }
    std::string job_path() const { return path_ + "/job"; }
    std::string finished_path() const { return path_ + "/finished"; }
    std::string lock_path() const { return path_ + "/lock"; }
    std::string journal_path() const { return path_ + "/journal"; }
    std::string manifest_path(std::uint64_t number) const;
    std::string packs_path(std::uint64_t number, std::uint64_t attempt) const;
    std::string pack_path(PackId const& id) const;

    /// Holds the folder's lock for as long as it lives.
    class Lock {
    public:
        Lock() = default;
        explicit Lock(int descriptor) : descriptor_(descriptor) {}
        ~Lock();
        Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
        Lock& operator=(Lock&& other) noexcept {
            std::swap(descriptor_, other.descriptor_);
            return *this;
        }

    private:
        int descriptor_ = -1;
    };

    /// Make the folder if it is not there, and take its lock: waits for up to `patience_seconds`
    /// for the processes of an attempt that was killed to go. UsageError if another job has it, or
    /// if it holds what is not serry's.
    [[nodiscard]] Lock open(double patience_seconds = 10) const;

    /// What the file `job` says; nothing if there is none, or it is damaged.
    std::optional<JobFile> job() const;
    void write_job(JobFile const& job) const;

    /// A checkpoint as it was found.
    struct Found {
        std::uint64_t number = 0;
        std::optional<Manifest> manifest;  ///< nothing if it is damaged
    };
    /// By number, ascending.
    std::vector<Found> checkpoints() const;

    void begin(std::uint64_t number, std::uint64_t attempt) const;
    /// The checkpoint is there when this returns. Its packs are on the disk.
    void commit(Manifest const& manifest) const;
    /// The manifest first: what has none is no checkpoint.
    void remove(Manifest const& manifest) const;
    /// So that it is not looked at any more.
    void set_aside(std::uint64_t number) const;
    /// Delete those.
    void remove_set_aside() const;
    /// Delete packs that no manifest names, and half-written files.
    void sweep() const;
    /// Delete all that a job left, but for the folder and its lock.
    void clear() const;
    /// The same of a job that has succeeded, having noted that it has: should it be killed now, who
    /// sees it die can tell. There is nothing to go on from any more.
    void finish(std::string const& job_id) const;

private:
    std::vector<std::string> names() const;
    void check_is_ours() const;
    void delete_job() const;
    void remove_packs(std::string const& name) const;

    std::string path_;
};

}  // namespace serry
