#include "serry/source/pinned_file.hpp"

#include <cerrno>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/source/retry.hpp"

namespace serry {
namespace {

std::string time_text(std::int64_t ns) {
    std::time_t const seconds = ns / 1'000'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    return fmt::format("{}.{:09} UTC", text, ns % 1'000'000'000);
}

}  // namespace

std::int64_t modified_ns(struct stat const& status) {
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

PinnedFile::PinnedFile(InputFile const& expected) : expected_(expected) {
    try {
        open();
    } catch (...) {
        close();
        throw;
    }
}

PinnedFile::~PinnedFile() { close(); }

void PinnedFile::open() {
    char const* const path = expected_.path.c_str();
    descriptor_ =
        static_cast<int>(retry_reading([&] { return ::open(path, O_RDONLY | O_CLOEXEC); }));
    if (descriptor_ == -1) throw_unreadable("opened", errno);
    posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
    struct stat seen {};
    if (retry_reading([&] { return fstat(descriptor_, &seen); }) == -1)
        throw_unreadable("examined", errno);
    compare(seen);
}

void PinnedFile::close() {
    if (descriptor_ != -1) ::close(descriptor_);
    descriptor_ = -1;
}

void PinnedFile::read(std::uint64_t offset, char* to, std::uint64_t byte_count) {
    bool is_stale = false;
    while (byte_count > 0) {
        std::int64_t const got = retry_reading([&] {
            // A stale handle stays stale; the file may still be there.
            if (is_stale) {
                close();
                open();
            }
            std::int64_t const result =
                pread(descriptor_, to, byte_count, static_cast<off_t>(offset));
            is_stale = result == -1 && errno == ESTALE;
            return result;
        });
        if (got == -1) throw_unreadable("read", errno);
        if (got == 0)
            throw_changed(fmt::format("it ends at byte {}", offset),
                          fmt::format("{} bytes", expected_.size_bytes));
        offset += static_cast<std::uint64_t>(got);
        to += got;
        byte_count -= static_cast<std::uint64_t>(got);
    }
}

void PinnedFile::check() const {
    struct stat seen {};
    if (retry_reading([&] { return fstat(descriptor_, &seen); }) == -1)
        throw_unreadable("examined", errno);
    compare(seen);
    if (retry_reading([&] { return stat(expected_.path.c_str(), &seen); }) == -1)
        throw_unreadable("examined", errno);
    compare(seen);
}

void PinnedFile::compare(struct stat const& seen) const {
    auto const size_bytes = static_cast<std::uint64_t>(seen.st_size);
    if (seen.st_ino != expected_.inode)
        throw_changed(fmt::format("another file has its name (inode {})", seen.st_ino),
                      fmt::format("inode {}", expected_.inode));
    if (size_bytes != expected_.size_bytes)
        throw_changed(fmt::format("it has {} bytes", size_bytes),
                      fmt::format("{} bytes", expected_.size_bytes));
    if (modified_ns(seen) != expected_.modified_ns)
        throw_changed("it was written to at " + time_text(modified_ns(seen)),
                      "the content of " + time_text(expected_.modified_ns));
}

void PinnedFile::throw_unreadable(char const* what, int error_number) const {
    if (error_number == ENOENT || error_number == ESTALE)
        throw_changed("it is not on this host any more",
                      fmt::format("the file of {} bytes that rank 0 listed", expected_.size_bytes));
    throw InputError(fmt::format(
        "{}: cannot be {}: {}; expected a file that every host can read; check its permissions and "
        "its file system, and run the job again",
        expected_.path, what, describe_errno(error_number)));
}

void PinnedFile::throw_changed(std::string const& seen, std::string const& expected) const {
    throw InputError(
        fmt::format("{}: the file changed while it was being read: {}, expected {}; leave the "
                    "input alone while a job runs, and start the job again",
                    expected_.path, seen, expected));
}

}  // namespace serry
