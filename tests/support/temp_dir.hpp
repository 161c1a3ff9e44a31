#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace serry::test {

/// A folder of the test's own. Removed at its end, unless the test has failed: then it is kept, and
/// stderr says where.
class TempDir {
public:
    TempDir();
    ~TempDir();
    TempDir(TempDir const&) = delete;
    TempDir& operator=(TempDir const&) = delete;

    std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The path of `name` in a folder, TempDir or SharedTempDir.
template <typename Dir>
requires requires(Dir const& dir) { dir.path(); }
std::filesystem::path operator/(Dir const& dir, std::string_view name) { return dir.path() / name; }

/// Write a whole file; its parent folders are made. Throws std::system_error.
void write_file(std::filesystem::path const& path, std::string_view text);

/// Read a whole file. Throws std::system_error.
std::string read_file(std::filesystem::path const& path);

// What the two kinds of folder are made of.
std::filesystem::path make_temp_dir();
void remove_or_keep(std::filesystem::path const& path, bool keep);

/// Whether the test case that runs has failed so far, on this rank.
bool test_has_failed();

}  // namespace serry::test
