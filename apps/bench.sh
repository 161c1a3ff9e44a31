#!/usr/bin/env bash
# Measure serry's programs against hand-written ones: see usage() below.
#
# A bench is a function bench_NAME that makes its inputs with make_text, and calls
# compare_word_counts or another compare_... function. Name it in `all_benches`.
set -euo pipefail

all_benches=(word_count word_count_long)

usage() {
    cat <<'END'
usage: bash apps/bench.sh [--pairs N] [--size BYTES] [NAME...]

Build preset release, run serry's program and the one written by hand on plain MPI in turn on the
same input, check that they agree, and print what each costs and the ratios of the pairs.

  NAME           word_count        words of 2-13 letters, Zipf 1.0 over 10^6 words
                 word_count_long   the same with 5 % of the words 17-40 letters long
                 no NAME: all of them
  --pairs N      pairs of runs that count, after one that does not (default 11)
  --size BYTES   bytes of input (default 1000000000)
  --help         print this

SERRY_BENCH_DIR holds inputs and outputs (default /tmp/serry-bench). Inputs are made once.
END
}

fail() {
    echo "bench.sh: $*" >&2
    exit 1
}

# ---- settings ------------------------------------------------------------------------------------

pair_count=11
size_bytes=1000000000
names=()

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --help) usage && exit 0 ;;
            --pairs)
                pair_count=$(number_after "$@")
                shift
                ;;
            --size)
                size_bytes=$(number_after "$@")
                shift
                ;;
            -*) fail "unknown option $1; see --help" ;;
            *) names+=("$1") ;;
        esac
        shift
    done
    [ ${#names[@]} -gt 0 ] || names=("${all_benches[@]}")
    local name
    for name in "${names[@]}"; do
        declare -F "bench_$name" >/dev/null || fail "no bench is called $name; see --help"
    done
}

# number_after OPTION [VALUE ...]: VALUE, which must be a whole number above 0.
number_after() {
    [[ ${2-} =~ ^[1-9][0-9]*$ ]] || fail "$1 is \"${2-}\", expected a whole number above 0"
    echo "$2"
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
programs=$root/build/release/apps
yardstick=$programs/yardstick
work_dir=${SERRY_BENCH_DIR:-/tmp/serry-bench}
summary=

# mpirun refuses to start as root without these; for other users they mean nothing.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# ---- tools ---------------------------------------------------------------------------------------

build() {
    local log=$work_dir/build.log
    (cd "$root" && cmake --preset release && cmake --build --preset release) >"$log" 2>&1 ||
        { tail -n 40 "$log" >&2 && fail "the build failed; all of its output is in $log"; }
}

# make_text NAME OPTION...: make the text NAME of size_bytes unless it is there; print its path.
make_text() {
    local path=$work_dir/$1-$size_bytes.txt
    shift
    if [ ! -e "$path" ]; then
        "$yardstick/make_input" text "$size_bytes" "$path.unfinished" "$@" >/dev/null
        mv "$path.unfinished" "$path"
    fi
    echo "$path"
}

# run_pairs NAME SERRY_COMMAND YARDSTICK_COMMAND: measure, print, and add a line to the summary.
run_pairs() {
    local report
    report=$("$yardstick/run_pairs" --pairs "$pair_count" --warmup 1 \
        --before "rm -rf '$work_dir/serry.out' '$work_dir/yardstick.out'" \
        --a-name serry --a "$2" --b-name yardstick --b "$3") || fail "$1 could not be measured"
    printf '%s\n%s\n\n' "$1" "$(grep -v '^summary:' <<<"$report")"
    summary+=$(printf '%-18s %s' "$1" "$(sed -n 's/^summary: //p' <<<"$report")")$'\n'
}

# same_lines DIR DIR: do the part files of both hold the same lines, in any order?
same_lines() {
    local dir
    for dir in "$1" "$2"; do
        LC_ALL=C sort --buffer-size=1G "$dir"/part-* >"$dir.sorted"
    done
    cmp "$1.sorted" "$2.sorted" || fail "the outputs $1 and $2 differ"
    rm "$1.sorted" "$2.sorted"
}

# compare_word_counts NAME TEXT: check that both programs agree on TEXT, and measure them.
compare_word_counts() {
    local name=$1 text=$2
    local serry="mpirun -np 2 '$programs/word_count' '$text'"
    serry+=" --output '$work_dir/serry.out' --overwrite"
    local by_hand="mpirun -np 2 '$yardstick/word_count_mpi' '$text' '$work_dir/yardstick.out'"
    rm -rf "$work_dir/serry.out" "$work_dir/yardstick.out"
    sh -c "$serry" >/dev/null
    sh -c "$by_hand" >/dev/null
    same_lines "$work_dir/serry.out" "$work_dir/yardstick.out"
    run_pairs "$name" "$serry" "$by_hand"
}

# ---- benches -------------------------------------------------------------------------------------

bench_word_count() {
    local text
    text=$(make_text words --seed 1)
    compare_word_counts word_count "$text"
}

bench_word_count_long() {
    local text
    text=$(make_text words-long --seed 1 --long-share 0.05)
    compare_word_counts word_count_long "$text"
}

# ---- program -------------------------------------------------------------------------------------

parse_arguments "$@"
mkdir -p "$work_dir"
build
for name in "${names[@]}"; do
    "bench_$name"
done
echo "median ratios serry / yardstick"
printf '%s' "$summary"
