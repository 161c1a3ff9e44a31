#!/usr/bin/env bash
# The routes of exchanges between four hosts of 16 ranks: the messages that each takes, and its time over the
# lab's network and over links of 1 ms.
#
#   tests/lab/routes_test.sh BUILD_DIR
set -euo pipefail
# shellcheck source=tests/lab/jobs.sh
source "$(dirname "${BASH_SOURCE[0]}")/jobs.sh" "$1"
[[ -c /dev/net/tun ]] || { echo "slow links need /dev/net/tun: skipped" && exit 77; }

"$build/tests/lab_slow_switch" 1000 10.88.0 "$(<"$LAB/run/n1")" "$(<"$LAB/run/n2")" "$(<"$LAB/run/n3")" "$(<"$LAB/run/n4")" \
    >"$LAB/log/slow" 2>&1 &
to_end+=($!)
is_ready() { grep -q ready "$LAB/log/slow"; }
until_true 10 "no slow links, see $LAB/log/slow" is_ready

# measure LINKS BYTES EXCHANGES ROUTE...: sets ms[ROUTE] and messages[ROUTE].
declare -A ms messages
measure() {
    local links=$1 bytes=$2 told route time count try
    shift
    for try in 1 2 3; do
        # Under load a start by srun may crash, see slurm/README.md.
        if told=$(OMPI_MCA_pml=ob1 OMPI_MCA_btl_tcp_if_include=$links on_login srun --mpi=pmix --nodes 4 --ntasks 64 --overcommit \
            "$build/tests/lab_exchange_time" "$@" 2>"$LAB/log/measure"); then break; fi
        ((try < 3)) || fail "routes over $links: $(<"$LAB/log/measure")"
    done
    while read -r route time _ count _; do
        ms[$route]=$time messages[$route]=$count
        echo "$bytes bytes a pair over $links: $route ${ms[$route]} ms, ${messages[$route]} messages between hosts"
    done <<<"$told"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
is_at_least() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a >= b) }'; }
check_messages() { ((messages[$1] == $2)) || fail "$1 took ${messages[$1]} messages, not $2"; }

for links in eth0 slow; do
    measure $links 1024 9 flat sparse direct two-hop three-hop
    check_messages flat $((3 * 64 * 48))
    check_messages direct $((64 * 48 + 2 * 64 * 3))
    check_messages two-hop $((2 * 64 * 3))
    check_messages three-hop $((2 * 4 * 3))
    faster=$(ratio "${ms[flat]}" "${ms[three-hop]}")
    echo "three-hop is $faster times as fast as flat over $links"
done
is_at_least "$faster" 3 || fail "over links of 1 ms three-hop is not 3 times as fast as flat"

measure eth0 262144 3 flat auto
echo "auto takes $(ratio "${ms[auto]}" "${ms[flat]}") times as long as flat"
