#pragma once

#include <filesystem>

#include "support/temp_dir.hpp"

namespace serry::test {

/// Collective. One folder for all ranks, made by rank 0. Removed at its end, when all ranks have
/// come there, unless the test has failed on any of them.
class SharedTempDir {
public:
    SharedTempDir();
    ~SharedTempDir();
    SharedTempDir(SharedTempDir const&) = delete;
    SharedTempDir& operator=(SharedTempDir const&) = delete;

    std::filesystem::path const& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace serry::test
