#!/usr/bin/env bash
# Runs the fuzzing harnesses of a build, as many at once as there are cores, or FUZZ_JOBS: tests/fuzz/run.sh BUILD SECONDS [NAME...],
# where NAME is model for fuzz_model; all by default. A harness starts from the seeds that it makes itself, and from the inputs that earlier runs kept
# (BUILD/fuzz/corpus/NAME). What it finds stays as BUILD/fuzz/NAME-crash-..., and BUILD/fuzz/fuzz_NAME takes such a file to show it again.
set -eu
[ $# -ge 2 ] || { sed -n '2,5s/^# //p' "$0"; exit 2; }
folder=$(cd "$1/fuzz" && pwd) seconds=$2
shift 2
if [ $# -eq 0 ]; then
    for harness in "$folder"/fuzz_*; do
        [ -x "$harness" ] && [ -f "$harness" ] && set -- "$@" "${harness##*/fuzz_}"
    done
fi
[ $# -ge 1 ] || { printf 'there is no harness in %s: build the target fuzz\n' "$folder"; exit 2; }

# No memory for a size that only a header claims, no input that takes seconds; what the program prints is of no use here.
limits=(-max_len=8192 -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=256 -close_fd_mask=3)

fuzz() {
    local name=$1 log=$folder/$1.log result=0
    rm -rf "$folder/seeds/$name"
    mkdir -p "$folder/seeds/$name" "$folder/corpus/$name"
    cd "$folder"
    "./fuzz_$name" seeds "seeds/$name" > "$log" 2>&1 || { cat "$log"; printf '%s: has no seeds\n' "$name"; return 1; }
    UBSAN_OPTIONS=print_stacktrace=1 "./fuzz_$name" "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 \
        -artifact_prefix="$folder/$name-" "corpus/$name" "seeds/$name" > "$log" 2>&1 || result=$?
    [ "$result" -eq 0 ] || { grep -v -e NEW -e REDUCE -e INITED "$log" | tail -n 60; printf '%s: FOUND something\n' "$name"; return 1; }
    awk -v name="$name" '/DONE/ { covered = $4; kept = $8 } /number_of_executed_units/ { ran = $2 }
        END { printf "%-12s %9d inputs, %6d edges covered, corpus %s\n", name, ran, covered, kept }' "$log"
}

failed=0
for name in "$@"; do
    while [ "$(jobs -pr | wc -l)" -ge "${FUZZ_JOBS:-$(nproc)}" ]; do
        wait -n || failed=1
    done
    fuzz "$name" &
done
while [ -n "$(jobs -p)" ]; do
    wait -n || failed=1
    jobs > /dev/null
done
exit "$failed"
