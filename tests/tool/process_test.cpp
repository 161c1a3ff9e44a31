#include "serry/tool/process.hpp"

#include <string>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;

namespace {

struct Ended {
    int status = 0;
    std::string said;
};

Ended run(TempDir const& dir, std::vector<std::string> const& words) {
    pid_t const process = start_process("tester", words, [&] {
        int const file = open((dir / "said").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        setenv("PREPARED", "yes", 1);
    });
    REQUIRE(process > 0);
    Ended ended;
    REQUIRE(waitpid(process, &ended.status, 0) == process);
    ended.said = read_file(dir / "said");
    return ended;
}

}  // namespace

TEST_CASE("a program is started as prepared, in a group of its own") {
    TempDir const dir;
    Ended const ended =
        run(dir, {"sh", "-c", "echo $PREPARED \"$1\" $$ $(ps -o pgid= -p $$)", "sh", "two words"});
    CHECK(WEXITSTATUS(ended.status) == 0);
    REQUIRE(ended.said.starts_with("yes two words "));
    std::string const ids = ended.said.substr(14);
    std::string const id = ids.substr(0, ids.find(' '));
    CHECK(ids == id + " " + id + "\n");
    CHECK(std::to_string(getpid()) != id);
}

TEST_CASE("what is no program says so") {
    TempDir const dir;
    Ended const ended = run(dir, {"/no/such/program"});
    CHECK(WEXITSTATUS(ended.status) == 127);
    CHECK(ended.said == "tester: /no/such/program: No such file or directory\n");
}
