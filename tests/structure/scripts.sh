#!/usr/bin/env bash
# Fails when bash cannot parse a script of the project, or shellcheck has something to say of it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v shellcheck >/dev/null; then
    echo "shellcheck is not installed: skipped"
    exit 77
fi
mapfile -t scripts < <(find . -name build -prune -o \( -name '*.sh' -o -name '*.sbatch' \) -print -o -path ./.ci/run -print)
for script in "${scripts[@]}"; do bash -n "$script"; done
shellcheck -x "${scripts[@]}"
echo "${#scripts[@]} scripts"
