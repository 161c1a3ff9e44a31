#include "serry/base/json_text.hpp"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "support/json.hpp"

using namespace serry;
using namespace serry::test;

TEST_CASE("quotes, backslashes and control characters are escaped, other bytes kept") {
    CHECK(json_text("") == "\"\"");
    CHECK(json_text("a \"b\" \\ \n \x1f \xc3\xa4")
          == "\"a \\\"b\\\" \\\\ \\u000a \\u001f \xc3\xa4\"");
    CHECK(json_text(std::string_view("\0", 1)) == "\"\\u0000\"");
    std::string all;
    for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
    CHECK(JsonChecker(json_text(all)).check());
}
