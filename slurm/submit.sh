#!/usr/bin/env bash
# Submits a job of serry's to Slurm.
#
#   slurm/submit.sh --nodes N --ranks RANKS_A_NODE --run DIR [options] [-- SBATCH_OPTION...] PROGRAM ARGUMENT...
#
#   --nodes N          nodes
#   --ranks N          ranks a node, one a core
#   --run DIR          folder, which all nodes share, for checkpoints (DIR/checkpoints), what the job says
#                      (DIR/log), and what slurm/resume.sh needs; made if it is not there
#   --time LIMIT       as sbatch takes it
#   --launcher NAME    srun (default) or mpirun
#   --site FILE        sourced on the first node before all else, see slurm/site.sh.example
#   --sbatch OPTION    one more for sbatch, such as --sbatch=--partition=long; may be given several times
#   --dry-run          print what would be done, and do nothing
#
# Prints the job's number.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# shellcheck source=slurm/common.sh
source "$here/common.sh"

nodes='' ranks='' run='' time='' launcher=srun site='' dry=false more=()
while (($# > 0)); do
    case $1 in
        --nodes | --ranks | --run | --time | --launcher | --site | --sbatch)
            (($# > 1)) || fail "$1 needs a value"
            case $1 in
                --nodes) nodes=$2 ;;
                --ranks) ranks=$2 ;;
                --run) run=$2 ;;
                --time) time=$2 ;;
                --launcher) launcher=$2 ;;
                --site) site=$(realpath "$2") ;;
                --sbatch) more+=("$2") ;;
            esac
            shift 2
            ;;
        --sbatch=*) more+=("${1#--sbatch=}") && shift ;;
        --dry-run) dry=true && shift ;;
        --) shift && break ;;
        -*) fail "$1 is unknown" ;;
        *) break ;;
    esac
done
[[ $nodes =~ ^[1-9][0-9]*$ ]] || fail "--nodes: \"$nodes\" is no number of nodes"
check_common "$ranks" "$run" "$launcher" "$@"

words=() tool=''
find_programs "$@"

if ! $dry; then mkdir -p "$run"; fi
run=$(realpath -m "$run")
submit=(sbatch --parsable "--nodes=$nodes" "--ntasks-per-node=$ranks" "--output=$run/log")
if [[ $time ]]; then submit+=("--time=$time"); fi
submit+=("${more[@]}" "$here/job.sbatch")

export SERRY_TOOL=$tool SERRY_JOB_CHECKPOINT=$run/checkpoints SERRY_JOB_LAUNCHER=$launcher SERRY_SITE=$site
SERRY_JOB_COMMAND=$(printf '%q ' "${words[@]}")
export SERRY_JOB_COMMAND

if $dry; then
    echo "would run, on $nodes nodes with $ranks ranks each, by $launcher:"
    echo "    $SERRY_JOB_COMMAND"
    echo "with checkpoints in $SERRY_JOB_CHECKPOINT and what it says in $run/log, submitted by"
    echo "    ${submit[*]}"
    exit
fi
job=$("${submit[@]}")
job=${job%%;*}
# All that slurm/resume.sh needs to submit it again.
{
    printf 'cd %q\n' "$PWD"
    for name in SERRY_TOOL SERRY_JOB_CHECKPOINT SERRY_JOB_LAUNCHER SERRY_SITE SERRY_JOB_COMMAND; do
        printf 'export %s=%q\n' "$name" "${!name}"
    done
    printf 'submit=('
    printf '%q ' "${submit[@]}"
    printf ')\n'
} >"$run/submitted"
echo "$job"
echo "submit.sh: job $job; squeue --jobs $job shows it, $run/log is what it says" >&2
