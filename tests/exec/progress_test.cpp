#include "serry/exec/progress.hpp"

#include <chrono>
#include <regex>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

using namespace serry;
using namespace serry::test;
using namespace std::chrono_literals;

namespace {

/// While it lives, stderr goes into a file.
class CapturedErrors {
public:
    CapturedErrors() : saved_(dup(STDERR_FILENO)) {
        int const file = open((dir_ / "stderr").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
        dup2(file, STDERR_FILENO);
        close(file);
    }
    ~CapturedErrors() {
        dup2(saved_, STDERR_FILENO);
        close(saved_);
    }
    CapturedErrors(CapturedErrors const&) = delete;
    CapturedErrors& operator=(CapturedErrors const&) = delete;

    std::string text() const { return read_file(dir_ / "stderr"); }

private:
    TempDir dir_;
    int saved_;
};

StagePlan const stage{.number = 7,
                      .transformation = 0,
                      .ends_in_exchange = false,
                      .tasks = Placement(9),
                      .name = "x"};

/// What a stage prints of which 1 of 4 tasks is done after `time`.
std::string printed_after(std::chrono::milliseconds time,
                          std::string const& mode,
                          bool is_rank_0 = true) {
    CapturedErrors const errors;
    Progress progress(mode, is_rank_0);
    progress.start(stage, 4);
    progress.task_done();
    progress.tick();
    std::this_thread::sleep_for(time);
    progress.tick();
    progress.end();
    return errors.text();
}

}  // namespace

TEST_CASE("a bar is drawn over its line after half a second, and taken away at the end") {
    std::string const text = printed_after(510ms, "bar");
    std::regex const expected(
        "\r\\[#######\\.{23}\\] stage 7: 1 of rank 0's 4 tasks done after "
        "5\\d\\d ms\033\\[K\r\033\\[K");
    CHECK_MESSAGE(std::regex_match(text, expected), text);
}

TEST_CASE("short stages, lines before ten seconds, other ranks and `off` print nothing") {
    CHECK(printed_after(10ms, "bar") == "");
    CHECK(printed_after(510ms, "lines") == "");
    CHECK(printed_after(510ms, "bar", false) == "");
    CHECK(printed_after(510ms, "off") == "");
}

TEST_CASE("a rank without tasks has a full bar") {
    CapturedErrors const errors;
    Progress progress("bar", true);
    progress.start(stage, 0);
    std::this_thread::sleep_for(510ms);
    progress.tick();
    CHECK(errors.text().find("[##############################] stage 7: 0 of rank 0's 0 tasks")
          == 1);
}
