#!/usr/bin/env bash
# Every program of apps/ on 64 ranks: the same bytes as on one.
#
#   tests/programs/many_ranks_test.sh BUILD_DIR [RANKS]
set -euo pipefail
apps=$(realpath "$1")/apps
ranks=${2-64}
dir=$(mktemp -d /tmp/serry-ranks-XXXXXX)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
# So many ranks share few cores: those that wait must let others run.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 \
    OMPI_MCA_hwloc_base_binding_policy=none

fail() { echo "FAILED: $1" && exit 1; }

awk 'BEGIN { srand(8); for (i = 0; i < 50000; ++i) printf "word%d%s", rand() * rand() * 9000, i % 9 ? " " : "\n" }' >words
awk 'BEGIN { srand(9); for (i = 0; i < 5000; ++i) printf "%010d%089d\n", rand() * 1e9, i }' >records
awk 'BEGIN { srand(7); for (i = 0; i < 5000; ++i) print rand(), rand(), rand() }' >points
awk 'BEGIN { srand(6); for (i = 0; i < 20000; ++i) printf "%d %d\n", rand() * rand() * 2000, rand() * 2000 }' >edges
for side in left right; do
    awk -v seed=$side 'BEGIN { srand(length(seed)); for (i = 0; i < 5000; ++i) printf "%08d%08d", rand() * 3000, i }' >$side
done

# compare NAME WORD...: a program that takes --output.
compare() {
    local name=$1
    shift
    mpirun -np 1 "$@" --quiet --partitions 100 --output "$name.expected" || fail "$name on one rank"
    local begin=$SECONDS
    mpirun -np "$ranks" --oversubscribe "$@" --quiet --partitions 100 --output "$name.out" || fail "$name on $ranks ranks"
    diff -r --exclude=_SUCCESS "$name.expected" "$name.out" >/dev/null || fail "$name: other bytes on $ranks ranks than on one"
    [[ $(cat "$name.expected"/part-* | wc -c) -gt 1000 ]] || fail "$name: nothing to compare"
    echo "$name on $ranks ranks: the same bytes, in $((SECONDS - begin)) s"
}
compare word_count "$apps/word_count" words
compare tera_sort "$apps/tera_sort" records
compare join "$apps/join" left right
compare k_means "$apps/k_means" points --k 40 --iterations 5
compare page_rank "$apps/page_rank" edges --iterations 3
