#!/usr/bin/env bash
# Fails when clang-tidy 14 has something to say of the library's sources, or of its templates as a
# program uses them. A layer is one source to it: most of its time goes into what is included.
#
#   tests/structure/tidy.sh BUILD_DIR [JOBS]      (which holds compile_commands.json)
set -euo pipefail
build=$(realpath "$1")
jobs=${2:-$(nproc)}
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if ! command -v clang-tidy-14 >/dev/null; then
    echo "clang-tidy-14 is not installed: skipped"
    exit 77
fi

layers=$(mktemp -d)
trap 'rm -rf "$layers"' EXIT
for folder in lib/serry lib/serry/*; do
    files=("$PWD/$folder"/*.cpp)
    if [[ -f "${files[0]}" ]]; then
        printf '#include "%s"\n' "${files[@]}" >"$layers/${folder##*/}.cpp"
    fi
done
printf '#include "%s"\n' "$PWD/apps/word_count.cpp" >"$layers/program.cpp"

# What all are compiled with, as build_info.cpp is, but for warnings.
grep -m 1 '"command".*/lib/serry/base/build_info.cpp"' "$build/compile_commands.json" |
    grep --only-matching --extended-regexp -e '-(D|I|std=)[^ ]+|-isystem [^ ]+' |
    sed 's/\\//g; s/^-isystem /-isystem\n/' >"$layers/compile_flags.txt"

find "$layers" -name '*.cpp' -print0 | xargs -0 --max-args=1 --max-procs="$jobs" \
    clang-tidy-14 -p "$layers" --config-file=.clang-tidy --checks=-bugprone-suspicious-include \
    --quiet 2> >(grep -v '^[0-9]* warnings\? generated\.$' >&2) # of system headers
