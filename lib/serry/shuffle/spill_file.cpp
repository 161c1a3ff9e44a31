#include "serry/shuffle/spill_file.hpp"

#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <lz4.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/base/hash.hpp"
#include "serry/base/units.hpp"

namespace serry {
namespace {

std::string free_space(std::string const& folder) {
    struct statvfs space {};
    if (statvfs(folder.c_str(), &space) != 0) return "unknown";
    return format_bytes(std::uint64_t{space.f_bavail} * space.f_frsize);
}

}  // namespace

std::string SpillFile::what_is_wrong_with(std::string const& folder) {
    struct stat found {};
    if (stat(folder.c_str(), &found) != 0) return describe_errno(errno);
    if (!S_ISDIR(found.st_mode)) return describe_errno(ENOTDIR);
    return access(folder.c_str(), W_OK | X_OK) == 0 ? "" : describe_errno(errno);
}

SpillFile::~SpillFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

void SpillFile::open() {
    std::string path = folder_ + "/serry-spill-XXXXXX";
    descriptor_ = mkstemp(path.data());
    if (descriptor_ < 0)
        throw StorageError(
            fmt::format("scratch: cannot make a file in {}: {}; choose another folder by --scratch",
                        folder_, describe_errno(errno)));
    unlink(path.c_str());
}

SpillFile::Extent SpillFile::write(std::string_view block) {
    if (descriptor_ < 0) open();
    int const plain = static_cast<int>(block.size());
    compressed_.clear();
    char* const to = compressed_.extend(static_cast<std::size_t>(LZ4_compressBound(plain)));
    int const stored =
        LZ4_compress_default(block.data(), to, plain, static_cast<int>(compressed_.size()));
    Extent const extent{end_, static_cast<std::uint32_t>(stored), static_cast<std::uint32_t>(plain),
                        hash_long(block)};
    for (std::uint64_t done = 0; done < extent.stored_bytes;) {
        ssize_t const wrote = pwrite(descriptor_, to + done, extent.stored_bytes - done,
                                     static_cast<off_t>(extent.offset + done));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0)
            throw StorageError(
                fmt::format("scratch: writing {} to {} failed after {}: {} ({} free); free space "
                            "there, choose another "
                            "folder by --scratch, or raise --memory",
                            format_bytes(extent.stored_bytes), folder_, format_bytes(end_),
                            describe_errno(wrote < 0 ? errno : ENOSPC), free_space(folder_)));
        done += static_cast<std::uint64_t>(wrote);
    }
    end_ += extent.stored_bytes;
    return extent;
}

void SpillFile::read(Extent const& extent, ByteWriter& block) {
    compressed_.clear();
    char* const from = compressed_.extend(extent.stored_bytes);
    std::uint64_t done = 0;
    while (done < extent.stored_bytes) {
        ssize_t const got = pread(descriptor_, from + done, extent.stored_bytes - done,
                                  static_cast<off_t>(extent.offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += static_cast<std::uint64_t>(got);
    }
    block.clear();
    char* const to = block.extend(extent.plain_bytes);
    int const plain =
        LZ4_decompress_safe(from, to, static_cast<int>(done), static_cast<int>(extent.plain_bytes));
    if (done != extent.stored_bytes || plain != static_cast<int>(extent.plain_bytes)
        || hash_long(block.view()) != extent.checksum)
        throw StorageError(fmt::format(
            "scratch: the block at byte {} of the spill file in {} does not read back as it was "
            "written; "
            "the disk is failing or something else wrote there: choose another folder by --scratch",
            extent.offset, folder_));
}

}  // namespace serry
