#pragma once

// For one source of a test program: stands between the program and some calls of the system, so
// that a test can say how the next ones end.

#include <cerrno>
#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace serry::test {

inline constexpr int goes_on = 0;        ///< the call is made
inline constexpr int is_cut_short = -1;  ///< write and pwrite: a third of the bytes are written
inline constexpr int dies = -2;          ///< the process ends there, as if killed

/// While it lives, the next calls of `name` end as said, each by an errno or a word above; later
/// calls are made.
class FailingCalls {
public:
    FailingCalls(std::string name, std::deque<int> ends) : name_(std::move(name)) {
        pending()[name_] = std::move(ends);
    }
    ~FailingCalls() { pending().erase(name_); }
    FailingCalls(FailingCalls const&) = delete;
    FailingCalls& operator=(FailingCalls const&) = delete;

    /// A test whose failures did not come to pass has shown nothing.
    bool all_came() const { return left_count() == 0; }
    std::size_t left_count() const { return pending()[name_].size(); }

    static int next(std::string const& name) {
        auto const found = pending().find(name);
        if (found == pending().end() || found->second.empty()) return goes_on;
        int const end = found->second.front();
        found->second.pop_front();
        if (end == dies) _exit(99);
        return end;
    }

private:
    static std::map<std::string, std::deque<int>>& pending() {
        static std::map<std::string, std::deque<int>> calls;
        return calls;
    }

    std::string name_;
};

template <typename Call>
auto ends_or(int end, Call call) {
    if (end == goes_on) return call();
    errno = end;
    return static_cast<decltype(call())>(-1);
}

}  // namespace serry::test

extern "C" {

ssize_t write(int file, void const* bytes, size_t count) {
    bool const is_tested = file > STDERR_FILENO;
    int const end = is_tested ? serry::test::FailingCalls::next("write") : serry::test::goes_on;
    if (end == serry::test::is_cut_short) return syscall(SYS_write, file, bytes, count / 3);
    return serry::test::ends_or(end, [&] { return syscall(SYS_write, file, bytes, count); });
}

ssize_t pwrite(int file, void const* bytes, size_t count, off_t offset) {
    int const end = serry::test::FailingCalls::next("pwrite");
    if (end == serry::test::is_cut_short)
        return syscall(SYS_pwrite64, file, bytes, count / 3, offset);
    return serry::test::ends_or(end,
                                [&] { return syscall(SYS_pwrite64, file, bytes, count, offset); });
}

int mkdir(char const* path, mode_t mode) noexcept {
    return serry::test::ends_or(serry::test::FailingCalls::next("mkdir"),
                                [&] { return static_cast<int>(syscall(SYS_mkdir, path, mode)); });
}

int fdatasync(int file) {
    return serry::test::ends_or(serry::test::FailingCalls::next("fdatasync"),
                                [&] { return static_cast<int>(syscall(SYS_fdatasync, file)); });
}

int fsync(int file) {
    return serry::test::ends_or(serry::test::FailingCalls::next("fsync"),
                                [&] { return static_cast<int>(syscall(SYS_fsync, file)); });
}

int close(int file) {
    int const end = serry::test::FailingCalls::next("close");
    int const result = static_cast<int>(syscall(SYS_close, file));
    return serry::test::ends_or(end, [&] { return result; });
}

int renameat2(int from_at, char const* from, int to_at, char const* to, unsigned flags) noexcept {
    return serry::test::ends_or(serry::test::FailingCalls::next("renameat2"), [&] {
        return static_cast<int>(syscall(SYS_renameat2, from_at, from, to_at, to, flags));
    });
}

int rename(char const* from, char const* to) noexcept {
    return serry::test::ends_or(serry::test::FailingCalls::next("rename"), [&] {
        return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
    });
}
}
