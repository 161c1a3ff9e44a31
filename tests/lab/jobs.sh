#!/usr/bin/env bash
# For tests that are jobs on a lab of four hosts, to be sourced with the build's folder as $1: brings the lab up,
# and down at the end; what jobs are made of, how they are submitted, looked at and checked.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$(realpath "$1")

if ((EUID != 0)) || ! command -v slurmctld munged ip unshare >/dev/null; then
    echo "only root can make hosts, and only with Slurm, munge and iproute2: skipped"
    exit 77
fi
if ! unshare --net --uts --ipc --mount --pid --fork true 2>/dev/null; then
    echo "hosts are namespaces, which cannot be made here: skipped"
    exit 77
fi
# Without these, root cannot run MPI, and eight ranks on two cores starve each other.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1 \
    OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_rmaps_base_oversubscribe=1

LAB=$(mktemp -d /tmp/serry-lab-XXXXXX)
export LAB SLURM_CONF=$LAB/slurm.conf
chmod 755 "$LAB"
to_end=() # processes
finish() {
    local code=$?
    if ((${#to_end[@]} > 0)); then kill "${to_end[@]}" || true; fi
    bash "$root/tests/lab/lab.sh" down || true
    if ((code == 0)); then rm -rf "$LAB"; else echo "kept $LAB"; fi
}
trap finish EXIT
shared=$LAB/shared apps=$build/apps
mkdir "$shared"

fail() {
    echo "FAILED: $1"
    if [[ -e ${run-}/log ]]; then tail -n 40 "$run/log"; fi
    exit 1
}
on_login() { bash "$root/tests/lab/lab.sh" on login "$@"; }

awk 'BEGIN { srand(8); for (i = 0; i < 200000; ++i) printf "word%d%s", rand() * rand() * 9000, i % 9 ? " " : "\n" }' >"$shared/words"
awk 'BEGIN { srand(7); for (i = 0; i < 60000; ++i) print rand(), rand(), rand() }' >"$shared/points"
word_count=("$apps/word_count" "$shared/words" --partitions 16)
k_means=("$apps/k_means" "$shared/points" --k 20 --iterations 500 --partitions 16)
mpirun -np 2 "${word_count[@]}" --output "$shared/words.expected" --quiet
mpirun -np 2 "${k_means[@]}" --output "$shared/centres.expected" --quiet

# submit NAME WORD...: a job of four nodes with two ranks each, in $run; sets $job.
submit() {
    run=$shared/$1
    shift
    job=$(on_login "$root/slurm/submit.sh" --nodes 4 --ranks 2 --run "$run" "$@" 2>>"$LAB/log/submit") || fail "cannot submit: $(cat "$LAB/log/submit")"
}
state() { on_login scontrol -o show job "$job" | grep -o ' JobState=[A-Z_]*' | cut -d= -f2; }
has_begun() { compgen -G "$run/checkpoints/*.manifest" >/dev/null; }
# until_true SECONDS WHAT COMMAND...
until_true() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        if ((SECONDS > end)); then fail "$what"; fi
        sleep 0.1
    done
}
is_in() { [[ " $1 " == *" $(state) "* ]]; }
is_over() { is_in "COMPLETED FAILED CANCELLED NODE_FAIL TIMEOUT OUT_OF_MEMORY"; }
# check_done EXPECTED OUTPUT
check_done() {
    until_true 240 "job $job has not ended" is_over
    [[ $(state) == COMPLETED ]] || fail "job $job ended as $(state)"
    diff -r --exclude=_SUCCESS "$1" "$2" >/dev/null || fail "job $job: other bytes than undisturbed"
}
check_log() { grep -q -e "$1" "$run/log" || fail "job $job does not say: $1"; }

bash "$root/tests/lab/lab.sh" up 4
