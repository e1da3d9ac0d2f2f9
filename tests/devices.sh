#!/usr/bin/env bash
# Every case of `carrynet compare`, in both kernel shapes and precisions, on every OpenCL device there is, and a table.
#
#     devices.sh PROGRAM [--icd NAME=LIBRARY]... [--case NAME]... [--no-oclgrind] [--log FOLDER]
#
# The devices are those that `carrynet devices` lists; then, apart, those of drivers that are not installed (--icd intel=/path/libintelocl.so);
# then oclgrind, where it is in PATH: a simulator, so with a few cases alone. --case takes these cases alone, everywhere. A device that
# fails the start-up check is compared all the same, and the table says so. --log keeps what was said of each.
# Exit code 0 if every bit that was compared is equal, 1 if one is not, 2 if there was nothing to compare.
set -u
program=$(realpath "${1:?usage: devices.sh PROGRAM [--icd NAME=LIBRARY]... [--case NAME]... [--no-oclgrind] [--log FOLDER]}")
shift
icds=() cases=() oclgrind=yes log=
while [ $# -gt 0 ]; do
    case $1 in
    --icd) icds+=("$2") && shift 2 ;;
    --case) cases+=("$2") && shift 2 ;;
    --no-oclgrind) oclgrind=no && shift ;;
    --log) log=$2 && shift 2 ;;
    *) printf 'devices.sh: no option is called %s\n' "$1" >&2; exit 2 ;;
    esac
done
few=(smallest seeds odd start-state three-inputs noise-odd blocks networks-one fp64-odd)
work=$(mktemp -d) compared=0 failed=0 table=()
[ -z "$log" ] && log=$work/log
mkdir -p "$log"
trap 'rm -rf "$work"' EXIT

# devices_of COMMAND...: "P:D<tab>name" a line, and a mark where it is not admitted.
devices_of() {
    "$@" "$program" devices --json 2> /dev/null | python3 -c '
import json, sys
try:
    found = json.load(sys.stdin)["devices"]
except ValueError:
    found = []
for one in found:
    bad = [name for name, said in one["admission"].items() if not said.get("admitted")]
    mark = " (not admitted: " + ", ".join(bad) + ")" if bad else ""
    print(one["device"], one["platform"] + ", " + one["name"] + mark, sep="\t")'
}

# compare_shape LABEL DEVICE NAME SHAPE CASES COMMAND...: adds the shape to the table, a row for each precision.
compare_shape() {
    local label=$1 device=$2 name=$3 shape=$4 which=$5 file start=$SECONDS one
    shift 5
    file=$log/$label-${device/:/-}-$shape.txt
    : > "$file"
    for one in $which; do
        [ "$one" = all ] && one=
        "$@" "$program" compare --allow-inexact --device "$device" --kernel-shape "$shape" ${one:+--case "$one"} >> "$file" 2>&1
        printf 'exit code %d\n' $? >> "$file"
    done
    # A run that came to its end has said how many are equal.
    local seconds=$((SECONDS - start)) precision equal different skipped stopped
    stopped=$(($(grep -c '^exit code ' "$file") - $(grep -cE '^[0-9]+ equal, [0-9]+ different' "$file")))
    for precision in fp32 fp64; do
        read -r equal different skipped < <(awk -v p="$precision" -v s="$shape" '
            $2 == s && ((p == "fp64") == ($1 ~ /^fp64/)) {
                if ($4 == "of" || $4 ~ /^of$/) { if ($3 == $5) e++; else d++ } else k++
            }
            END { print e + 0, d + 0, k + 0 }' "$file")
        compared=$((compared + equal + different))
        [ "$different" -gt 0 ] && failed=1
        [ "$stopped" -gt 0 ] && failed=1
        table+=("$(printf '%-10s %-5s %-4s %-5s %6d %9d %7d %7d s  %s%s' "$label" "$device" "$shape" "$precision" "$equal" "$different" "$skipped" \
            "$seconds" "$name" "$([ "$stopped" -gt 0 ] && printf ' (%d runs stopped)' "$stopped")")")
    done
    grep -E ' of ' "$file" | awk '$3 != $5' | head -n 5
}

# implementation LABEL CASES COMMAND...
implementation() {
    local label=$1 which=$2 device name shape
    shift 2
    while IFS=$'\t' read -r device name; do
        printf -- '-- %s: %s %s\n' "$label" "$device" "$name"
        for shape in cpu gpu; do
            compare_shape "$label" "$device" "$name" "$shape" "$which" "$@" < /dev/null
        done
    done < <(devices_of "$@")
}

implementation installed "${cases[*]:-all}" env
for icd in "${icds[@]}"; do
    mkdir -p "$work/${icd%%=*}"
    printf '%s\n' "${icd#*=}" > "$work/${icd%%=*}/driver.icd"
    implementation "${icd%%=*}" "${cases[*]:-all}" env OCL_ICD_VENDORS="$work/${icd%%=*}"
done
if [ "$oclgrind" = yes ] && command -v oclgrind > /dev/null; then
    implementation oclgrind "${cases[*]:-${few[*]}}" oclgrind
fi

printf '\n%-10s %-5s %-4s %-5s %6s %9s %7s %9s  %s\n' driver place shape bits equal different skipped 'both in' device
[ ${#table[@]} -gt 0 ] && printf '%s\n' "${table[@]}"
if [ "$compared" -eq 0 ]; then
    printf 'nothing was compared: no OpenCL device\n'
    exit 2
fi
exit $failed
