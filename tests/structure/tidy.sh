#!/usr/bin/env bash
# Fails when clang-tidy 14 has something to say of the library's sources, or of its templates as a
# program uses them.
#
#   tests/structure/tidy.sh BUILD_DIR      (which holds compile_commands.json)
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v clang-tidy-14 >/dev/null; then
    echo "clang-tidy-14 is not installed: skipped"
    exit 77
fi
# Some of the warnings that GCC is told about are unknown to Clang.
find lib/serry apps/word_count.cpp -name '*.cpp' -print0 |
    xargs -0 --max-args=1 --max-procs="$(nproc)" \
        clang-tidy-14 -p "$build" --quiet --extra-arg=-Wno-unknown-warning-option \
        2> >(grep -v '^[0-9]* warnings\? generated\.$' >&2) # of system headers
