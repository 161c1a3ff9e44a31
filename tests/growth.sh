#!/usr/bin/env bash
# How an exchange grows with ranks and nodes: see usage() below.
set -euo pipefail

usage() {
    cat <<'END'
usage: bash tests/growth.sh [--ranks "N..."] [--node-sizes "N..."] [BUILD_DIR]

Run word count at each number of ranks, all on this machine, over nodes as if they had so many ranks,
by each route; print what the exchange of its words took, a round: messages between nodes (of all ranks,
and of the one that sent most), bytes of grants and announcements a rank, bytes a rank held for the
exchange; and, by route and size of node, a line through a rank's messages. Counted by serry, so that
times of this machine do not matter.

  --ranks         default "8 16 32 64 128"
  --node-sizes    default "4 8"
  BUILD_DIR       default build/release
END
}

ranks="8 16 32 64 128"
node_sizes="4 8"
while [[ ${1-} == -* ]]; do
    case $1 in
        --ranks | --node-sizes)
            (($# > 1)) || { echo "growth.sh: $1 needs a value; see --help" >&2 && exit 2; }
            if [[ $1 == --ranks ]]; then ranks=$2; else node_sizes=$2; fi
            ;;
        --help) usage && exit 0 ;;
        *) echo "growth.sh: unknown option $1; see --help" >&2 && exit 2 ;;
    esac
    shift 2
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."
apps=$(realpath "${1-build/release}")/apps
[[ -x $apps/word_count ]] || { echo "growth.sh: no $apps/word_count; build preset release first" >&2 && exit 2; }
dir=$(mktemp -d /tmp/serry-growth-XXXXXX)
trap 'rm -rf "$dir"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 \
    OMPI_MCA_hwloc_base_binding_policy=none

awk 'BEGIN { srand(8); for (i = 0; i < 200000; ++i) printf "word%d%s", rand() * 20000, i % 9 ? " " : "\n" }' >"$dir/words"

# numbers_of FIELD: of the stage, rank by rank.
numbers_of() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$dir/stage"; }
sum() { awk '{ s += $1 } END { print s + 0 }'; }
largest() { sort -n | tail -1; }

run() {
    local rank_count=$1 node_size=$2 route=$3 rounds
    rm -rf "$dir/events" "$dir/out"
    SERRY_RANKS_PER_NODE=$node_size mpirun -np "$rank_count" --oversubscribe "$apps/word_count" "$dir/words" \
        --partitions 256 --memory 64m --route "$route" --events "$dir/events" --output "$dir/out" --quiet
    grep '"stage":1,' "$dir/events" >"$dir/stage"
    rounds=$(numbers_of rounds | largest)
    printf '%-9s %5d %6d %7d %12d %12d %12d %12d\n' "$route" "$node_size" "$rank_count" "$rounds" \
        $(($(numbers_of messages_across | sum) / rounds)) $(($(numbers_of messages_across | largest) / rounds)) \
        $(($(numbers_of control_bytes | sum) / rounds / rank_count)) "$(numbers_of peak_exchange_bytes | largest)"
}

printf '%-9s %5s %6s %7s %12s %12s %12s %12s\n' route node ranks rounds messages most/rank control/rank held/rank
for route in flat direct two-hop three-hop sparse; do
    for node_size in $node_sizes; do
        for rank_count in $ranks; do run "$rank_count" "$node_size" "$route"; done
    done
done | tee "$dir/table"
echo
echo "a rank's messages to other nodes in a round, fitted: a + b * ranks"
awk '{ at = $1 " over nodes of " $2; y = $5 / $3; x = $3; row[NR] = at; xs[NR] = x; ys[NR] = y
       n[at]++; sx[at] += x; sy[at] += y; sxx[at] += x * x; sxy[at] += x * y }
     END {
         for (at in n) if (n[at] > 1) {
             b[at] = (n[at] * sxy[at] - sx[at] * sy[at]) / (n[at] * sxx[at] - sx[at] ^ 2)
             a[at] = (sy[at] - b[at] * sx[at]) / n[at]
         }
         for (i = 1; i <= NR; ++i) if (row[i] in b) {
             off = ys[i] - a[row[i]] - b[row[i]] * xs[i]; if (off < 0) off = -off
             if (off > most[row[i]]) most[row[i]] = off
         }
         for (at in b) printf "%s: a = %.2f, b = %.4f, off by at most %.2f\n", at, a[at], b[at], most[at]
     }' "$dir/table" | sort
