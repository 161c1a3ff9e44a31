#!/usr/bin/env bash
# What slurm/submit.sh, scaling.sh and resume.sh say, without Slurm: tests/lab/slurm_test.sh submits for real.
#
#   tests/slurm/submit_test.sh BUILD_DIR
set -euo pipefail
slurm=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../slurm" && pwd)
apps=$(realpath "$1")/apps
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=false

# expect CODE TEXT WORD...: the command ends so, and this is among what it says.
expect() {
    local code=$1 text=$2 seen=0 said
    shift 2
    said=$("$@" 2>&1) || seen=$?
    if ((seen != code)) || [[ $said != *"$text"* ]]; then
        printf 'FAILED: %s\n  ended with %s, expected %s; said:\n%s\n  expected: %s\n' "$*" "$seen" "$code" "$said" "$text"
        failed=true
    fi
}
submit=("$slurm/submit.sh")
good=(--nodes 4 --ranks 32 --run "$dir/run")

expect 2 'submit.sh: --nodes: "" is no number of nodes' "${submit[@]}"
expect 2 '--nodes: "0" is no number of nodes' "${submit[@]}" --nodes 0
expect 2 '--ranks: "all" is no number of ranks' "${submit[@]}" --nodes 1 --ranks all
expect 2 '--run is missing: a folder that all nodes share' "${submit[@]}" --nodes 1 --ranks 1
expect 2 '--time needs a value' "${submit[@]}" --time
expect 2 '--memory is unknown' "${submit[@]}" --memory 4g
expect 2 '--launcher: "ssh" is neither srun nor mpirun' "${submit[@]}" "${good[@]}" --launcher ssh
expect 2 'no program was given' "${submit[@]}" "${good[@]}"
expect 2 '/no/program is no program here' "${submit[@]}" "${good[@]}" /no/program
expect 0 'would run, on 4 nodes with 32 ranks each, by mpirun:' \
    "${submit[@]}" "${good[@]}" --launcher mpirun --dry-run "$apps/word_count" 'a b'
expect 0 "$apps/word_count a\\ b" "${submit[@]}" "${good[@]}" --dry-run "$apps/word_count" 'a b'
expect 0 "with checkpoints in $dir/run/checkpoints and what it says in $dir/run/log" \
    "${submit[@]}" "${good[@]}" --dry-run "$apps/word_count" in
expect 0 '--nodes=4 --ntasks-per-node=32' "${submit[@]}" "${good[@]}" --dry-run "$apps/word_count" in
expect 0 '--time=2:00 --partition=long' \
    "${submit[@]}" "${good[@]}" --time 2:00 --sbatch --partition=long --dry-run "$apps/word_count" in
if [[ -e $dir/run ]]; then echo "FAILED: --dry-run made $dir/run" && failed=true; fi

scaling=("$slurm/scaling.sh" --ranks 2 --run "$dir/run")
expect 2 'scaling.sh: --nodes: "" is no list of numbers of nodes' "${scaling[@]}"
expect 2 '--nodes: "1,,2" is no list of numbers of nodes' "${scaling[@]}" --nodes 1,,2
expect 2 '--repeats: "0" is no number of runs' "${scaling[@]}" --nodes 1 --repeats 0
expect 2 '--run is missing: a folder that all nodes share' "$slurm/scaling.sh" --nodes 1 --ranks 1
expect 2 '--one is unknown' "${scaling[@]}" --nodes 1 --one
expect 2 'no program was given' "${scaling[@]}" --nodes 1
expect 0 "--nodes=4 --ntasks-per-node=2 $slurm/scale.sbatch" "${scaling[@]}" --nodes 1,4 --dry-run "$apps/word_count" in
expect 0 '--dependency=afterany:JOB:JOB ' "${scaling[@]}" --nodes 1,4 --dry-run "$apps/word_count" in
expect 0 "--shapes 1x2\,4x2 --repeats 3 --weak --launcher mpirun -- $apps/word_count in-\{ranks\}" "${scaling[@]}" \
    --nodes 1,4 --one-job --weak --repeats 3 --launcher mpirun --dry-run "$apps/word_count" 'in-{ranks}'
if [[ -e $dir/run ]]; then echo "FAILED: --dry-run made $dir/run" && failed=true; fi
expect 2 'resume.sh: expected the folder that submit.sh was given as --run' "$slurm/resume.sh"
expect 2 "and $dir is none" "$slurm/resume.sh" "$dir"
! $failed
