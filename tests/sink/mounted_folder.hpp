#pragma once

#include <filesystem>
#include <string>

#include <sched.h>
#include <sys/mount.h>

namespace serry::test {

/// A small file system in memory, mounted at `path` for this process alone: it goes with the
/// process, whatever becomes of it. Only root may mount; who is not has to skip.
class MountedFolder {
public:
    MountedFolder(std::filesystem::path path, char const* options, unsigned long flags = 0)
        : path_(std::move(path)) {
        std::filesystem::create_directories(path_);
        is_mounted_ =
            is_in_own_namespace() && mount("tmpfs", path_.c_str(), "tmpfs", flags, options) == 0;
    }
    ~MountedFolder() {
        if (is_mounted_) umount2(path_.c_str(), MNT_DETACH);
    }
    MountedFolder(MountedFolder const&) = delete;
    MountedFolder& operator=(MountedFolder const&) = delete;

    bool is_mounted() const { return is_mounted_; }
    std::filesystem::path const& path() const { return path_; }
    void make_read_only() const {
        mount("tmpfs", path_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr);
    }

private:
    static bool is_in_own_namespace() {
        static bool const is_own =
            unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
        return is_own;
    }

    std::filesystem::path path_;
    bool is_mounted_ = false;
};

}  // namespace serry::test
