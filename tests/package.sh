#!/usr/bin/env bash
# On demand: makes the Debian packages on a release of Debian, installs them with apt in a fresh one, where pocl comes along as a
# recommendation, and uses them there: trains, proves and checks on pocl, builds the programs of tests/outside, and removes the packages
# again. These are the steps of .packaging/carrynet.def too.
#
#     tests/package.sh [RELEASE [FOLDER]]
#
# RELEASE: bookworm (if not given), trixie. Both systems are folders that debootstrap makes, in FOLDER, where they stay for the next time, or
# in a temporary one. Needs root, the network, debootstrap (apt-get install debootstrap) and 4 GB; some minutes.
set -eu -o pipefail
cd "$(dirname "$(realpath "$0")")/.."
top=$PWD release=${1:-bookworm}
export LC_ALL=C.UTF-8
# shellcheck source=tests/debian_folder.sh
. tests/debian_folder.sh
debian_alone "$top/tests/package.sh" "$@"
if [ $# -gt 1 ]; then
    mkdir -p "$2"
    folder=$(realpath "$2")
else
    folder=$(mktemp -d)
    trap 'debian_remove "$folder/build" || true; debian_remove "$folder/fresh" || true; rmdir "$folder"' EXIT
fi
build=$folder/build fresh=$folder/fresh
apt='apt-get install -y -qq -o Dpkg::Use-Pty=0'

# ---- the packages, and what they depend on ---------------------------------------------------------------------------

debian_make "$release" "$build"
rm -rf "$build/root/carrynet"
mkdir "$build/root/carrynet"
git -c safe.directory="$top" ls-files -z | tar -c --null -T - | tar -x -C "$build/root/carrynet"
# As carrynet.def has it: the first command there that installs.
packages=$(sed -z 's/\\\n//g' .packaging/carrynet.def | sed -n 's/^ *apt-get install -y --no-install-recommends \(build-essential.*\)/\1/p')
[ -n "$packages" ]
inside "$build" apt-get update -qq
inside "$build" "$apt --no-install-recommends $packages > packages.log"
inside "$build" 'cd carrynet; cmake --workflow --preset deb > ../workflow.log || { cat ../workflow.log; exit 1; }'
made=("$build"/root/carrynet/build-deb/*.deb)
[ "${#made[@]}" -eq 3 ]

# Without dpkg-shlibdeps the same dependencies, but for their versions and alternatives.
inside "$build" 'cd carrynet; cmake -B build-plain -DDPKG_SHLIBDEPS= -DCARRYNET_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/usr > /dev/null'
names() {
    tr ',' '\n' | sed -E 's/^ *([a-z0-9.+-]+).*/\1/' | sort -u
}
found=$(chroot "$build" dpkg-deb -f "/root/carrynet/build-deb/${made[0]##*/}" Depends | names)
plain=$(sed -nE 's/^set\(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "(.*)"\)/\1/p' "$build/root/carrynet/build-plain/CPackConfig.cmake" | names)
if [ "$found" != "$plain" ]; then
    printf 'dpkg-shlibdeps finds\n%s\nand cpack without it\n%s\n' "$found" "$plain" >&2
    exit 1
fi

# ---- the program, with pocl as a recommendation ---------------------------------------------------------------------

debian_make "$release" "$fresh"
rm -rf "$fresh/root/packages" "$fresh/root/outside"
mkdir -p "$fresh/root/packages"
cp "${made[@]}" "$fresh/root/packages/"
cp -r "$top/tests/outside" "$fresh/root/outside"
inside "$fresh" apt-get update -qq
inside "$fresh" "$apt ./packages/carrynet_*.deb > packages.log"
inside "$fresh" carrynet devices | tee "$fresh/root/devices.txt"
grep -qi 'portable computing language' "$fresh/root/devices.txt"
inside "$fresh" carrynet train --device cpu --until proved -o sure.safetensors
[ "$(inside "$fresh" carrynet run sure.safetensors 93 38)" = 131 ]
inside "$fresh" carrynet-verify sure.safetensors sure.safetensors.cert
# The reference makes the same file, byte for byte.
inside "$fresh" carrynet train --device reference --until proved --quiet -o again.safetensors
inside "$fresh" cmp sure.safetensors again.safetensors

# ---- the library ----------------------------------------------------------------------------------------------------

inside "$fresh" "$apt --no-install-recommends ./packages/libcarrynet*.deb cmake make gcc g++ libc6-dev pkg-config > packages.log"
inside "$fresh" ldconfig -p | grep libcarrynet.so
for language in C CXX; do
    inside "$fresh" "cmake -S outside -B build-$language -DLANGUAGE=$language > /dev/null; cmake --build build-$language > /dev/null"
    inside "$fresh" "build-$language/outside_shared; build-$language/outside_static"
done
for static in '' --static; do
    inside "$fresh" "cc outside/outside_c.c -o outside-c \$(pkg-config $static --cflags --libs carrynet); ./outside-c"
    inside "$fresh" "c++ outside/outside_cxx.cc -o outside-cxx \$(pkg-config $static --cflags --libs carrynet); ./outside-cxx"
done

# ---- and away again -------------------------------------------------------------------------------------------------

inside "$fresh" "apt-get purge -y -qq -o Dpkg::Use-Pty=0 'carrynet' 'libcarrynet*'"
left=$(chroot "$fresh" find / -xdev -not -path '/proc/*' -not -path '/root/*' -iname '*carrynet*')
if [ -n "$left" ]; then
    printf 'left behind:\n%s\n' "$left" >&2
    exit 1
fi
printf 'The packages install, run and leave on %s\n' "$release"
