#!/usr/bin/env bash
# What other programs find in the source without running it: clang-tidy (.clang-tidy says which checks), cppcheck, and
# Clang's warnings on the kernels (check_kernels.py). Clang 14 and 19 are tried, and cppcheck 2.10 and 2.17.
#
#     check_static.sh BUILD [all]
#
# BUILD is a configured build folder, with its compile_commands.json. Without "all" it leaves the path-sensitive analyzers out,
# which take minutes, and the tests; a minute on two cores. Needs clang, clang-tidy and cppcheck. Exit code 0: nothing found.
set -u
cd "$(dirname "$0")/.." || exit 1
build=${1:?usage: check_static.sh BUILD [all]} how=${2:-quick} jobs=$(nproc)
commands=$build/compile_commands.json
[ -f "$commands" ] || { printf '%s is not there: configure %s first\n' "$commands" "$build" >&2; exit 2; }
work=$(mktemp -d) failed=0
trap 'rm -rf "$work"' EXIT
tidy=$(command -v clang-tidy-14 clang-tidy-19 clang-tidy | head -n 1)
[ -n "$tidy" ] || { printf 'check_static.sh: clang-tidy not found. Debian, Ubuntu: apt-get install clang-tidy\n' >&2; exit 2; }

# A file a process: version 14 carries states of the analyzer from one file to the next. What is compiled four times, once.
tidy() {
    local folders=(host) checks=--checks=-clang-analyzer-*
    if [ "$how" = all ]; then
        folders+=(tests bench)
        checks=--checks=
    fi
    find "${folders[@]}" -name '*.c' -not -path 'tests/outside/*' -not -path 'tests/flags/*' -print0 | sort -z |
        xargs -0 -P "$jobs" -n 1 "$tidy" -p "$build" --quiet "$checks" 2> "$work/generated"
    [ "${PIPESTATUS[2]}" -eq 0 ]
}

# cppcheck's own opinions of style are left out. Suppressed, each for all files:
#   missingIncludeSystem   the system's headers are not read; what they declare is in cppcheck's libraries
#   nullPointerArithmetic  takes the value of a pointer for one that another call passes
#   normalCheckLevelMaxBranches  version 2.17 says of files with many branches that it does not follow all of them
#   uninitvar in flow.c    version 2.17 thinks of networks without a hidden unit
cpp() {
    local more=()
    [ "$how" = all ] && more=(--force)
    cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 -j "$jobs" --template=gcc \
        --suppress=missingIncludeSystem --suppress=nullPointerArithmetic --suppress=normalCheckLevelMaxBranches \
        --suppress=uninitvar:host/prove/flow.c "${more[@]}" -I include -I host -I . \
        -D_POSIX_C_SOURCE=200809L -DCL_TARGET_OPENCL_VERSION=120 -DCARRYNET_VERSION='"0"' -DCARRYNET_REAL_BITS=32 \
        -DC_VARIANT=portable host
}

kernels() {
    local more=()
    [ "$how" = all ] && more=(--analyze)
    python3 tests/check_kernels.py "${more[@]}"
}

for check in cpp tidy kernels; do
    start=$SECONDS result='nothing found'
    "$check" || { result=FOUND failed=1; }
    printf -- '-- %s: %s, %d s\n' "$check" "$result" $((SECONDS - start))
done
exit $failed
