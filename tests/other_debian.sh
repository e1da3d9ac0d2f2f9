#!/usr/bin/env bash
# README's two lines on another release of Debian, in a folder that debootstrap makes: the first as it stands there; of the second, which
# builds and runs the tests, only tests that depend on the release: compilers, libraries, pocl, mpirun, gnuplot. Instead of the numerical
# tests it runs `compare` and checks one model's digest. Then the build with the release's clang, and the format with
# its clang-format.
#
#     other_debian.sh [RELEASE [FOLDER]]
#
# RELEASE is trixie, if not given. FOLDER: where it is made, or was made before, and stays; without it a temporary one. Needs root, the network
# and debootstrap; 4 GB, of which 400 MB of packages are kept for the next run (debian_folder.sh says where). Some eight minutes on two cores.
set -eu -o pipefail
shopt -s inherit_errexit
cd "$(dirname "$(realpath "$0")")/.."
top=$PWD release=${1:-trixie}
export LC_ALL=C.UTF-8
# shellcheck source=tests/debian_folder.sh
. tests/debian_folder.sh
debian_alone "$top/tests/other_debian.sh" "$@"
if [ $# -gt 1 ]; then
    root=$(realpath "$2")
else
    root=$(mktemp -d)
    trap 'debian_remove "$root"' EXIT
fi

tests='find_python|test_npz|test_files|test_program|test_program_(plot|doctor|export)|numpy|export_npz|documents|install|readme|example|device_arithmetic|ranks_.*|two_hosts|source_.*'
cases='smallest seeds odd start-state three-inputs noise-odd blocks fp64-odd abreast networks'

begin=$SECONDS
said() {
    printf -- '-- %s: %d s\n' "$1" $((SECONDS - begin))
    begin=$SECONDS
}

debian_make "$release" "$root"
said "$release in a folder"

# What git tracks, as it is here.
rm -rf "$root/root/carrynet"
mkdir "$root/root/carrynet"
git -c safe.directory="$top" ls-files -z | tar -c --null -T - | tar -x -C "$root/root/carrynet"

# line WORD: the one of README that installs, builds and ends in WORD, with warnings as errors.
line() {
    local found
    found=$(grep -E "^[^#|>]*apt-get install .*cmake --build .*$1" README.md)
    [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] || return 1
    [[ $found == *'apt-get install '*' && cmake -B build '* ]]
    found=${found/apt-get install /apt-get -qq -o Dpkg::Use-Pty=0 install }
    printf '%s\n' "${found/cmake -B build /cmake -B build -DCARRYNET_WERROR=ON }"
}

# The end of what a command says, and all of it if it fails.
quietly() {
    "$@" > "$root/said" 2>&1 || { cat "$root/said"; return 1; }
    tail -n 3 "$root/said"
}

first=$(line train)
quietly inside "$root" "cd carrynet; $first"
said "README's line that trains"

# Of ctest some tests. ip is for two_hosts, which makes two hosts of network namespaces.
both=$(line ctest)
[[ $both == *' && ctest --test-dir build -j2 --output-on-failure' ]]
quietly inside "$root" "cd carrynet; ${both%% && ctest *}"
quietly inside "$root" 'apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends iproute2'
said "README's line that builds the tests"
inside "$root" "cd carrynet; ctest --test-dir build -j2 --output-on-failure -R '^($tests)\$'" | tee "$root/tests"
grep -qE '^100% tests passed, 0 tests failed out of [2-9][0-9]' "$root/tests"
! grep -q 'Skipped' "$root/tests"
said 'tests of what differs'

# Both shapes at once, since pocl's compiler uses one core.
shape() {
    inside "$root" "for one in $cases; do carrynet/build/carrynet compare --device 0:0 --kernel-shape $1 --case \$one; done"
}
shape cpu > "$root/cpu.txt" 2>&1 &
first=$!
shape gpu
wait $first || { cat "$root/cpu.txt"; exit 1; }
said 'equal bits, in both kernel shapes'
# The same file from this release's compiler and pocl, and from the build here, if there is one.
for device in reference 0:0; do
    inside "$root" "carrynet/build/carrynet train --seed 7 --updates 200 --quiet --device $device -o $device.safetensors"
done
inside "$root" 'cmp reference.safetensors 0:0.safetensors; sha256sum reference.safetensors'
if [ -x build/carrynet ]; then
    build/carrynet train --seed 7 --updates 200 --quiet --device reference -o "$root/root/here.safetensors"
    inside "$root" 'cmp reference.safetensors here.safetensors'
fi
said 'equal files'

quietly inside "$root" 'apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends clang clang-format'
inside "$root" "cd carrynet; find . -name '*.[ch]' -not -path './build*' -print0 | xargs -0 clang-format --dry-run -Werror"
quietly inside "$root" 'cd carrynet; cmake -B build-clang -DCMAKE_C_COMPILER=clang -DCARRYNET_WERROR=ON -DCARRYNET_TESTS=OFF && cmake --build build-clang -j2'
said 'clang-format; clang, warnings are errors'
inside "$root" 'apt-get -qq autoclean' # of the packages that are kept those that are still there
printf 'README holds on %s\n' "$release"
