#include "serry/tool/exit_cause.hpp"

#include <csignal>

#include <doctest/doctest.h>

using serry::cause_of_exit;
using serry::ExitCause;
using Kind = serry::ExitCause::Kind;

namespace {

ExitCause of_code(int code) { return cause_of_exit(code << 8, false); }

}  // namespace

TEST_CASE("every exit code of serry's, mpirun's and of signals has its cause") {
    CHECK(of_code(0).kind == Kind::done);
    for (int const code : {2, 64, 65, 66, 71, 74}) {
        CHECK(of_code(code).kind == Kind::hopeless);
        CHECK(of_code(code).text
              == "it ended with exit code " + std::to_string(code) + ", and would again");
    }
    CHECK(of_code(70).kind == Kind::preempted);
    for (int const code : {1, 75, 76, 86, 110, 124, 137, 139, 205})
        CHECK(of_code(code).kind == Kind::fault);
    CHECK(of_code(137).text == "a rank was ended by signal 9 (Killed)");
    CHECK(of_code(86).text == "it hung");
    CHECK(of_code(205).text == "a node, or the network to it, was lost");
    CHECK(of_code(1).text == "it ended with exit code 1");
    CHECK(cause_of_exit(SIGKILL, false).text == "the launcher was ended by signal 9 (Killed)");
    CHECK(cause_of_exit(143 << 8, true).text == "it hung, and was ended");
}

TEST_CASE("an exit code is the shell's") {
    CHECK(serry::exit_code_of(66 << 8) == 66);
    CHECK(serry::exit_code_of(SIGKILL) == 137);
}
