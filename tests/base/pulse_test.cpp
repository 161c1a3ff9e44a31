#include "serry/base/pulse.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("beats are counted, and who waits says in what") {
    std::uint64_t const before = pulse().beats;
    beat();
    CHECK(pulse().beats == before + 1);
    CHECK(pulse().waits_in.load() == nullptr);
    {
        Waiting const outer("outer");
        {
            Waiting const inner("inner");
            CHECK(std::string(pulse().waits_in.load()) == "inner");
        }
        CHECK(std::string(pulse().waits_in.load()) == "outer");
    }
    CHECK(pulse().waits_in.load() == nullptr);
    CHECK(pulse().beats == before + 3);  // to come back is to move on
}
