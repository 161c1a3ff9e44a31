#!/usr/bin/env bash
# Jobs of serry's on a real Slurm of four hosts, submitted by slurm/submit.sh as users do: by srun and by
# mpirun, measured by slurm/scaling.sh, told to leave, cancelled and resumed, and with a host that loses its
# power.
#
#   tests/lab/slurm_test.sh BUILD_DIR
set -euo pipefail
# shellcheck source=tests/lab/jobs.sh
source "$(dirname "${BASH_SOURCE[0]}")/jobs.sh" "$1"

for launcher in srun mpirun; do
    submit "$launcher" --launcher $launcher "${word_count[@]}" --output "$shared/$launcher.out"
    check_done "$shared/words.expected" "$shared/$launcher.out"
    check_log "4 nodes (n\[1-4\]), 2 ranks a node"
    check_log "8 ranks, "
done
echo "word count by srun and by mpirun: the same bytes"

# doctor WORD...: by two ranks on each of four hosts; sets $told and $code.
doctor() {
    local try
    for try in 1 2 3; do
        code=0
        told=$(on_login srun --mpi=pmix --nodes 4 --ntasks-per-node 2 "$apps/serry" doctor "$@" 2>&1) || code=$?
        # Under load about one start in twenty by srun ends by a signal in MPI_Init, where Open MPI 4.1 takes a
        # peer's first bytes before it is ready for them. `serry run` starts such a job again; here we do.
        if ((code != 139)); then break; fi
        echo "the doctor's ranks crashed at their start (try $try)"
    done
}
check_told() { grep -q -e "$1" <<<"$told" || fail "the doctor does not say: $1, but: $told"; }
doctor --checkpoint "$shared"
((code == 0)) || fail "the doctor ended with $code: $told"
check_told "^8 ranks on 4 nodes$"
check_told "^good *ranks *8 in MPI's world$"
doctor --checkpoint "$LAB/local"
((code != 0)) || fail "the doctor is content with a folder that each host has for itself"
check_told "^bad *shared folder .*(on n2, n3, n4)$"
echo "the doctor on four hosts: a folder that each has for itself is found"

# scaling NAME OPTION...: a series of word count on 1, 2 and 4 nodes, in $run; waits for its report.
scaling() {
    run=$shared/$1
    shift
    job=$(on_login "$root/slurm/scaling.sh" --nodes 1,2,4 --ranks 2 --repeats 1 --run "$run" "$@" \
        "${word_count[@]}" --output "$run/counts-{nodes}-{round}" 2>>"$LAB/log/submit") ||
        fail "cannot submit: $(cat "$LAB/log/submit")"
    job=${job##*$'\n'}
    until_true 60 "job $job has not ended" is_over
    [[ $(state) == COMPLETED ]] || fail "job $job ended as $(state)"
    [[ $(cut -d, -f1-6 "$run/report.csv" | tail -n +2 | paste -sd' ') == \
        "1x2,1,2,2,false,1 2x2,2,2,4,false,1 4x2,4,2,8,false,1" ]] || fail "the report: $(cat "$run/report.csv")"
    grep -q '"ranks_a_node":2,.*"hosts":\["n[1-4]","n[1-4]","n[1-4]"' "$run"/runs-*.jsonl || fail "no hosts in $run/runs-*.jsonl"
    for count in 1 2 4; do
        diff -r --exclude=_SUCCESS "$shared/words.expected" "$run/counts-$count-1" >/dev/null || fail "other bytes on $count nodes"
    done
}
scaling scaling
[[ $(compgen -G "$run/runs-*.jsonl" | wc -l) == 3 ]] || fail "not a file of runs for each job"
scaling scaling_mpirun --one-job --launcher mpirun
[[ $(compgen -G "$run/runs-*.jsonl" | wc -l) == 1 ]] || fail "not one file of runs"
echo "a scaling series over 1, 2 and 4 nodes, as three jobs by srun and as one by mpirun: reported"

submit leave "${k_means[@]}" --output "$shared/leave.out" --checkpoint-every 0.3
until_true 30 "job $job has not begun" has_begun
on_login scancel --batch --signal USR1 "$job"
check_done "$shared/centres.expected" "$shared/leave.out"
check_log "the job was told to leave (SIGUSR1)"
check_log "ended with 70, and is queued again"
check_log "run 2: 4 nodes"
check_log "attempt 2, going on with"
echo "told to leave: committed, queued again, the same bytes"

submit cancel "${k_means[@]}" --output "$shared/cancel.out" --checkpoint-every 0.3
until_true 30 "job $job has not begun" has_begun
on_login scancel "$job"
until_true 30 "job $job is not gone" is_in "CANCELLED COMPLETED"
[[ $(state) == CANCELLED ]] || fail "job $job was over before it was cancelled"
job=$(on_login "$root/slurm/resume.sh" "$run" --nodes=2 2>/dev/null)
check_done "$shared/centres.expected" "$shared/cancel.out"
check_log "2 nodes (n\[1-2\]), 2 ranks a node"
echo "cancelled and resumed on 2 nodes: the same bytes"

submit crash "${k_means[@]}" --output "$shared/crash.out" --checkpoint-every 0.3
until_true 30 "job $job has not begun" has_begun
bash "$root/tests/lab/lab.sh" crash n3
check_done "$shared/centres.expected" "$shared/crash.out"
check_log "serry run: attempt 1 failed: "
check_log "3 nodes\|6 ranks, "
echo "a host lost its power: gone on on the others, the same bytes"
