#!/usr/bin/env bash
# Submits jobs to Slurm that measure how a program of serry's scales, and one that reports.
#
#   slurm/scaling.sh --nodes LIST --ranks RANKS_A_NODE --run DIR [options] PROGRAM ARGUMENT...
#
#   --nodes LIST       numbers of nodes, such as 1,2,4,8
#   --ranks N          ranks a node, one a core
#   --run DIR          folder, which all nodes share, for the runs, what the jobs say (DIR/log) and the report
#                      (DIR/report.html); a series that is there already is gone on with
#   --weak             the work grows with the ranks: ARGUMENTs hold {ranks}, {nodes} or {ranks*N}
#   --repeats N        runs of each number of nodes (default: 5)
#   --one-job          one job on the most nodes for all of them. It takes more of your share, and rounds
#                      differ in their order, so that drift favours no number of nodes
#   --time LIMIT       of each job, as sbatch takes it
#   --launcher NAME    srun (default) or mpirun
#   --site FILE        sourced on the first node before all else, see slurm/site.sh.example
#   --sbatch OPTION    one more for sbatch, such as --sbatch=--partition=long; may be given several times
#   --dry-run          print what would be submitted, and do nothing
#
# Prints the jobs' numbers, that of the report last.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# shellcheck source=slurm/common.sh
source "$here/common.sh"

nodes='' ranks='' run='' time='' launcher=srun site='' repeats=5 one_job=false dry=false weak=() more=()
while (($# > 0)); do
    case $1 in
        --nodes | --ranks | --run | --time | --launcher | --site | --repeats | --sbatch)
            (($# > 1)) || fail "$1 needs a value"
            case $1 in
                --nodes) nodes=$2 ;;
                --ranks) ranks=$2 ;;
                --run) run=$2 ;;
                --time) time=$2 ;;
                --launcher) launcher=$2 ;;
                --site) site=$(realpath "$2") ;;
                --repeats) repeats=$2 ;;
                --sbatch) more+=("$2") ;;
            esac
            shift 2
            ;;
        --sbatch=*) more+=("${1#--sbatch=}") && shift ;;
        --weak) weak=(--weak) && shift ;;
        --one-job) one_job=true && shift ;;
        --dry-run) dry=true && shift ;;
        --) shift && break ;;
        -*) fail "$1 is unknown" ;;
        *) break ;;
    esac
done
[[ $nodes =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] || fail "--nodes: \"$nodes\" is no list of numbers of nodes"
[[ $repeats =~ ^[1-9][0-9]*$ ]] || fail "--repeats: \"$repeats\" is no number of runs"
check_common "$ranks" "$run" "$launcher" "$@"

words=() tool=''
find_programs "$@"
run=$(realpath -m "$run")
if ! $dry; then mkdir -p "$run"; fi

common=(sbatch --parsable "--output=$run/log")
if [[ $time ]]; then common+=("--time=$time"); fi
common+=("${more[@]}")
export SERRY_SITE=$site

# submit SBATCH_OPTION... -- SCALE_WORD...: sets $job.
job=''
submit() {
    local options=()
    while [[ $1 != -- ]]; do options+=("$1") && shift; done
    shift
    SERRY_SCALE_COMMAND=$(printf '%q ' "$tool" scale --output "$run" "$@")
    export SERRY_SCALE_COMMAND
    if $dry; then
        printf '%s\n    runs %s\n' "${common[*]} ${options[*]} $here/scale.sbatch" "$SERRY_SCALE_COMMAND"
        job=JOB
        return
    fi
    job=$("${common[@]}" "${options[@]}" "$here/scale.sbatch")
    job=${job%%;*}
    echo "$job"
}
# submit_series NODES SHAPES
submit_series() {
    submit "--nodes=$1" "--ntasks-per-node=$ranks" -- --shapes "$2" --repeats "$repeats" "${weak[@]}" \
        --launcher "$launcher" -- "${words[@]}"
}

IFS=, read -ra counts <<<"$nodes"
jobs=''
if $one_job; then
    most=1 shapes=''
    for count in "${counts[@]}"; do
        if ((count > most)); then most=$count; fi
        shapes+=,${count}x$ranks
    done
    submit_series "$most" "${shapes#,}"
    jobs=:$job
else
    for count in "${counts[@]}"; do
        submit_series "$count" "${count}x$ranks"
        jobs+=:$job
    done
fi
submit --nodes=1 --ntasks-per-node=1 "--dependency=afterany$jobs" -- --report
if ! $dry; then echo "scaling.sh: when all are done, $run/report.html shows how it scales; $run/log is what they say" >&2; fi
