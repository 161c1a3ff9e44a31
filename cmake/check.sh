#!/usr/bin/env bash
# Builds and runs all the tests: once as users run the library (preset release), once with assertions
# under the address and undefined-behaviour sanitizers (preset asan; these tests' names begin with
# "asan/"). Ends with ctest's summary and exit code.
#
#   cmake/check.sh [--no-asan] [OPTION OF CTEST...]      e.g. cmake/check.sh -R shuffle
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

presets=(release asan)
options=()
for option; do
    if [[ "$option" == --no-asan ]]; then presets=(release); else options+=("$option"); fi
done
source cmake/setup.sh --tests

# One folder above both builds, so that one ctest runs them all.
mkdir -p build/check
: >build/check/CTestTestfile.cmake
for preset in "${presets[@]}"; do
    cmake --preset "$preset"
    cmake --build --preset "$preset"
    echo "subdirs(\"$PWD/build/$preset\")" >>build/check/CTestTestfile.cmake
done
exec ctest --test-dir build/check --parallel "$(nproc)" --output-on-failure --no-tests=error \
    "${options[@]}"
