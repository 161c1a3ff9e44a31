#include "serry/base/error.hpp"

#include <cerrno>
#include <new>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace serry;

namespace {

struct Told {
    std::string text;
    ExitCode code;
};

/// What is said of what `call` throws.
template <typename Call>
Told told_of(Call call) {
    try {
        call();
    } catch (...) {
        return {describe_current_exception(), code_of_current_exception()};
    }
    return {"nothing thrown", ExitCode::ok};
}

struct Mishap {};

class Spill : public std::exception {
public:
    char const* what() const noexcept override { return "milk"; }
};

}  // namespace

TEST_CASE("exit codes are a promise to scripts") {
    auto const number = [](ExitCode code) { return static_cast<int>(code); };
    CHECK(number(ExitCode::ok) == 0);
    CHECK(number(ExitCode::usage) == 2);
    CHECK(number(ExitCode::divergence) == 64);
    CHECK(number(ExitCode::input) == 65);
    CHECK(number(ExitCode::user_function) == 66);
    CHECK(number(ExitCode::preempted) == 70);
    CHECK(number(ExitCode::does_not_fit) == 71);
    CHECK(number(ExitCode::storage) == 74);
    CHECK(number(ExitCode::too_few_nodes) == 75);
    CHECK(number(ExitCode::communication) == 76);
    CHECK(number(ExitCode::hang) == 86);
}

TEST_CASE("each kind of error has its exit code, unless it is given another") {
    CHECK(UsageError("text").exit_code() == ExitCode::usage);
    CHECK(UsageError("text", ExitCode::divergence).exit_code() == ExitCode::divergence);
    CHECK(InputError("text").exit_code() == ExitCode::input);
    CHECK(CommError("text").exit_code() == ExitCode::communication);
    CHECK(StorageError("text").exit_code() == ExitCode::storage);
    CHECK(StorageError("text", ExitCode::does_not_fit).exit_code() == ExitCode::does_not_fit);
    CHECK(StageError(ExitCode::user_function, "text").exit_code() == ExitCode::user_function);
    CHECK(Error(ExitCode::hang, "the text").what() == std::string("the text"));
}

TEST_CASE("serry's own errors are told by their text alone") {
    Told const told = told_of([] { throw InputError("a.txt: no such file"); });
    CHECK(told.text == "a.txt: no such file");
    CHECK(told.code == ExitCode::input);
}

TEST_CASE("exceptions of others are told with their type, as a user's function failing") {
    Told told = told_of([] { throw std::out_of_range("no such key"); });
    CHECK(told.text == "std::out_of_range: no such key");
    CHECK(told.code == ExitCode::user_function);
    told = told_of([] { throw Spill(); });
    CHECK(told.text == "(anonymous namespace)::Spill: milk");
    CHECK(told.code == ExitCode::user_function);
}

TEST_CASE("what is no std::exception is told by its type") {
    Told told = told_of([] { throw 42; });
    CHECK(told.text == "an exception of type int");
    CHECK(told.code == ExitCode::user_function);
    told = told_of([] { throw Mishap{}; });
    CHECK(told.text == "an exception of type (anonymous namespace)::Mishap");
    told = told_of([] { throw "text"; });
    CHECK(told.text == "an exception of type char const*");
}

TEST_CASE("memory that cannot be had does not fit") {
    Told const told = told_of([] { throw std::bad_alloc(); });
    CHECK(told.text
          == "out of memory (std::bad_alloc); run fewer ranks on a node, or leave more to the job's "
             "functions by a smaller --memory");
    CHECK(told.code == ExitCode::does_not_fit);
}

TEST_CASE("errno is told in the system's words") {
    CHECK(describe_errno(ENOENT) == "No such file or directory");
    CHECK(describe_errno(ENOSPC) == "No space left on device");
}
