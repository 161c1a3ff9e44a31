#!/usr/bin/env bash
# Operators over more records than fit into memory: each runs on 2 ranks with all the memory it
# likes, and then with little, under a limit of twice that (RLIMIT_DATA), which the system enforces.
# The second run must spill, and every partition of its result must have the same records in the
# same order.
#
#   bash tests/memory.sh [--bytes N] [--memory MIB] [--build DIR] [OPERATOR...]
#
#   --bytes N     of records (2147483648)
#   --memory MIB  of each rank (128)
#   OPERATOR      sort reduce reduce_in_order distinct exchange group cogroup join persist
#                 (all of them)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

bytes=2147483648 memory_mib=128 build=$root/build/release operators=()
while (($# > 0)); do
    case $1 in
        --bytes) bytes=$2 && shift ;;
        --memory) memory_mib=$2 && shift ;;
        --build) build=$2 && shift ;;
        -*)
            echo "memory.sh: $1 is unknown; expected --bytes N, --memory MIB or --build DIR" >&2
            exit 2
            ;;
        *) operators+=("$1") ;;
    esac
    shift
done
((${#operators[@]} > 0)) ||
    operators=(sort reduce reduce_in_order distinct exchange group cogroup join persist)

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 \
    OMPI_MCA_hwloc_base_binding_policy=none

dir=$(mktemp -d /tmp/serry-memory-XXXXXX)
trap 'rm -rf "$dir"' EXIT

fail() {
    echo "memory.sh: $*" >&2
    cat "$dir/log" >&2
    exit 1
}

# run NAME LIMIT_KIB OPERATOR OPTION...: the operator's digests into $dir/NAME.
run() {
    local name=$1 limit_kib=$2
    shift 2
    # shellcheck disable=SC2016  # the ranks' shell expands it
    mpirun -np 2 bash -c 'ulimit -d "$1"; shift; exec "$@"' rank "$limit_kib" \
        "$build/tests/memory_bounded_job" "$@" --bytes "$bytes" --scratch "$dir" \
        --events "$dir/$name.events" >"$dir/$name" 2>"$dir/log"
}

# sum_of FIELD FILE: over all stages and ranks.
sum_of() {
    sed -n "/\"event\":\"stage\"/s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2" | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

limit_kib=$((2 * memory_mib * 1024))
echo "$bytes bytes, $memory_mib MiB a rank, limit $((limit_kib / 1024)) MiB"
for operator in "${operators[@]}"; do
    run free unlimited "$operator" --memory 64GiB || fail "$operator failed"
    run bounded "$limit_kib" "$operator" --memory "${memory_mib}MiB" ||
        fail "$operator failed under the limit"
    cmp "$dir/free" "$dir/bounded" || fail "$operator gave something else under the limit"
    spilled=$(sum_of spilled_bytes "$dir/bounded.events")
    ((spilled > 0)) || fail "$operator did not spill"
    (($(sum_of spilled_bytes "$dir/free.events") == 0)) || fail "$operator spilled without a limit"
    printf '%-16s the same %d partitions; %d MiB spilled; %d s, in memory %d s\n' "$operator" \
        "$(wc -l <"$dir/free")" $((spilled >> 20)) \
        $(($(sum_of seconds "$dir/bounded.events") / 2)) \
        $(($(sum_of seconds "$dir/free.events") / 2))
    rm "$dir"/*.events
done

# Is the limit one?
code=0
run unbounded "$limit_kib" "${operators[0]}" --memory 64GiB || code=$?
((code == 71)) || fail "${operators[0]} with all the memory it likes ended with $code under the limit, expected 71"
echo "without --memory ${operators[0]} breaks the limit, and says so"
