#!/usr/bin/env bash
# Builds the word count and runs it on two ranks: over the files given, or over text that is at hand
# wherever this builds, Debian's licences and CMake's manuals.
#
#   cmake/try.sh [INPUT...]
set -euo pipefail

inputs=()
for input; do inputs+=("$(realpath -e -- "$input")"); done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source cmake/setup.sh

if [[ ! -f build/release/build.ninja ]]; then
    cmake --preset release -DSERRY_TESTS=OFF
fi
cmake --build --preset release --target word_count

if ((${#inputs[@]} == 0)); then
    cmake --help-full >build/cmake-manuals.txt
    inputs=(build/cmake-manuals.txt)
    if [[ -d /usr/share/common-licenses ]]; then
        inputs=(/usr/share/common-licenses "${inputs[@]}")
    fi
fi

run=(mpirun -np 2)
# mpirun counts cores, not their threads.
cores=$(lscpu --parse=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l) || cores=1
if ((cores < 2 || $(nproc) < 2)); then run+=(--oversubscribe); fi
if ((EUID == 0)); then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
run+=(build/release/apps/word_count "${inputs[@]}"
    --lowercase --top 10 --output build/try-output --overwrite)

echo
echo "\$ ${run[*]}"
"${run[@]}"
echo
parts=(build/try-output/part-*)
echo "All words and their counts are in $PWD/build/try-output, ${#parts[@]} files; the first begins:"
head -n 3 "${parts[0]}"
