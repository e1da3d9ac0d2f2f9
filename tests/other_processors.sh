#!/usr/bin/env bash
# Equal files from other processors. For each, Debian's packages are unpacked into a folder (nothing is installed, and no
# architecture is added to the system), the program is built by a cross compiler, warnings as errors, and runs under qemu-user;
# each file of a battery of commands must have the bytes of this machine's program.
#
#     other_processors.sh BUILD PART...      files and logs: BUILD/other-processors; packages that were fetched stay there
#
# PART is an architecture of Debian (arm64, armhf, i386, riscv64, s390x), or one with :clang, built by clang and tried shortly,
# or one with :pocl, cases and trainings on pocl's CPU device (as root: pocl runs with the folder as its root).
# Needs qemu-user-static and the architecture's compiler (gcc-aarch64-linux-gnu and so on; clang) of Debian 12 or later.
set -euo pipefail
build=$(realpath "${1:?usage: other_processors.sh BUILD PART...}")
shift
[ $# -gt 0 ] || { printf 'usage: other_processors.sh BUILD PART...\n' >&2; exit 2; }
source=$(realpath "$(dirname "$0")/..")
top=$build/other-processors
native=$build/carrynet
export LC_ALL=C.UTF-8 OCL_ICD_VENDORS=/nonexistent # the reference alone
unset CARRYNET_DEVICE CARRYNET_KERNEL_DIR CFLAGS
mkdir -p "$top"

say() { printf '%5d s  %s\n' "$SECONDS" "$*"; }
fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# ---- an architecture ------------------------------------------------------------------------------------------------

# Sets triple (of the compiler), libraries (their folder), machine (qemu's name), release (of Debian; empty: this system's).
architecture() {
    release=
    case $1 in
    arm64) triple=aarch64-linux-gnu machine=aarch64 ;;
    armhf) triple=arm-linux-gnueabihf machine=arm ;;
    i386) triple=i686-linux-gnu machine=i386 ;;
    riscv64) triple=riscv64-linux-gnu machine=riscv64 release=trixie ;; # the first release that has it
    s390x) triple=s390x-linux-gnu machine=s390x ;;
    *) fail "$1: no architecture that is known here" ;;
    esac
    libraries=${triple/i686/i386}
    command -v "qemu-$machine-static" > /dev/null || fail "qemu-$machine-static not found: apt-get install qemu-user-static"
    command -v "$triple-gcc" > /dev/null || fail "$triple-gcc not found: apt-get install gcc-$triple"
}

# unpack ARCHITECTURE FOLDER PACKAGE...: the packages and what they need, by apt with folders of its own.
unpack() {
    local name=$1 root=$2 apt=$top/apt-$1 uri system debs deb
    shift 2
    system=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    mkdir -p "$root" "$apt"/{lists/partial,archives/partial}
    : > "$apt/status"
    # Debian's archive from where this system has it, and no other.
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $system" | head -n 1)
    [ -n "$uri" ] || fail 'apt knows no archive of Debian: apt-get update'
    printf 'deb %s %s main\n' "$uri" "${release:-$system}" > "$apt/sources.list"
    local get=(apt-get -qq -o APT::Architecture="$name" -o APT::Architectures="$name" -o APT::Sandbox::User=root
        -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists"
        -o Dir::State::status="$apt/status" -o Dir::Cache::Archives="$apt/archives")
    "${get[@]}" update
    "${get[@]}" install -y --no-install-recommends --download-only "$@" > "$apt/log"
    # By apt's list: packages of an earlier run may be there in other versions.
    debs=$("${get[@]}" install -y --no-install-recommends --print-uris -o Dir::Cache::Archives="$apt/none" "$@" | cut -d ' ' -f 2)
    for deb in $debs; do
        dpkg-deb -x "$apt/archives/$deb" "$root"
    done
    [ -e "$root/lib" ] || ln -s usr/lib "$root/lib" # from Debian 13 on packages leave that to base-files
    # Links from the root on, as libm.so, become relative, so that they stay in the folder.
    find "$root/usr/lib" -type l -lname '/*' -printf '%l %p\n' | while read -r target link; do
        ln -snf "$(realpath -sm --relative-to="$(dirname "$link")" "$root$target")" "$link"
    done
    say "$name: $(wc -w <<< "$debs") packages unpacked, $(du -sm "$root" | cut -f 1) MB"
}

# build_for FOLDER ROOT COMPILER [TARGET]
build_for() {
    local folder=$1 root=$2 log=$1.log
    rm -rf "$folder"
    mkdir -p "$folder"
    cat > "$folder/toolchain.cmake" << END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $machine)
set(CMAKE_C_COMPILER $3)
set(CMAKE_C_COMPILER_TARGET ${4:-})
set(CMAKE_LIBRARY_ARCHITECTURE $libraries)
set(CMAKE_SYSROOT $root)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-$machine-static;-L;$root)
END
    (
        export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/$libraries/pkgconfig:$root/usr/share/pkgconfig
        cmake -S "$source" -B "$folder" -DCMAKE_TOOLCHAIN_FILE="$folder/toolchain.cmake" -DCARRYNET_WERROR=ON \
            -DCARRYNET_TESTS=OFF -DCARRYNET_MPI=OFF -DCARRYNET_ONNX_PROTO_DIR=/usr/include && cmake --build "$folder" -j "$(nproc)"
    ) > "$log" 2>&1 || { tail -n 60 "$log"; fail "no build for $machine by $3"; }
    ! grep 'warning:' "$log" || fail "warnings for $machine by $3"
    say "$machine: built by $3"
}

# ---- the battery ----------------------------------------------------------------------------------------------------

# run NAME COMMAND...: its exit code in NAME.code; show: what it prints too, where no time stands in it.
run() {
    local name=$1 code=0
    shift
    "${program[@]}" "$@" > "$name.out" 2> "$name.err" < /dev/null || code=$?
    printf '%d\n' "$code" > "$name.code"
}
show() {
    run "$@"
    mv "$1.out" "$1.txt"
}
train() { # NAME OPTION...
    local name=$1
    shift
    run "$name" train --device reference --quiet "$@" -o "$name.safetensors"
}

# battery_of PRECISION: what is done in each.
battery_of() {
    local p=$1 form again=(--precision "$1" --seed 9 --hidden 9 --updates 40 --checkpoint "checkpoint-$1" --checkpoint-every 15)
    train "plain-$p" --precision "$p" --seed 7 --updates 100
    train "rich-$p" --precision "$p" --task sub --seed 11 --bias --optimizer rmsprop --noise 0.1 --loss squared --clip 0.5 \
        --schedule cosine --nets 3 --hidden 7 --batch 65 --updates 30
    train "held-$p" --precision "$p" --task add3 --seed 5 --optimizer momentum --batch 200 --hidden 33 --updates 10 --train-fraction 0.7
    train "once-$p" "${again[@]}"
    train "twice-$p" "${again[@]}" --resume
    run "states-$p" states "rich-$p.safetensors" --bits 5 --net 2 -o "states-$p.npz"
    for form in onnx npz c; do
        run "export-$form-$p" export "rich-$p.safetensors" --net 1 -o "export-$p.$form"
    done
    run "import-$p" import "export-$p.npz" --task sub -o "import-$p.safetensors"
    show "run-$p" run "plain-$p.safetensors" 93 38
    show "show-$p" show "plain-$p.safetensors" 93 38
    run "sweep-$p" sweep --device reference --quiet --precision "$p" --hidden 4,8 --lr 0.04,0.1 --bits 5 --seeds 2 --sequences 3000 -o "sweep-$p.csv"
    run "remake-$p" remake "sweep-$p.csv" 3 --device reference -o "remake-$p.safetensors"
}

# What is done once: a network for proofs, a search, and what needs no network.
battery_once() {
    train small --bits 7 --noise 0.08 --lr 0.03 --seed 111 --updates 1000
    run prove prove small.safetensors --by all --states 100000 -o small.cert
    show verify verify small.safetensors small.cert
    run any prove small.safetensors --arithmetic any -o any.cert
    train tomita --task tomita1 --hidden 4 --until proved
    run random sweep --device reference --quiet --random 6 --seeds 2 --hidden 2,4,8 --lr 0.001..1 --noise 0.001..0.1 \
        --optimizer sgd,adam,rmsprop,momentum --bits 5 --sequences 2000 -o random.csv
    show task task --json add
    show minimised task --minimise times3
    show replay replay 000 --updates 2000
}

# battery FOLDER PROGRAM...: the files of all that, in FOLDER.
battery() {
    local folder=$1 pids=() pid
    program=("${@:2}")
    rm -rf "$folder"
    mkdir -p "$folder"
    cd "$folder"
    battery_of fp32 &
    pids+=($!)
    battery_of fp64 &
    pids+=($!)
    battery_once &
    pids+=($!)
    for pid in "${pids[@]}"; do wait "$pid"; done
    rm -f ./*.out ./*.times.csv checkpoint-* # which hold times
    cd "$top"
}

# alike WHAT FOLDER: its files are those of this machine's program.
alike() {
    local file count=0 differ=0
    for file in $(cd "$top/native" && find . -type f ! -name '*.err' | sort); do
        count=$((count + 1))
        cmp "$top/native/$file" "$2/$file" || differ=$((differ + 1))
    done
    say "$1: $((count - differ)) of $count files equal"
    [ $differ -eq 0 ] || fail "$1: other bytes than on this machine"
}

# ---- pocl -----------------------------------------------------------------------------------------------------------

# devices WHAT ROOT PROGRAM: pocl's device in ROOT has the bits of the reference, and the digests of this machine's pocl. pocl
# looks for its files by calls that `qemu -L` leaves alone, so ROOT is the root; and it runs ld, which qemu must run in turn.
devices() {
    local what=$1 root=$2 case shape precision
    [ "$(id -u)" -eq 0 ] || fail "$what: needs root, for chroot"
    mkdir -p "$root"/{proc,sys,dev,tmp}
    cp "$(command -v "qemu-$machine-static")" "$root/usr/bin/qemu"
    cp "$3" "$root/carrynet"
    rm -f "$root/usr/bin/ld"
    gcc -static -O1 -x c - -o "$root/usr/bin/ld" << END
#include <unistd.h>
int main(int count, char **of)
{
    char *all[4096] = {"qemu", "/usr/bin/$triple-ld.bfd"};
    for (int i = 1; i < count && i < 4093; ++i)
        all[i + 1] = of[i];
    return execv("/usr/bin/qemu", all);
}
END
    there() {
        unshare --mount sh -ec 'mount -t proc proc "$0/proc"; mount -t sysfs -o ro sysfs "$0/sys"; mount --bind /dev "$0/dev"
            exec env -i HOME=/tmp LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$0" /usr/bin/qemu /carrynet "$@"' "$root" "$@"
    }
    there devices
    for case in smallest odd seeds three-inputs noise-odd blocks fp64-odd abreast networks; do
        there compare --device 0:0 --case $case > "$root/tmp/compare.txt"
        env -u OCL_ICD_VENDORS "$native" compare --device 0:0 --case $case > "$root/tmp/native.txt"
        diff "$root/tmp/native.txt" "$root/tmp/compare.txt" || fail "$what: case $case"
        say "$what: equal bits and digests, case $case"
    done
    for precision in fp32 fp64; do
        "$native" train --device reference --precision $precision --seed 7 --updates 20 --quiet -o "$root/native.safetensors"
        for shape in cpu gpu; do
            there train --device 0:0 --kernel-shape $shape --precision $precision --seed 7 --updates 20 --quiet -o /pocl.safetensors
            cmp "$root/native.safetensors" "$root/pocl.safetensors" || fail "$what: $precision, $shape shape"
            say "$what: equal file, $precision, $shape shape"
        done
    done
}

# ---- the parts ------------------------------------------------------------------------------------------------------

battery "$top/native" "$native"
for part in "$@"; do
    name=${part%%:*} folder=$top/${part/:/-}
    architecture "$name"
    packages=(libc6-dev "libgcc-$("$triple-gcc" -dumpversion)-dev" ocl-icd-opencl-dev libjansson-dev libmd-dev libzip-dev libxxhash-dev libprotobuf-c-dev)
    rm -rf "$folder"
    case $part in
    *:clang)
        unpack "$name" "$folder/root" "${packages[@]}"
        build_for "$folder/build" "$folder/root" clang "$triple"
        ;;
    *)
        [[ $part = *:pocl ]] && packages+=(pocl-opencl-icd)
        unpack "$name" "$folder/root" "${packages[@]}"
        build_for "$folder/build" "$folder/root" "$triple-gcc"
        ;;
    esac
    if [[ $part = *:pocl ]]; then
        devices "$part" "$folder/root" "$folder/build/carrynet"
    else
        battery "$folder/files" "qemu-$machine-static" -L "$folder/root" "$folder/build/carrynet"
        alike "$part" "$folder/files"
    fi
done
