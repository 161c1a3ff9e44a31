// main of the tests that need no MPI.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support/leak_check.hpp"

int main(int argc, char** argv) {
    int const failed = doctest::Context(argc, argv).run();
    return serry::test::has_leaked() ? 1 : failed;
}
