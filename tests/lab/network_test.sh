#!/usr/bin/env bash
# What fails between hosts and on them while a job runs, each on a real Slurm of four hosts: the job must end
# right, with the bytes of an undisturbed one, and the seconds until the failure was told are printed.
#
#   tests/lab/network_test.sh BUILD_DIR [NAME...]
set -euo pipefail
# shellcheck source=tests/lab/jobs.sh
source "$(dirname "${BASH_SOURCE[0]}")/jobs.sh" "$1"
shift
only=" $* "
command -v nft >/dev/null || { echo "packets are lost by nftables, which is not there: skipped" && exit 77; }

lab() { bash "$root/tests/lab/lab.sh" "$@"; }
# Attempts may have failed before, see slurm/README.md: at their start.
failures() { grep -c "^serry run: attempt [0-9]* \(failed\|was ended\)" "$run/log" || true; }
has_told() { (($(failures) > failed_before)); }
has_told_or_is_over() { has_told || is_over; }
seconds_since() { awk -v then="$1" -v now="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", now - then }'; }
is_wanted() { [[ $only == "  " || $only == *" $1 "* ]]; }
all_are_back() {
    local host
    for host in n1 n2 n3 n4; do on_login scontrol update nodename=$host state=resume 2>/dev/null || true; done
    [[ $(on_login sinfo -h -N -t idle -p main -o %N | sort -u | wc -l) == 4 ]]
}

# begin NAME LAUNCHER: a job that is in the middle of its iterations.
begin() {
    submit "$1" --launcher "$2" "${k_means[@]}" --output "$shared/$1.out" --checkpoint-every 0.3 --hang-timeout 5s
    until_true 60 "job $job has not begun" has_begun
    failed_before=$(failures)
}
# fails NAME LAUNCHER WHAT COMMAND...: what must end an attempt; the next one goes on.
fails() {
    local name=$1 launcher=$2 what=$3 at told
    shift 3
    is_wanted "$name" || return 0
    begin "$name" "$launcher"
    at=$EPOCHREALTIME
    "$@"
    until_true 60 "$what: not told" has_told_or_is_over
    told=$(seconds_since "$at")
    has_told || fail "$what: the job was over before it was told: it had not failed"
    lab heal
    check_done "$shared/centres.expected" "$shared/$name.out"
    echo "$what: told after $told, the same bytes after $(seconds_since "$at")"
}
# bears NAME WHAT COMMAND...: what a job may bear, or go on from.
bears() {
    local name=$1 what=$2 at
    shift 2
    is_wanted "$name" || return 0
    begin "$name" srun
    at=$EPOCHREALTIME
    "$@"
    check_done "$shared/centres.expected" "$shared/$name.out"
    if has_told; then what+=" (an attempt failed)"; fi
    echo "$what: the same bytes after $(seconds_since "$at")"
}

# end_on HOST SIGNAL PATTERN: the last process there that pgrep finds so.
end_on() {
    lab on "$1" bash -c "pid=\$(pgrep $3 | tail -n 1); kill -$2 \"\$pid\"" || fail "no $3 on $1"
}
fails rank srun "a rank killed" end_on n3 KILL "-x k_means"
fails stopped srun "a rank stopped" end_on n3 STOP "-x k_means"
fails orted mpirun "an orted killed" end_on n2 KILL "-x orted"
fails stepd srun "a slurmstepd killed" end_on n3 KILL '-f "^slurmstepd: .[0-9]*[.][0-9]"'
fails apart srun "two hosts that lose each other" lab apart n2 n3
bears blink "a cable out for 3 s" eval "lab link n2 down; sleep 3; lab link n2 up"
bears drained "a host drained" on_login scontrol update nodename=n4 state=drain reason=test
until_true 60 "hosts are not back" all_are_back
fails down srun "a host set down" on_login scontrol update nodename=n4 state=down reason=test
until_true 60 "hosts are not back" all_are_back

if is_wanted lossy; then
    lab lose 5
    at=$EPOCHREALTIME
    submit lossy "${word_count[@]}" --output "$shared/lossy.out"
    check_done "$shared/words.expected" "$shared/lossy.out"
    lab heal
    echo "5 of 100 packets lost all the time: word count's same bytes after $(seconds_since "$at")"
fi

if is_wanted preempted; then
    begin preempted srun
    at=$EPOCHREALTIME
    on_login sbatch --quiet --partition urgent --nodes 4 --exclusive --output "$LAB/log/urgent" --wrap "sleep 1" >/dev/null
    check_done "$shared/centres.expected" "$shared/preempted.out"
    check_log "run 2: 4 nodes"
    check_log "attempt 2, going on with\|restored checkpoint"
    echo "preempted: queued again, the same bytes after $(seconds_since "$at")"
fi

if is_wanted array; then
    job=$(on_login sbatch --parsable --array 1-3 --ntasks 2 --output "$LAB/log/array-%a" --wrap \
        "srun --mpi=pmix ${word_count[*]} --quiet --output $shared/array-\$SLURM_ARRAY_TASK_ID")
    is_array_over() { [[ -z $(on_login squeue --noheader --jobs "$job") ]]; }
    until_true 60 "array $job has not ended" is_array_over
    for i in 1 2 3; do
        diff -r --exclude=_SUCCESS "$shared/words.expected" "$shared/array-$i" >/dev/null ||
            fail "element $i of the array: other bytes: $(cat "$LAB/log/array-$i")"
    done
    echo "an array of three jobs: the same bytes"
fi

fails unplugged srun "a cable out for good" lab link n3 down
lab link n3 up
until_true 60 "hosts are not back" all_are_back
