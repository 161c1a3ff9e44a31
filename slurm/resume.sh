#!/usr/bin/env bash
# Submits a job again that slurm/submit.sh submitted and that did not end well: it goes on from its
# checkpoints.
#
#   slurm/resume.sh DIR [SBATCH_OPTION...]       DIR: what submit.sh was given as --run
#
# SBATCH_OPTIONs come after submit.sh's, and win: --nodes=8 --time=2:00:00. Prints the job's number.
set -euo pipefail

if (($# == 0)) || [[ ! -e $1/submitted ]]; then
    echo "resume.sh: expected the folder that submit.sh was given as --run${1+, and $1 is none}" >&2
    exit 2
fi
run=$(realpath "$1")
shift
submit=()
# shellcheck source=/dev/null
source "$run/submitted"
checkpoints=${SERRY_JOB_CHECKPOINT:?}
if [[ -e $checkpoints/finished ]]; then
    echo "resume.sh: $run: the job has succeeded; submit it anew by submit.sh" >&2
    exit 2
fi
last=$((${#submit[@]} - 1))
job=$("${submit[@]:0:last}" "$@" "${submit[last]}")
echo "${job%%;*}"
"${SERRY_TOOL:?}" checkpoints ls "$checkpoints" >&2 || true
