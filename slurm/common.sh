# shellcheck shell=bash
# For submit.sh and scaling.sh: `source slurm/common.sh`, then `fail`, `check_common` and `find_programs`.
# shellcheck disable=SC2034,SC2154 # $words and $tool are for the script; $here, its folder, is the script's

# fail TEXT: in the script's name.
fail() { echo "${0##*/}: $1; see the head of $here/${0##*/}" >&2 && exit 2; }

# check_common RANKS RUN LAUNCHER PROGRAM...: what both are told.
check_common() {
    [[ $1 =~ ^[1-9][0-9]*$ ]] || fail "--ranks: \"$1\" is no number of ranks"
    [[ $2 ]] || fail "--run is missing: a folder that all nodes share"
    [[ $3 == srun || $3 == mpirun ]] || fail "--launcher: \"$3\" is neither srun nor mpirun"
    shift 3
    (($# > 0)) || fail "no program was given"
    command -v "$1" >/dev/null || fail "$1 is no program here"
}

# find_programs PROGRAM ARGUMENT...: sets $words to the same with the program's whole path, and $tool to
# `serry`: beside the program, unless there is one on the PATH or SERRY_TOOL names it.
find_programs() {
    local program
    program=$(realpath "$(command -v "$1")")
    words=("$program" "${@:2}")
    tool=${SERRY_TOOL:-$(command -v serry || echo "$(dirname "$program")/serry")}
    [[ -x $tool ]] || fail "no program \"serry\" on the PATH or beside $1; set SERRY_TOOL to where it is"
}
