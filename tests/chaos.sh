#!/usr/bin/env bash
# Jobs under fire: ranks, mpirun and supervisor are killed or stopped at random moments, checkpoints
# are damaged in between, and every attempt has another number of ranks. At the end of each job its
# output is compared with that of an undisturbed run.
#
#   bash tests/chaos.sh [--seconds N] [--seed N] [--build DIR]
#
# Prints what was done; fails at a wrong result or a job that does not end.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

seconds=60 seed=$RANDOM build=$root/build/release
while (($# > 0)); do
    case $1 in
        --seconds) seconds=$2 ;;
        --seed) seed=$2 ;;
        --build) build=$2 ;;
        *) echo "chaos.sh: $1 is unknown; expected --seconds N, --seed N or --build DIR" >&2 && exit 2 ;;
    esac
    shift 2
done
RANDOM=$seed
echo "seed $seed, $seconds s"

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 \
    OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none \
    OMPI_MCA_odls_base_sigkill_timeout=0

dir=$(mktemp -d /tmp/serry-chaos-XXXXXX)
attempt= # the process id of what runs
finish() {
    local code=$?
    [[ $attempt ]] && kill -9 -- "-$attempt" 2>/dev/null
    if ((code == 0)); then rm -rf "$dir"; else echo "kept $dir"; fi
}
trap finish EXIT
set -m # each attempt is a group of its own

# Inputs by which every job takes some seconds, most of them behind its first commit.
awk -v n=400000 'BEGIN { srand(7); for (i = 0; i < n; ++i) print rand(), rand(), rand() }' >"$dir/points"
"$build/apps/yardstick/make_input" text 400000000 "$dir/words" --seed 1 >/dev/null
words=("$dir/words" "$dir/words" "$dir/words" "$dir/words" "$dir/words")
awk -v n=150000 'BEGIN { srand(9); for (i = 0; i < n; ++i) print int(rand() * 20000), int(rand() * 20000) }' >"$dir/edges"

apps=$build/apps
# set_command JOB OUTPUT: the words of a job, in the array `command`.
set_command() {
    case $1 in
        k_means) command=("$apps/k_means" "$dir/points" --k 20 --iterations 500 --output "$2") ;;
        word_count) command=("$apps/word_count" "${words[@]}" --output "$2") ;;
        page_rank) command=("$apps/page_rank" "$dir/edges" --iterations 300 --partitions 4 --output "$2") ;;
    esac
}
jobs=(k_means page_rank word_count)
for job in "${jobs[@]}"; do
    set_command "$job" "$dir/$job.expected"
    mpirun -np 2 "${command[@]}" --quiet
    rm "$dir/$job.expected/_SUCCESS"
done

kills=0 early=0 stops=0 damages=0 attempts=0 finished=0 resumed=0

# Processes of ours alone: all have the folder in their command lines.
# The processes of the attempt whose command line matches, one a line.
processes() { pgrep -g "$attempt" -f "$1" || true; }
pick() { shuf -n 1 --random-source=<(yes "$RANDOM"); }

# Damage the newest pack or manifest, or cut the journal.
damage() {
    local file
    [[ -d $1 ]] || return 0 # killed before it was there
    case $((RANDOM % 3)) in
        0) file=$(find "$1" -name 'rank-*.h5' | sort | tail -1) ;;
        1) file=$(find "$1" -name '*.manifest' | sort | tail -1) ;;
        *) file=$1/journal ;;
    esac
    [[ $file && -s $file ]] || return 0
    local size
    size=$(stat -c %s "$file")
    if ((RANDOM % 2)); then
        truncate -s $((RANDOM * 32768 % size)) "$file"
    else
        printf 'damage' | dd of="$file" bs=1 seek=$((RANDOM * 32768 % size)) conv=notrunc status=none
    fi
    damages=$((damages + 1))
}

# Most often until the attempt has committed something, and then some.
wait_for_moment() {
    local i
    if ((RANDOM % 4)); then
        for ((i = 0; i < 100; ++i)); do
            if compgen -G "$dir/c/*.manifest" >/dev/null; then break; fi
            kill -0 "$attempt" 2>/dev/null || break
            sleep 0.03
        done
    fi
    sleep "0.$((RANDOM % 90 + 10))"
}

# End or stop a rank, mpirun or the supervisor.
strike() {
    local victim='' signal=KILL ranks
    ranks=$(pgrep -f "^$apps/$1 .*$dir/" || true)
    case $((RANDOM % 8)) in
        0) victim=$(processes "^mpirun" | pick) ;;
        1) victim=$(processes "serry run" | pick) ;;
        2) signal=STOP ;;
    esac
    [[ $victim ]] || victim=$(pick <<<"$ranks")
    if [[ $victim ]] && kill -$signal "$victim" 2>/dev/null; then
        if [[ $signal == STOP ]]; then stops=$((stops + 1)); fi
        if compgen -G "$dir/c/*.manifest" >/dev/null; then
            kills=$((kills + 1))
        else
            early=$((early + 1))
        fi
    fi
}

# One attempt, and most often what ends it. Returns its exit code.
try() {
    local job=$1 np=$((RANDOM % 4 + 1)) code=0
    set_command "$job" "$dir/out"
    attempts=$((attempts + 1))
    if ((RANDOM % 3 == 0)); then
        "$apps/serry" run -n $np --max-restarts 0 --hang-timeout 2s -- \
            "${command[@]}" --checkpoint "$dir/c" --checkpoint-every 0.3 2>>"$dir/log" &
    else
        mpirun -np $np "${command[@]}" --checkpoint "$dir/c" --checkpoint-every 0.3 \
            --hang-timeout 2s 2>>"$dir/log" &
    fi
    attempt=$!
    # The first four attempts never get through, most later ones neither.
    if ((tries <= 4 || RANDOM % 3)); then
        wait_for_moment
        strike "$job"
    fi
    local i
    for ((i = 0; i < 1800; ++i)); do
        kill -0 "$attempt" 2>/dev/null || break
        # A stopped rank 0 is the supervisor's to see; where there is none, ours.
        if ((i == 60)); then pgrep -f "^$apps/$job .*$dir/" | xargs -r kill -CONT 2>/dev/null || true; fi
        sleep 0.1
    done
    if kill -0 "$attempt" 2>/dev/null; then
        echo "HUNG: $job, attempt $attempts; see $dir/log" && exit 1
    fi
    wait "$attempt" || code=$?
    attempt=
    # Processes of a killed launcher go by themselves within a second or two.
    for ((i = 0; i < 100; ++i)); do
        pgrep -f "^$apps/$job .*$dir/" >/dev/null || break
        sleep 0.1
    done
    return $code
}

end=$((SECONDS + seconds))
while ((SECONDS < end)); do
    job=${jobs[finished % ${#jobs[@]}]}
    rm -rf "$dir/out" "$dir/c" "$dir/log"
    for ((tries = 1; ; ++tries)); do
        if try "$job" || [[ -e $dir/c/finished ]]; then break; fi
        if ((tries > 40)); then echo "NO END: $job; see $dir/log" && exit 1; fi
        if ((RANDOM % 4 == 0)); then damage "$dir/c"; fi
    done
    if grep -q 'going on with' "$dir/log"; then resumed=$((resumed + 1)); fi
    rm "$dir/out/_SUCCESS"
    if ! diff -r "$dir/$job.expected" "$dir/out" >/dev/null; then
        echo "WRONG: $job, seed $seed; see $dir" && exit 1
    fi
    finished=$((finished + 1))
done
echo "$finished jobs in $attempts attempts, $resumed resumed: $kills kills behind a first commit" \
    "($stops of them by SIGSTOP), $early before, $damages files damaged; 0 wrong, 0 hung"
