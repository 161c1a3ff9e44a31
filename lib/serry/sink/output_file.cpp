#include "serry/sink/output_file.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

/// What is free on the file system of `path`, which itself need not exist.
std::string describe_free(std::string const& path) {
    struct statvfs room = {};
    std::string const folder = path.substr(0, path.rfind('/') + 1);
    if (statvfs(folder.empty() ? "." : folder.c_str(), &room) != 0) return "";
    if (room.f_files > 0 && room.f_favail == 0) return "its file system can hold no more files; ";
    return fmt::format("{} are free on its file system; ",
                       format_bytes(std::uint64_t{room.f_bavail} * room.f_frsize));
}

std::string advice(std::string const& path, int error_number, char const* option) {
    switch (error_number) {
        case ENOSPC:
            return fmt::format("{}make room there or choose another {}", describe_free(path),
                               option);
        case EDQUOT:
            return fmt::format("{}make room within your quota there or choose another {}",
                               describe_free(path), option);
        case EACCES:
        case EPERM:
        case EROFS:
            return fmt::format("choose {} {} that this user may write",
                               option == std::string_view("--output") ? "an" : "a", option);
        case ENOENT:
            return fmt::format("the folder of {} must be on a file system that all nodes share",
                               option);
        case EIO:
            return "the disk or the file server has failed; run the job again or elsewhere";
        default:
            return fmt::format("choose another {} if it stays so", option);
    }
}

template <typename Call>
auto retry_interrupted(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

}  // namespace

void throw_file_failure(std::string const& path,
                        std::string const& doing,
                        int error_number,
                        char const* option) {
    throw StorageError(fmt::format("{}: {} failed: {}; {}", path, doing,
                                   describe_errno(error_number),
                                   advice(path, error_number, option)));
}

OutputFile::OutputFile(std::string path, char const* option)
    : path_(std::move(path)), option_(option), descriptor_(retry_interrupted([this] {
          return open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      })) {
    if (descriptor_ < 0) throw_file_failure(path_, "making the file", errno, option_);
}

OutputFile::~OutputFile() { close_quietly(); }

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      option_(other.option_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      byte_count_(other.byte_count_) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
    if (this == &other) return *this;
    close_quietly();
    path_ = std::move(other.path_);
    option_ = other.option_;
    descriptor_ = std::exchange(other.descriptor_, -1);
    byte_count_ = other.byte_count_;
    return *this;
}

void OutputFile::write(std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t const written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0) {
            int const error = errno;
            if (error == EINTR) continue;
            fail(fmt::format("writing {} more", format_bytes(bytes.size())), error);
        }
        byte_count_ += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void OutputFile::write_at(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        ssize_t const written =
            pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0) {
            int const error = errno;
            if (error == EINTR) continue;
            fail(fmt::format("writing {}", format_bytes(bytes.size())), error);
        }
        offset += static_cast<std::uint64_t>(written);
        byte_count_ = std::max(byte_count_, offset);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

void OutputFile::read_at(std::uint64_t offset, char* to, std::uint64_t byte_count) const {
    while (byte_count > 0) {
        ssize_t const got = retry_interrupted(
            [&] { return pread(descriptor_, to, byte_count, static_cast<off_t>(offset)); });
        if (got <= 0) fail("reading it back", got < 0 ? errno : EIO);
        offset += static_cast<std::uint64_t>(got);
        to += got;
        byte_count -= static_cast<std::uint64_t>(got);
    }
}

void OutputFile::start_sync() noexcept {
    sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE);  // a hint; sync() sees every failure
}

void OutputFile::sync() {
    if (retry_interrupted([this] { return fsync(descriptor_); }) != 0)
        fail("bringing it to the disk", errno);
}

void OutputFile::close() {
    // Linux closes the descriptor even when it reports that a signal came.
    if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) fail("closing it", errno);
}

void OutputFile::fail(std::string const& doing, int error_number) const {
    throw_file_failure(path_, fmt::format("{} after {}", doing, format_bytes(byte_count_)),
                       error_number, option_);
}

void OutputFile::close_quietly() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void sync_folder(std::string const& path, char const* option) {
    int const descriptor =
        retry_interrupted([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
    if (descriptor < 0) throw_file_failure(path, "opening the folder", errno, option);
    int const error = retry_interrupted([&] { return fsync(descriptor); }) == 0 ? 0 : errno;
    ::close(descriptor);
    // Some network file systems cannot do this to a folder, and keep names safe themselves.
    if (error != 0 && error != EINVAL && error != EBADF && error != EOPNOTSUPP)
        throw_file_failure(path, "bringing the folder to the disk", error, option);
}

}  // namespace serry
