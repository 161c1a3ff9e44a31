#!/usr/bin/env bash
# Fails when a source is not as clang-format 14 would write it. Mend with: clang-format-14 -i FILE
#
#   tests/structure/format.sh [ROOT]
set -euo pipefail
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}"

if ! command -v clang-format-14 >/dev/null; then
    echo "clang-format-14 is not installed (no other version formats alike): skipped"
    exit 77
fi
find lib apps tests -path tests/structure/broken -prune -o -name '*.[ch]pp' -print0 |
    xargs -0 clang-format-14 --style=file --dry-run --Werror --ferror-limit=1
