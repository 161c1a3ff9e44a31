#include "serry/source/file_listing.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "source/input_file.hpp"
#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Fixture {
    TempDir dir;

    std::string at(std::string const& name) const { return dir.path().string() + '/' + name; }

    /// The files that patterns of the folder name, without its path.
    std::vector<std::string> listed(std::vector<std::string> patterns) const {
        for (std::string& pattern : patterns) pattern = at(pattern);
        std::vector<std::string> names;
        for (InputFile const& file : list_files(patterns)) {
            REQUIRE(file.path.starts_with(at("")));
            names.push_back(file.path.substr(at("").size()));
        }
        return names;
    }

    std::string message_of_listing(std::string const& pattern) const {
        CHECK(exit_code_of([&] { list_files({at(pattern)}); }) == ExitCode::input);
        return message_of([&] { list_files({at(pattern)}); });
    }

    void write(std::initializer_list<char const*> names) const {
        for (char const* name : names) write_file(dir / name, name);
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Fixture, "a file is listed with its size, time and inode") {
    write({"a.txt"});
    set_modified(dir / "a.txt", 1'234'567'890);
    auto const files = list_files({at("a.txt")});
    REQUIRE(files.size() == 1);
    CHECK(files[0].path == at("a.txt"));
    CHECK(files[0].size_bytes == 5);
    CHECK(files[0].modified_ns == 1'234'567'890'000'000'000);
    CHECK(files[0].inode == input_file(dir / "a.txt").inode);
}

TEST_CASE_FIXTURE(Fixture, "a directory stands for its files, sorted, but not for marked ones") {
    write({"in/b", "in/a", "in/B", "in/10", "in/9", "in/.hidden", "in/_SUCCESS", "in/below/c"});
    std::filesystem::create_symlink("a", dir / "in/link");
    std::filesystem::create_symlink("below", dir / "in/link_to_directory");
    REQUIRE(mkfifo(at("in/pipe").c_str(), 0600) == 0);
    Names const expected{"in/10", "in/9", "in/B", "in/a", "in/b", "in/link"};
    CHECK(listed({"in"}) == expected);
    CHECK(listed({"in/"}) == expected);
}

TEST_CASE_FIXTURE(Fixture, "a glob stands for the files that it matches, sorted") {
    write({"part-2", "part-1", "part-10", "other", "_SUCCESS", ".part-3"});
    CHECK(listed({"part-*"}) == Names{"part-1", "part-10", "part-2"});
    CHECK(listed({"part-?"}) == Names{"part-1", "part-2"});
    CHECK(listed({"part-[2-9]"}) == Names{"part-2"});
    CHECK(listed({"{other,part-2}"}) == Names{"other", "part-2"});
    CHECK(listed({"*"}) == Names{"other", "part-1", "part-10", "part-2"});
    CHECK(listed({"_S*"}) == Names{"_SUCCESS"});
    CHECK(listed({".p*"}) == Names{".part-3"});
}

TEST_CASE_FIXTURE(Fixture, "a glob that matches directories stands for their files, too") {
    write({"day-2/b", "day-1/z", "day-1/_SUCCESS", "day-1/deep/c", "day-3.txt"});
    CHECK(listed({"day-*"}) == Names{"day-1/z", "day-2/b", "day-3.txt"});
    CHECK(listed({"*/*"}) == Names{"day-1/deep/c", "day-1/z", "day-2/b"});
    CHECK(listed({"day-*/"}) == Names{"day-1/z", "day-2/b"});
}

TEST_CASE_FIXTURE(Fixture, "a path that exists is taken as it stands, whatever its characters") {
    write({"a[1]", "a1", "what?", "whatx", "_marked", ".hidden"});
    CHECK(listed({"a[1]"}) == Names{"a[1]"});
    CHECK(listed({"what?"}) == Names{"what?"});
    CHECK(listed({"_marked"}) == Names{"_marked"});
    CHECK(listed({".hidden"}) == Names{".hidden"});
}

TEST_CASE_FIXTURE(Fixture,
                  "files come in the order of the patterns, and as often as they are named") {
    write({"x/1", "x/2", "a"});
    CHECK(listed({"x", "a", "x/1", "a"}) == Names{"x/1", "x/2", "a", "x/1", "a"});
}

TEST_CASE_FIXTURE(Fixture, "an empty file is a file") {
    write_file(dir / "empty", "");
    CHECK(listed({"empty"}) == Names{"empty"});
}

TEST_CASE_FIXTURE(Fixture, "a path that is not there is an error") {
    write({"file"});
    for (std::string const name : {"nothing", "no/thing", "file/below"})
        CHECK(message_of_listing(name)
              == at(name)
                     + ": no such file or directory; expected a file, a directory or a pattern "
                       "that matches files; check the path, and that the host of rank 0 sees it");
}

TEST_CASE_FIXTURE(Fixture, "an empty path is an error") {
    CHECK(message_of([] { list_files({""}); })
          == "an input path is empty; expected a file, a directory or a pattern; check the "
             "arguments of the program");
}

TEST_CASE_FIXTURE(Fixture, "a glob that matches nothing is an error") {
    write({"_SUCCESS", "below/_marked"});
    for (std::string const pattern : {"part-*", "[S]", "*"})
        CHECK(message_of_listing(pattern)
              == at(pattern)
                     + ": the pattern matches no files, expected one or more (names that begin "
                       "with "
                       "'.' or '_' do not count); check it, and that the host of rank 0 sees them");
}

TEST_CASE_FIXTURE(Fixture, "a directory without files is an error") {
    write({"in/_SUCCESS", "in/.hidden", "in/below/c"});
    CHECK(message_of_listing("in")
          == at("in")
                 + ": the directory holds no files, expected one or more (names that begin with "
                   "'.' or '_' do not count, nor do directories below it); check the path");
}

TEST_CASE_FIXTURE(Fixture, "what is no regular file is an error") {
    REQUIRE(mkfifo(at("pipe").c_str(), 0600) == 0);
    std::string const advice =
        ", expected a regular file, whose parts can be read in any order; copy its content to a "
        "file and read that";
    CHECK(message_of_listing("pipe") == at("pipe") + ": is a pipe" + advice);
    CHECK(message_of_listing("pip*") == at("pipe") + ": is a pipe" + advice);
    CHECK(message_of([] { list_files({"/dev/null"}); }) == "/dev/null: is a device" + advice);
}

TEST_CASE_FIXTURE(Fixture, "a link to nothing is an error, also in a directory") {
    std::filesystem::create_directory(dir / "in");
    std::filesystem::create_symlink("nothing", dir / "in/link");
    CHECK(message_of_listing("in").starts_with(at("in/link") + ": no such file or directory;"));
}

TEST_CASE_FIXTURE(Fixture, "what may not be read is an error") {
    using std::filesystem::perms;
    write({"secret", "locked/a"});
    std::filesystem::permissions(dir.path(), perms::all);
    std::filesystem::permissions(dir / "secret", perms::none);
    std::filesystem::permissions(dir / "locked", perms::none);
    std::string const advice =
        ": cannot be read: Permission denied; expected a file or directory that this user may "
        "read; check its permissions and those of the directories above it";
    auto const message = [&](std::string const& pattern) {
        WithoutRights const without_rights;
        return message_of([&] { list_files({at(pattern)}); });
    };
    CHECK(message("secret") == at("secret") + advice);
    CHECK(message("sec*") == at("secret") + advice);
    CHECK(message("locked") == at("locked") + advice);
    CHECK(message("locked/a") == at("locked/a") + advice);
    CHECK(message("locked/*") == at("locked/*") + advice);
    perms const no_listing = perms::owner_exec | perms::group_exec | perms::others_exec;
    std::filesystem::permissions(dir / "locked", no_listing);
    CHECK(message("locked/*") == at("locked") + advice);
    std::filesystem::permissions(dir / "locked", perms::all);
}
