#include "serry/base/text_table.hpp"

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("columns are as wide as their widest cell, and no line ends in blanks") {
    CHECK(to_text({{"n", "seconds", "what"}, {"100", "1.5", "a b"}, {"2", "", ""}})
          == "  n  seconds  what\n"
             "100      1.5  a b\n"
             "  2\n");
    CHECK(to_text({{"alone"}}) == "alone\n");
}
