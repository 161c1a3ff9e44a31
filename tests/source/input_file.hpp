#pragma once

#include <filesystem>
#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serry/base/error.hpp"
#include "serry/plan/split.hpp"
#include "serry/source/pinned_file.hpp"

namespace serry::test {

/// The file as it is now.
inline InputFile input_file(std::filesystem::path const& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) throw std::runtime_error(path.string());
    return {.path = path.string(),
            .size_bytes = static_cast<std::uint64_t>(status.st_size),
            .modified_ns = modified_ns(status),
            .inode = status.st_ino};
}

/// Set the time of modification, in seconds since 1970.
inline void set_modified(std::filesystem::path const& path, long seconds) {
    timespec const times[2] = {{.tv_sec = seconds, .tv_nsec = 0},
                               {.tv_sec = seconds, .tv_nsec = 0}};
    if (utimensat(AT_FDCWD, path.c_str(), times, 0) != 0) throw std::runtime_error(path.string());
}

/// What the exception that `call` throws says; "" if there is none.
template <typename Call>
std::string message_of(Call call) {
    try {
        call();
    } catch (Error const& error) {
        return error.what();
    }
    return "";
}

/// The exit code of the error that `call` throws; ok if there is none.
template <typename Call>
ExitCode exit_code_of(Call call) {
    try {
        call();
    } catch (Error const& error) {
        return error.exit_code();
    }
    return ExitCode::ok;
}

/// For a while not root, who may read everything.
class WithoutRights {
public:
    WithoutRights() {
        if (geteuid() == 0) REQUIRE(seteuid(65534) == 0);
    }
    ~WithoutRights() {
        if (getuid() == 0) CHECK(seteuid(0) == 0);
    }
    WithoutRights(WithoutRights const&) = delete;
    WithoutRights& operator=(WithoutRights const&) = delete;
};

}  // namespace serry::test
