#!/usr/bin/env bash
# Installs serry from a build tree into a folder of its own, and there builds and runs a project that
# knows nothing of the build.
#
#   tests/install/install_test.sh BUILD_DIR CXX MPIRUN
set -euo pipefail

build=$1 cxx=$2 mpirun=$3
outside=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/outside
dir=$(mktemp -d)
finish() { if (($? == 0)); then rm -r "$dir"; else echo "kept $dir"; fi; }
trap finish EXIT

cmake --install "$build" --prefix "$dir/installed" >/dev/null
"$dir/installed/bin/serry" run --help >/dev/null
cmake -S "$outside" -B "$dir/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_PREFIX_PATH="$dir/installed"
cmake --build "$dir/build"

printf 'to be or\nnot to be\n' >"$dir/input"
"$mpirun" -np 2 "$dir/build/count_words" "$dir/input" "$dir/output"
cat "$dir"/output/part-* | sort >"$dir/counts"
printf 'be\t2\nnot\t1\nor\t1\nto\t2\n' | diff - "$dir/counts"
