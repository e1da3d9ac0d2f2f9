#!/usr/bin/env bash
# Equal files from other processors, and with another C library. For each, Debian's packages are unpacked into a folder (nothing is
# installed, and no architecture is added to the system), the program is built there, warnings as errors, and runs under qemu-user;
# each file of a battery of commands must have the bytes of this machine's program.
#
#     other_platforms.sh BUILD PART...      files and logs: BUILD/other-platforms; packages that were fetched stay there
#
# PART is one of these. They need Debian 12 or later, and what stands in brackets.
#     arm64, armhf, i386, riscv64, s390x    built by Debian's cross compiler [qemu-user-static gcc-aarch64-linux-gnu, and so on]
#     ARCHITECTURE:clang                    by clang, and as where nothing can be emulated: without man pages [clang too]
#     ARCHITECTURE:pocl                     cases and trainings on pocl's device [root; arm64, armhf, i386 have pocl]
#     westmere                              this machine's program on an x86-64 without AVX and FMA [qemu-user-static]
#     musl                                  with musl in place of glibc; no OpenCL [musl-tools; sources of Debian's packages]
set -euo pipefail
build=$(realpath "${1:?usage: other_platforms.sh BUILD PART...}")
shift
[ $# -gt 0 ] || { printf 'usage: other_platforms.sh BUILD PART...\n' >&2; exit 2; }
source=$(realpath "$(dirname "$0")/..")
top=$build/other-platforms
native=$build/carrynet
export LC_ALL=C.UTF-8 OCL_ICD_VENDORS=/nonexistent # the reference alone
unset CARRYNET_DEVICE CARRYNET_KERNEL_DIR CC CFLAGS
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

# Sets get: apt-get for an architecture, or for sources (`source`), with folders of its own, $top/apt-NAME.
apt_for() {
    local name=$1 apt=$top/apt-$1 uri system kind=deb
    [ "$name" != source ] || kind=deb-src name=$(dpkg --print-architecture)
    system=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    mkdir -p "$apt"/{lists/partial,archives/partial}
    : > "$apt/status"
    # Debian's archive from where this system has it, and no other.
    # shellcheck disable=SC2016
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' "Codename: $system" | head -n 1)
    [ -n "$uri" ] || fail 'apt knows no archive of Debian: apt-get update'
    printf '%s %s %s main\n' $kind "$uri" "${release:-$system}" > "$apt/sources.list"
    get=(apt-get -qq -o APT::Architecture="$name" -o APT::Architectures="$name" -o APT::Sandbox::User=root
        -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt/lists"
        -o Dir::State::status="$apt/status" -o Dir::Cache::Archives="$apt/archives")
    "${get[@]}" update
}

# unpack ARCHITECTURE FOLDER PACKAGE...: the packages and what they need.
unpack() {
    local name=$1 root=$2 get debs deb target link
    shift 2
    mkdir -p "$root"
    apt_for "$name"
    "${get[@]}" install -y --no-install-recommends --download-only "$@" > "$top/apt-$name/log"
    # By apt's list: packages of an earlier run may be there in other versions.
    debs=$("${get[@]}" install -y --no-install-recommends --print-uris -o Dir::Cache::Archives="$top/apt-$name/none" "$@" | cut -d ' ' -f 2)
    for deb in $debs; do
        dpkg-deb -x "$top/apt-$name/archives/$deb" "$root"
    done
    [ -e "$root/lib" ] || ln -s usr/lib "$root/lib" # from Debian 13 on packages leave that to base-files
    # Links from the root on, as libm.so, become relative, so that they stay in the folder.
    find "$root/usr/lib" -type l -lname '/*' -printf '%l %p\n' | while read -r target link; do
        ln -snf "$(realpath -sm --relative-to="$(dirname "$link")" "$root$target")" "$link"
    done
    say "$name: $(wc -w <<< "$debs") packages unpacked, $(du -sm "$root" | cut -f 1) MB"
}

# configure_and_build FOLDER OPTION...: the program, warnings as errors; what is said is in FOLDER.log.
configure_and_build() {
    local folder=$1 log=$1.log
    shift
    { cmake -S "$source" -B "$folder" -DCARRYNET_WERROR=ON -DCARRYNET_TESTS=OFF -DCARRYNET_MPI=OFF -DCARRYNET_ONNX_PROTO_DIR=/usr/include "$@" &&
        cmake --build "$folder" -j "$(nproc)"; } > "$log" 2>&1 || { tail -n 60 "$log"; fail "$folder: no build"; }
    ! grep 'warning:' "$log" || fail "$folder: warnings"
    say "built: ${folder#"$top/"}"
}

# build_for FOLDER ROOT COMPILER [EMULATOR]: a cross build, with its man pages where the target's programs run.
build_for() {
    local folder=$1 root=$2 pages
    mkdir -p "$folder"
    cat > "$folder/toolchain.cmake" << END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR $machine)
set(CMAKE_C_COMPILER $3)
set(CMAKE_C_COMPILER_TARGET $triple)
set(CMAKE_LIBRARY_ARCHITECTURE $libraries)
set(CMAKE_SYSROOT $root)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_CROSSCOMPILING_EMULATOR ${4:-})
END
    (
        export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/$libraries/pkgconfig:$root/usr/share/pkgconfig
        configure_and_build "$folder" -DCMAKE_TOOLCHAIN_FILE="$folder/toolchain.cmake"
    )
    cmake --install "$folder" --prefix "$folder/installed" > "$folder.install.log" || fail "$folder: not installed"
    pages=$(find "$folder/installed" -name 'carrynet*.1' | wc -l)
    if [ -n "${4:-}" ]; then
        [ "$pages" -gt 0 ] || fail "$folder: no man pages"
    else
        grep 'Man pages and completions: left out' "$folder.log"
        [ "$pages" -eq 0 ] || fail "$folder: man pages of a program that cannot run"
    fi
}

# build_with_musl FOLDER: the libraries from Debian's sources, then the program; this machine's own libraries need glibc. In place of
# a loader of OpenCL one that knows no platform.
build_with_musl() {
    local folder=$1 root=$1/root from=$1/sources get name
    mkdir -p "$root"/{include,lib/pkgconfig} "$from"
    apt_for source
    (cd "$from" && "${get[@]}" source --download-only jansson libmd libzip zlib xxhash protobuf-c > "$folder/apt.log")
    for name in jansson libmd libzip zlib xxhash protobuf-c; do
        mkdir -p "$from/$name"
        tar -xf "$(find "$from" -maxdepth 1 -name "${name}_*.orig.tar.*" ! -name '*.asc')" --strip-components 1 -C "$from/$name"
    done
    local cmake=(-DCMAKE_C_COMPILER=musl-gcc -DCMAKE_FIND_ROOT_PATH="$root" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER
        -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY)
    by_cmake() {
        cmake -S "$from/$1" -B "$from/$1/build" "${cmake[@]}" -DCMAKE_INSTALL_PREFIX="$root" -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF "${@:2}"
        cmake --build "$from/$1/build" -j "$(nproc)"
        cmake --install "$from/$1/build"
    }
    by_configure() {
        cd "$from/$1"
        ./configure --prefix="$root" "${@:2}"
        make -j "$(nproc)" "${target:-all}"
        make install
    }
    ( # a shell of its own, since set -e does nothing before ||
        export CC=musl-gcc CFLAGS='-O2 -fPIC' PKG_CONFIG_LIBDIR=$root/lib/pkgconfig
        target=libz.a by_configure zlib --static
        make -C "$from/xxhash" libxxhash.a libxxhash.pc PREFIX="$root"
        cp "$from"/xxhash/*.h "$root/include"
        cp "$from/xxhash/libxxhash.a" "$root/lib"
        cp "$from/xxhash/libxxhash.pc" "$root/lib/pkgconfig"
        by_cmake jansson -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF
        by_configure libmd --disable-shared
        by_configure protobuf-c --disable-shared --disable-protoc
        by_cmake libzip -DENABLE_{COMMONCRYPTO,GNUTLS,MBEDTLS,OPENSSL,BZIP2,LZMA,ZSTD}=OFF -DBUILD_{TOOLS,REGRESS,EXAMPLES,DOC}=OFF
        sed -i 's/^Libs:.*/& -lz/' "$root/lib/pkgconfig/libzip.pc" # as it must be where all is static
        cp -r /usr/include/CL "$root/include"
        # CL_PLATFORM_NOT_FOUND_KHR, whatever is asked.
        cat "$source"/host/backend/opencl/*.c | grep -oE '\bcl[A-Z][A-Za-z]+\(' | sort -u | sed 's/(.*/(void) { return -1001; }/; s/^/int /' > "$from/none.c"
        musl-gcc -fPIC -c "$from/none.c" -o "$from/none.o"
        ar rcs "$root/lib/libOpenCL.a" "$from/none.o"
    ) > "$folder/libraries.log" 2>&1 &
    wait $! || { tail -n 40 "$folder/libraries.log"; fail 'musl: the libraries do not build'; }
    say 'musl: libraries built'
    PKG_CONFIG_LIBDIR=$root/lib/pkgconfig configure_and_build "$folder/build" "${cmake[@]}"
}

# ---- the battery ----------------------------------------------------------------------------------------------------

# run NAME COMMAND...: its exit code in NAME.code; show: what it prints too, where no time stands in it.
run() {
    local name=$1 code=0
    shift
    timeout -k 10 1200 "${program[@]}" "$@" > "$name.out" 2> "$name.err" < /dev/null || code=$?
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

# battery_of PRECISION: what is done in each. Short: without fma instructions fp64 is slow, and qemu is too.
battery_of() {
    local p=$1 form again=(--precision "$1" --seed 9 --hidden 9 --updates 12 --checkpoint "checkpoint-$1" --checkpoint-every 5)
    train "plain-$p" --precision "$p" --seed 7 --updates 20
    train "rich-$p" --precision "$p" --task sub --seed 11 --bias --optimizer rmsprop --noise 0.1 --loss squared --clip 0.5 \
        --schedule cosine --nets 3 --hidden 7 --batch 65 --updates 10
    run "host-$p" train --device host --quiet --precision "$p" --task sub --seed 11 --bias --optimizer rmsprop --noise 0.1 --loss squared \
        --clip 0.5 --schedule cosine --nets 3 --hidden 7 --batch 65 --updates 10 -o "host-$p.safetensors"
    train "held-$p" --precision "$p" --task add3 --seed 5 --optimizer momentum --batch 200 --hidden 17 --updates 2 --train-fraction 0.7
    train "once-$p" "${again[@]}"
    train "twice-$p" "${again[@]}" --resume
    run "states-$p" states "rich-$p.safetensors" --bits 5 --net 2 -o "states-$p.npz"
    for form in onnx npz c; do
        run "export-$form-$p" export "rich-$p.safetensors" --net 1 -o "export-$p.$form"
    done
    run "import-$p" import "export-$p.npz" --task sub -o "import-$p.safetensors"
    show "run-$p" run "plain-$p.safetensors" 93 38
    show "show-$p" show "plain-$p.safetensors" 93 38
    run "sweep-$p" sweep --device reference --quiet --precision "$p" --hidden 4,8 --lr 0.04,0.1 --bits 5 --seeds 2 --sequences 640 -o "sweep-$p.csv"
    run "reproduce-$p" reproduce "sweep-$p.csv" 3 --device reference -o "reproduce-$p.safetensors"
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
    show replay replay 000 --updates 300
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

# same PART PROGRAM...: the battery's files.
same() {
    battery "$top/${1/:/-}/files" "${@:2}"
    alike "$1" "$top/${1/:/-}/files"
}

part() {
    local part=$1 name=${1%%:*} folder=$top/${1/:/-} packages
    rm -rf "$folder"
    mkdir -p "$folder"
    case $part in
    westmere) same "$part" qemu-x86_64-static -cpu Westmere "$native" ;;
    musl)
        command -v musl-gcc > /dev/null || fail 'musl-gcc not found: apt-get install musl-tools'
        build_with_musl "$folder"
        same "$part" "$folder/build/carrynet"
        ;;
    *)
        architecture "$name"
        packages=(libc6-dev "libgcc-$("$triple-gcc" -dumpversion)-dev" ocl-icd-opencl-dev libjansson-dev libmd-dev libzip-dev libxxhash-dev
            libprotobuf-c-dev)
        [[ $part != *:pocl ]] || packages+=(pocl-opencl-icd)
        unpack "$name" "$folder/root" "${packages[@]}"
        local emulated=("qemu-$machine-static" -L "$folder/root")
        case $part in
        *:clang) build_for "$folder/build" "$folder/root" clang ;;
        *) build_for "$folder/build" "$folder/root" "$triple-gcc" "$(IFS=';' && printf '%s' "${emulated[*]}")" ;;
        esac
        case $part in
        *:pocl) devices "$part" "$folder/root" "$folder/build/carrynet" ;;
        *) same "$part" "${emulated[@]}" "$folder/build/carrynet" ;;
        esac
        ;;
    esac
}

battery "$top/native" "$native"
cmp "$top/native/rich-fp32.safetensors" "$top/native/host-fp32.safetensors"
[ "$(find "$top/native" -type f ! -name '*.err' | wc -l)" -ge 70 ] || fail 'the battery: files are missing on this machine'
for each in "$@"; do
    part "$each"
done
