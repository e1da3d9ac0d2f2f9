#!/usr/bin/env bash
# The long tier: what takes two to three hours, one after the other, on this machine's devices. All of it runs, whatever fails.
#
#     long_tier.sh BUILD        (cmake --build BUILD --target long builds what it needs, then runs it)
#
# Every input of the sigmoid, every seed of a reciprocal, 10^9 divisions and square roots a device, 10^9 float fma by way of double, a long training against the
# reference, every case on every device, killed and resumed runs, ranks killed and failing, large settings and a run of 10^6 updates, the
# prover's campaign, the checker's mutants, the GPU kernels' machine code (check_gpu_code.py says what it needs), and other platforms, emulated
# (as root, on Debian; tests/other_platforms.sh says what they need).
set -u
build=$(realpath "${1:?usage: long_tier.sh BUILD}")
cd "$(dirname "$0")/.." || exit 1
program=$build/carrynet work=$(mktemp -d) names=() results=() seconds=()
trap 'rm -rf "$work"' EXIT

step() {
    local name=$1 start=$SECONDS result=passed
    shift
    printf '\n==== %s\n' "$name"
    "$@" || result=FAILED
    names+=("$name") results+=("$result") seconds+=($((SECONDS - start)))
}

# bound NAME COUNT LABELS: the COUNT lines that begin with LABELS (bounds, digest) are those of tests/bounds/NAME.txt.
bound() {
    local name=$1 count=$2 labels="^($3) " line
    "$build/tests/$name" > "$work/$name.txt" || return 1
    cat "$work/$name.txt"
    [ "$(grep -cE "$labels" "$work/$name.txt")" -eq "$count" ] || return 1
    while read -r line; do
        grep -qF -- "$line" "tests/bounds/$name.txt" || return 1
    done < <(grep -E "$labels" "$work/$name.txt")
}

# 10,000 updates give the same file as the reference, in both kernel shapes and precisions.
long_training() {
    local precision shape
    for precision in fp32 fp64; do
        "$program" train --device reference --precision "$precision" --updates 10000 --seed 7 --quiet -o "$work/long.safetensors" || return 1
        for shape in cpu gpu; do
            "$program" train --device 0:0 --kernel-shape "$shape" --precision "$precision" --updates 10000 --seed 7 --quiet \
                -o "$work/other.safetensors" || return 1
            cmp "$work/long.safetensors" "$work/other.safetensors" || return 1
            printf '%s, %s shape: the same file as the reference after 10000 updates\n' "$precision" "$shape"
        done
    done
}

step 'every input of the sigmoid' bound sigmoid_bound 5 'e_S|tau|range|NaN|digest'
step 'every seed of a reciprocal' bound reciprocal_bound 4 'wrong|step|beyond'
step '10^9 divisions and square roots' "$build/tests/device_arithmetic" 1000000000
step '10^9 float fma by way of double' "$build/tests/fused_by_double" 1000000000
step '10,000 updates against the reference' long_training
step 'every case on every device' tests/devices.sh "$program"
step '200 runs killed and resumed' python3 tests/kill_and_resume.py "$program" 200
step 'ranks killed and failing, 200 times each' python3 tests/ranks_faults.py mpirun "$program" "$build/tests/libcarrynet_faults.so" 200
step 'large settings, and 10^6 updates' python3 tests/load.py "$program" large long
step 'verdicts of the prover' "$build/tests/prove_campaign"
step 'mutants of the checker' python3 tests/mutate_checker.py "$build" --all
step 'machine code of the GPU kernels' python3 tests/check_gpu_code.py --build "$build"
for part in westmere arm64 arm64:clang armhf i386 riscv64 s390x musl arm64:pocl armhf:pocl i386:pocl; do
    step "$part, emulated" tests/other_platforms.sh "$build" "$part"
done

printf '\n==== summary\n'
failed=0
for i in "${!names[@]}"; do
    printf '%-7s %6d s  %s\n' "${results[$i]}" "${seconds[$i]}" "${names[$i]}"
    [ "${results[$i]}" = passed ] || failed=1
done
exit $failed
