#!/usr/bin/env bash
# Measure serry's programs against hand-written ones: see usage() below.
#
# A bench is a function bench_NAME: it makes its inputs with make_..., and calls a compare... function
# or prints figures of its own. Name it in `all_benches`.
set -euo pipefail

all_benches=(word_count word_count_long tera_sort k_means page_rank join group
    checkpoints narrow empty_job stage_cost allocations compile)

usage() {
    cat <<'END'
usage: bash apps/bench.sh [--pairs N] [--size BYTES] [NAME...]

Build preset release, run serry's program and the one written by hand on plain MPI in turn on the
same input, check that they agree, and print what each costs and the ratios of the pairs.

  NAME           word_count        words of 2-13 letters, Zipf 1.0 over 10^6 words
                 word_count_long   the same with 5 % of the words 17-40 letters long
                 tera_sort         10^7 records of 100 bytes, sorted by their first 10
                 k_means           10^7 points, 10 centres, 10 iterations
                 page_rank         R-MAT graph of scale 20 and 2^24 edges, 10 iterations
                 join              10^7 pairs with 10^7, keys uniform in 1.5 * 10^7
                 group             10^7 pairs with 10^5 keys, counted and added up
                 checkpoints       page_rank with them, for a failure every 5 s ("serry"), and
                                   without ("yardstick")
                 narrow, empty_job, stage_cost, allocations, compile
                 no NAME: all of them
  --pairs N      pairs of runs that count, after one that does not (default 11)
  --size BYTES   bytes of text (default 1000000000)
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

# median: of an odd number of figures, one a line on standard input.
median() {
    sort -g | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'
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

# make_records KIND NAME COUNT OPTION...: make the input NAME unless it is there; print its path.
make_records() {
    local kind=$1 path=$work_dir/$2-$3.in count=$3
    shift 3
    if [ ! -e "$path" ]; then
        "$yardstick/make_records" "$kind" "$count" "$path.unfinished" "$@" >/dev/null
        mv "$path.unfinished" "$path"
    fi
    echo "$path"
}

# compare NAME CHECK ARGUMENTS YARDSTICK_COMMAND: serry's program NAME with ARGUMENTS, against the one by
# hand. Run both, let the command CHECK compare their outputs, and measure them. While serry has no
# program of that name, the one by hand is run alone.
compare() {
    local name=$1 check=$2
    local serry="mpirun -np 2 '$programs/$name' $3 --output '$work_dir/serry.out' --overwrite"
    local by_hand="mpirun -np 2 $4"
    rm -rf "$work_dir/serry.out" "$work_dir/yardstick.out"
    echo "$name by hand"
    sh -c "$by_hand"
    echo
    if [ ! -x "$programs/$name" ]; then
        run_alone "$name" "$by_hand"
        return
    fi
    sh -c "$serry" >/dev/null
    sh -c "$check" || fail "the outputs of $name differ: $work_dir/serry.out, $work_dir/yardstick.out"
    run_pairs "$name" "$serry" "$by_hand"
}

# run_alone NAME YARDSTICK_COMMAND: measure it against itself, for want of a program of serry's.
run_alone() {
    local report
    report=$("$yardstick/run_pairs" --pairs "$pair_count" --warmup 1 \
        --before "rm -rf '$work_dir/yardstick.out'" \
        --a-name yardstick --a "$2" --b-name 'yardstick again' --b "$2") ||
        fail "$1 could not be measured"
    printf '%s\nserry has no program %s: this is the yardstick against itself\n%s\n\n' \
        "$1" "$1" "$(grep -v '^summary:' <<<"$report")"
    summary+=$(printf '%-18s serry has no such program' "$1")$'\n'
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

bench_tera_sort() {
    local input
    input=$(make_records records records 10000000 --seed 1)
    compare tera_sort \
        "'$yardstick/check_output' records '$input' '$work_dir/yardstick.out' &&
         '$yardstick/check_output' records '$input' '$work_dir/serry.out'" \
        "'$input'" "'$yardstick/tera_sort_mpi' '$input' '$work_dir/yardstick.out'"
}

bench_k_means() {
    local input
    input=$(make_records points points 10000000 --seed 1)
    compare k_means "$(same_numbers --relative 1e-9 --last 3)" \
        "'$input' --k 10 --iterations 10" \
        "'$yardstick/k_means_mpi' '$input' '$work_dir/yardstick.out' --k 10 --iterations 10"
}

bench_page_rank() {
    local input
    input=$(make_records edges edges 16777216 --scale 20 --seed 1)
    compare page_rank "$(same_numbers --relative 1e-9)" "'$input' --iterations 10" \
        "'$yardstick/page_rank_mpi' '$input' '$work_dir/yardstick.out' --iterations 10"
}

# Keys that both sides draw from 1.5 times as many as there are pairs: half of the pairs match.
bench_join() {
    local left right
    left=$(make_records pairs left 10000000 --keys 15000000 --seed 1)
    right=$(make_records pairs right 10000000 --keys 15000000 --seed 2)
    compare join \
        "'$yardstick/check_output' join '$work_dir/serry.out' '$work_dir/yardstick.out/summary'" \
        "'$left' '$right'" \
        "'$yardstick/join_mpi' '$left' '$right' '$work_dir/yardstick.out' --parts text"
}

bench_group() {
    local input
    input=$(make_records pairs group 10000000 --keys 100000 --seed 3)
    compare group "$(same_numbers)" "'$input'" \
        "'$yardstick/group_mpi' '$input' '$work_dir/yardstick.out'"
}

# As often as a failure every five seconds asks for, within the twentieth that they may take.
bench_checkpoints() {
    local input job
    input=$(make_records edges edges 4000000 --scale 18 --seed 1)
    job="mpirun -np 2 '$programs/page_rank' '$input' --iterations 60 --partitions 8 --quiet"
    run_pairs checkpoints \
        "$job --output '$work_dir/serry.out' --checkpoint '$work_dir/checkpoints' --mtbf 5s" \
        "$job --output '$work_dir/yardstick.out'"
}

# same_numbers OPTION...: the command that compares both outputs by their numbers.
same_numbers() {
    echo "'$yardstick/check_output' numbers '$work_dir/serry.out' '$work_dir/yardstick.out' $*"
}

bench_narrow() {
    local program
    echo narrow
    for program in narrow_operators narrow_operators_native; do
        for _ in $(seq "$pair_count"); do
            mpirun -np 1 "$yardstick/$program" --quiet
        done | tee "$work_dir/narrow.out" | awk '{ print $2 }' | median |
            sed "s/$/ ns a record and operator by serry, median ($program)/"
        sed 's/.*took \([0-9.]*\) times.*/\1/' "$work_dir/narrow.out" | median |
            sed 's/$/ times the fused loop, median/'
    done
    echo
}

bench_empty_job() {
    local ranks
    for ranks in 2 16; do
        run_pairs "empty_job@$ranks" "mpirun --oversubscribe -np $ranks '$yardstick/empty_job' --quiet" \
            "mpirun --oversubscribe -np $ranks '$yardstick/mpi_init_only'"
    done
}

bench_stage_cost() {
    echo stage_cost
    for _ in 1 2 3; do mpirun -np 2 "$yardstick/stage_cost" --quiet; done
    for _ in 1 2 3; do mpirun --oversubscribe -np 16 "$yardstick/stage_cost" --quiet; done
    echo
}

# The largest rank's count of a word count over the first so many bytes of a text.
allocations_of() {
    head -c "$2" "$1" >"$work_dir/part.txt"
    mpirun -np 2 "$yardstick/word_count_allocations" "$work_dir/part.txt" --quiet \
        --output "$work_dir/serry.out" --overwrite 2>&1 | awk '/^ALLOCATIONS/ { print $2 }' | sort -n | tail -n 1
}

# One vocabulary: the text twice, against the text once.
bench_allocations() {
    local text once twice
    text=$(make_text words --seed 1)
    cat "$text" "$text" >"$work_dir/twice.txt"
    once=$(allocations_of "$text" "$size_bytes")
    twice=$(allocations_of "$work_dir/twice.txt" $((2 * size_bytes)))
    rm "$work_dir/twice.txt" "$work_dir/part.txt"
    printf 'allocations\n%s with the text once, %s with the text twice, difference %s\n\n' \
        "$once" "$twice" $((twice - once))
}

bench_compile() {
    local flags
    flags=$(mpicxx --showme:compile)
    echo compile
    # shellcheck disable=SC2086  # the flags are words
    /usr/bin/time -f "%U s user, %S s system, %M KiB: g++ -O2 word_count.cpp" \
        g++ -std=c++20 -O2 -DOMPI_SKIP_MPICXX $flags -I "$root/lib" -c "$root/apps/word_count.cpp" -o /dev/null
    echo
}

# ---- program -------------------------------------------------------------------------------------

parse_arguments "$@"
mkdir -p "$work_dir"
build
for name in "${names[@]}"; do
    "bench_$name"
done
if [ -n "$summary" ]; then
    echo "median ratios serry / yardstick"
    printf '%s' "$summary"
fi
