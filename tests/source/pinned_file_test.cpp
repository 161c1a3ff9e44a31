#include "serry/source/pinned_file.hpp"

#include <cerrno>
#include <string>

#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source/input_file.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

int failures_to_come = 0;
int failure_errno = 0;

std::string const advice = "; leave the input alone while a job runs, and start the job again";

struct Fixture {
    TempDir dir;
    std::filesystem::path path = dir / "input.txt";
    InputFile expected;

    Fixture() {
        write_file(path, "0123456789");
        set_modified(path, 1'700'000'000);
        expected = input_file(path);
    }
    std::string changed(std::string const& how) const {
        return path.string() + ": the file changed while it was being read: " + how + advice;
    }
    std::string message_of_opening() const {
        return message_of([&] { PinnedFile const file(expected); });
    }
};

}  // namespace

// In the place of the C library's: fails when a test wants it to.
extern "C" ssize_t pread(int descriptor, void* to, std::size_t byte_count, off_t offset) {
    if (failures_to_come > 0) {
        --failures_to_come;
        errno = failure_errno;
        return -1;
    }
    return syscall(SYS_pread64, descriptor, to, byte_count, offset);
}

TEST_CASE_FIXTURE(Fixture, "any part of a file can be read") {
    PinnedFile file(expected);
    for (std::size_t begin = 0; begin <= 10; ++begin) {
        for (std::size_t end = begin; end <= 10; ++end) {
            std::string part(end - begin, '?');
            file.read(begin, part.data(), part.size());
            CHECK(part == std::string("0123456789").substr(begin, end - begin));
        }
    }
    file.check();
}

TEST_CASE_FIXTURE(Fixture, "a file that has changed since it was listed cannot be opened") {
    SUBCASE("another size") {
        write_file(path, "01234567890");
        CHECK(message_of_opening() == changed("it has 11 bytes, expected 10 bytes"));
    }
    SUBCASE("another time") {
        set_modified(path, 1'700'000'001);
        CHECK(message_of_opening()
              == changed("it was written to at 2023-11-14 22:13:21.000000000 UTC, "
                         "expected the content of 2023-11-14 22:13:20.000000000 UTC"));
    }
    SUBCASE("another file") {
        write_file(dir / "other", "0123456789");
        auto const inode = input_file(dir / "other").inode;
        std::filesystem::rename(dir / "other", path);
        CHECK(message_of_opening()
              == changed("another file has its name (inode " + std::to_string(inode)
                         + "), expected inode " + std::to_string(expected.inode)));
    }
    SUBCASE("no file") {
        std::filesystem::remove(path);
        CHECK(message_of_opening()
              == changed("it is not on this host any more, expected the file of 10 bytes that "
                         "rank 0 listed"));
    }
    CHECK(exit_code_of([&] { PinnedFile const file(expected); }) == ExitCode::input);
}

TEST_CASE_FIXTURE(Fixture, "a change while the file is open is found by the check") {
    PinnedFile file(expected);
    file.check();
    SUBCASE("another size") {
        write_file(path, "012345678");
        CHECK(message_of([&] { file.check(); }) == changed("it has 9 bytes, expected 10 bytes"));
    }
    SUBCASE("another time") {
        set_modified(path, 1'800'000'000);
        CHECK(message_of([&] { file.check(); })
              == changed("it was written to at 2027-01-15 08:00:00.000000000 UTC, "
                         "expected the content of 2023-11-14 22:13:20.000000000 UTC"));
    }
    SUBCASE("another file") {
        write_file(dir / "other", "0123456789");
        std::filesystem::rename(dir / "other", path);
        CHECK(message_of([&] { file.check(); })
                  .starts_with(
                      path.string()
                      + ": the file changed while it was being read: another file has its name"));
    }
    SUBCASE("no file") {
        std::filesystem::remove(path);
        CHECK(message_of([&] { file.check(); })
              == changed("it is not on this host any more, expected the file of 10 bytes that "
                         "rank 0 listed"));
    }
}

TEST_CASE_FIXTURE(Fixture, "a file that ends within what is read has changed") {
    PinnedFile file(expected);
    std::filesystem::resize_file(path, 4);
    std::string part(8, '?');
    file.read(0, part.data(), 4);
    CHECK(part == "0123????");
    CHECK(message_of([&] { file.read(2, part.data(), 8); })
          == changed("it ends at byte 4, expected 10 bytes"));
}

TEST_CASE_FIXTURE(Fixture, "a file that may not be read is an error that says so") {
    std::filesystem::permissions(path, std::filesystem::perms::none);
    std::filesystem::permissions(dir.path(), std::filesystem::perms::all);
    std::string message;
    {
        WithoutRights const without_rights;
        message = message_of_opening();
    }
    CHECK(message
          == path.string()
                 + ": cannot be opened: Permission denied; expected a file that every host can "
                   "read; check its permissions and its file system, and run the job again");
}

TEST_CASE_FIXTURE(Fixture, "what is no file cannot be read, and the error says where") {
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    InputFile const directory = input_file(path);
    PinnedFile file(directory);
    char byte = 0;
    CHECK(message_of([&] { file.read(0, &byte, 1); })
          == path.string()
                 + ": cannot be read: Is a directory; expected a file that every host can read; "
                   "check its permissions and its file system, and run the job again");
}

TEST_CASE_FIXTURE(Fixture, "a read that fails for a while is tried again") {
    for (int const error_number : {EIO, EINTR, ESTALE}) {
        PinnedFile file(expected);
        failure_errno = error_number;
        failures_to_come = 2;
        std::string part(10, '?');
        file.read(0, part.data(), 10);
        CHECK(part == "0123456789");
        CHECK(failures_to_come == 0);
    }
}

TEST_CASE_FIXTURE(Fixture, "a read that fails again and again is an error") {
    PinnedFile file(expected);
    failure_errno = EIO;
    failures_to_come = 4;
    char byte = 0;
    CHECK(message_of([&] { file.read(0, &byte, 1); })
          == path.string()
                 + ": cannot be read: Input/output error; expected a file that every host can "
                   "read; check its permissions and its file system, and run the job again");
    CHECK(failures_to_come == 0);
}

TEST_CASE_FIXTURE(Fixture, "a stale handle is opened again, and must give the same file") {
    PinnedFile file(expected);
    failure_errno = ESTALE;
    failures_to_come = 1;
    std::string part(10, '?');
    SUBCASE("it does") {
        file.read(0, part.data(), 10);
        CHECK(part == "0123456789");
    }
    SUBCASE("there is none") {
        std::filesystem::remove(path);
        CHECK(
            message_of([&] { file.read(0, part.data(), 10); })
            == changed("it is not on this host any more, expected the file of 10 bytes that rank 0 "
                       "listed"));
    }
    SUBCASE("there is another one") {
        write_file(path, "something else");
        CHECK(message_of([&] { file.read(0, part.data(), 10); })
              == changed("it has 14 bytes, expected 10 bytes"));
    }
    CHECK(failures_to_come == 0);
}
