#include "serry/base/call_site.hpp"

#include <doctest/doctest.h>

using serry::CallSite;

namespace {

CallSite taken_by_default(CallSite at = CallSite::here()) { return at; }

}  // namespace

TEST_CASE("a defaulted parameter names the line of the call") {
    CallSite const at = taken_by_default();
    CHECK(at.line == __LINE__ - 1);
    CHECK(at.file == doctest::String(__FILE__));
    CHECK(taken_by_default().line == __LINE__);
}

TEST_CASE("a call site is told without its folders, which differ between machines") {
    CHECK(to_string(CallSite{"/home/ada/job/word_count.cpp", 12}) == "word_count.cpp:12");
    CHECK(to_string(CallSite{"../src/join.cpp", 4294967295}) == "join.cpp:4294967295");
    CHECK(to_string(CallSite{"plain.cpp", 1}) == "plain.cpp:1");
    CHECK(to_string(CallSite{}) == ":0");
}

TEST_CASE("a call site is known when the program is compiled") {
    constexpr CallSite at = CallSite::here();
    static_assert(at.line == __LINE__ - 1);
    CHECK(to_string(at) == "call_site_test.cpp:" + std::to_string(__LINE__ - 2));
}
