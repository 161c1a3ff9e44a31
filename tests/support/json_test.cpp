#include "support/json.hpp"

#include <doctest/doctest.h>

using namespace serry::test;

TEST_CASE("values of all kinds are JSON") {
    for (char const* text : {"0", "-12.5e+3", " true ", "null", "\"\"", "\"a\\n\\u00e4\\\"\"", "[]",
                             "[1, [2], {}]", "{\"a\": 1, \"b\": {\"c\": [false]}}", "1e5"})
        CHECK_MESSAGE(is_json(text), text);
}

TEST_CASE("what breaks the rules is not") {
    for (char const* text :
         {"",      "1 2",     "01",         "+1",       "1.",          ".5",      "1e",   "tru",
          "'a'",   "\"a",     "\"\n\"",     "\"\\x\"",  "\"\\u12g4\"", "\"\\u12", "[1,]", "[1 2]",
          "{a:1}", "{\"a\"}", "{\"a\":1,}", "{\"a\":1", "]",           "nan"})
        CHECK_MESSAGE(!is_json(text), text);
}
