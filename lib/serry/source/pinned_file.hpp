#pragma once

#include <cstdint>
#include <string>

#include "serry/plan/split.hpp"

struct stat;

namespace serry {

/// A file of the job's input, open for reading, which has to stay what rank 0 saw when it listed
/// the input: every task must read the same bytes, now and when the job is resumed. Size, time of
/// modification and inode are compared; whatever differs is an InputError. Errors of reading that
/// may pass are retried.
class PinnedFile {
public:
    /// Open the file and check it. `expected` outlives this.
    explicit PinnedFile(InputFile const& expected);
    ~PinnedFile();
    PinnedFile(PinnedFile const&) = delete;
    PinnedFile& operator=(PinnedFile const&) = delete;

    /// Read `byte_count` bytes from `offset` on. Requires that they lie within the expected size;
    /// if the file ends before, it has changed.
    void read(std::uint64_t offset, char* to, std::uint64_t byte_count);

    /// Check that neither the open file nor the one that now has its name differs from what is
    /// expected.
    void check() const;

    InputFile const& expected() const { return expected_; }

private:
    void open();
    void close();
    void compare(struct stat const& seen) const;
    [[noreturn]] void throw_unreadable(char const* what, int error_number) const;
    [[noreturn]] void throw_changed(std::string const& seen, std::string const& expected) const;

    InputFile const& expected_;
    int descriptor_ = -1;
};

/// The time of the last modification in ns since 1970, as InputFile holds it.
std::int64_t modified_ns(struct stat const& status);

}  // namespace serry
