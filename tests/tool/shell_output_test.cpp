#include "serry/tool/shell_output.hpp"

#include <doctest/doctest.h>

using namespace serry;

TEST_CASE("what a command prints, and whether it went well") {
    auto const [text, is_good] = shell_output("printf 'two\\nlines\\n'");
    CHECK(text == "two\nlines\n");
    CHECK(is_good);
    CHECK(shell_output("echo some; exit 3").text == "some\n");
    CHECK_FALSE(shell_output("echo some; exit 3").is_good);
    CHECK_FALSE(shell_output("/no/such/program 2>&1").is_good);
}

TEST_CASE("quoted, a word goes through the shell as it is") {
    for (std::string const word : {"plain", "", "two words", "it's", "$HOME `id` \"quoted\" \\"})
        CHECK(shell_output("printf %s " + shell_quoted(word)).text == word);
}
