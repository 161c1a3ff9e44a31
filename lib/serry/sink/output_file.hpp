#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace serry {

/// A new file, written from its beginning to its end or in any order. What fails throws
/// StorageError with the path, what was being done, errno's text and what to do about it. The
/// destructor closes quietly, and leaves the file as it is then.
class OutputFile {
public:
    /// Make the file. One that exists already is an error. `option`: what the user chose its place
    /// by, for messages.
    explicit OutputFile(std::string path, char const* option = "--output");
    ~OutputFile();
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&& other) noexcept;

    /// Hand all of `bytes` to the system.
    void write(std::string_view bytes);
    /// Hand them to the system for the bytes from `offset` on.
    void write_at(std::uint64_t offset, std::string_view bytes);
    /// Read bytes that were written. Requires that there are so many.
    void read_at(std::uint64_t offset, char* to, std::uint64_t byte_count) const;
    /// Have the disk begin with what was written, so that sync() has less to wait for.
    void start_sync() noexcept;
    /// Wait until what was written would survive a loss of power.
    void sync();
    /// Some file systems tell of a failed write only now.
    void close();

    std::string const& path() const { return path_; }
    /// Where the file ends.
    std::uint64_t byte_count() const { return byte_count_; }

private:
    void close_quietly() noexcept;
    [[noreturn]] void fail(std::string const& doing, int error_number) const;

    std::string path_;
    char const* option_;
    int descriptor_;
    std::uint64_t byte_count_ = 0;
};

/// Throw StorageError "PATH: DOING failed: ERRNO'S TEXT; WHAT TO DO", with the free bytes of the
/// file system that `path` is on where the disk or a quota is full. `option`: what the user chose
/// the path by.
[[noreturn]] void throw_file_failure(std::string const& path,
                                     std::string const& doing,
                                     int error_number,
                                     char const* option = "--output");

/// Make what the folder holds (names, not the files behind them) survive a loss of power.
void sync_folder(std::string const& path, char const* option = "--output");

}  // namespace serry
