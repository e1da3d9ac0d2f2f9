#!/usr/bin/env bash
# On demand: makes the Debian packages, installs them with apt in a fresh Debian in a folder of its own, where pocl comes
# along as a recommendation, and uses them there: trains, proves and checks on pocl, builds the programs of tests/outside,
# and removes the packages again. Needs root, the network, debootstrap (apt-get install debootstrap) and 3 GB; some minutes.
#
#     tests/package.sh [FOLDER]
#
# FOLDER: a Debian that debootstrap made there before, or is to make there, and that stays; without it a temporary one.
# SUITE (bookworm) and MIRROR say which Debian; it must not be older than the one that the packages are made on.
set -eu -o pipefail
cd "$(dirname "$0")/.."
top=$PWD suite=${SUITE:-bookworm} mirror=${MIRROR:-http://deb.debian.org/debian}
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive

if [ "$(id -u)" -ne 0 ]; then
    printf 'tests/package.sh: chroot and mount need root\n' >&2
    exit 2
fi
if ! command -v debootstrap > /dev/null; then
    printf 'tests/package.sh: debootstrap not found. Debian, Ubuntu: apt-get install debootstrap\n' >&2
    exit 2
fi

# ---- the packages ---------------------------------------------------------------------------------------------------

rm -f build-deb/*.deb # of another version
cmake --workflow --preset deb
packages=("$top"/build-deb/*.deb)
[ "${#packages[@]}" -eq 3 ]

# ---- a Debian -------------------------------------------------------------------------------------------------------

if [ $# -gt 0 ]; then
    mkdir -p "$1"
    root=$(cd "$1" && pwd) keep=yes
else
    root=$(mktemp -d) keep=
fi
leave() {
    umount "$root/sys" "$root/proc" 2> /dev/null || true
    [ -n "$keep" ] || rm -rf --one-file-system "$root"
}
trap leave EXIT
[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase "$suite" "$root" "$mirror"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys" # where pocl learns how much memory there is
if [ -e /etc/resolv.conf ]; then
    cat /etc/resolv.conf > "$root/etc/resolv.conf"
fi
rm -rf "$root/root/packages" "$root/root/outside"
mkdir -p "$root/root/packages"
cp "${packages[@]}" "$root/root/packages/"
cp -r "$top/tests/outside" "$root/root/outside"

# inside COMMAND...: in that Debian, with nothing of this shell's environment.
inside() {
    printf '$ %s\n' "$*" >&2
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        sh -ec "cd /root; $*"
}

# ---- the program, with pocl as a recommendation ---------------------------------------------------------------------

inside apt-get update -qq
inside apt-get install -y -qq -o Dpkg::Use-Pty=0 ./packages/carrynet_*.deb
inside carrynet devices | tee "$root/root/devices.txt"
grep -qi 'portable computing language' "$root/root/devices.txt"
inside carrynet train --device cpu --until proved -o sure.safetensors
[ "$(inside carrynet run sure.safetensors 93 38)" = 131 ]
inside carrynet-verify sure.safetensors sure.safetensors.cert
# The reference makes the same file, byte for byte.
inside carrynet train --device reference --until proved --quiet -o again.safetensors
inside cmp sure.safetensors again.safetensors

# ---- the library ----------------------------------------------------------------------------------------------------

inside apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends ./packages/libcarrynet*.deb cmake make gcc g++ libc6-dev pkg-config
inside ldconfig -p | grep libcarrynet.so
for language in C CXX; do
    inside "cmake -S outside -B build-$language -DLANGUAGE=$language > /dev/null; cmake --build build-$language > /dev/null"
    inside "build-$language/outside_shared; build-$language/outside_static"
done
inside 'cc outside/outside_c.c -o outside-c $(pkg-config --cflags --libs carrynet); ./outside-c'
inside 'c++ outside/outside_cxx.cc -o outside-cxx $(pkg-config --cflags --libs carrynet); ./outside-cxx'

# ---- and away again -------------------------------------------------------------------------------------------------

inside apt-get purge -y -qq -o Dpkg::Use-Pty=0 'carrynet' 'libcarrynet*'
left=$(chroot "$root" find / -xdev -not -path '/proc/*' -not -path '/root/*' -iname '*carrynet*')
if [ -n "$left" ]; then
    printf 'left behind:\n%s\n' "$left" >&2
    exit 1
fi
printf 'The packages install, run and leave on %s\n' "$suite"
