#!/usr/bin/env bash
# A Debian or Ubuntu of any release in a folder: debootstrap makes it, chroot enters it. For package.sh and other_debian.sh, which source
# this. Needs root, the network and debootstrap.
#
#     debian_alone SCRIPT ARGUMENT...   begins SCRIPT again where its mounts are its own, and end with it
#     debian_make RELEASE FOLDER        makes it there, unless there is one, with the packages that an earlier run has kept
#     debian_remove FOLDER
#     inside FOLDER COMMAND...          runs a shell's command there as root, in /root, with nothing of this shell's environment
#
# CARRYNET_DEBIAN_CACHE is the folder that keeps packages from run to run (else carrynet-debian in the user's cache folder). MIRROR says where
# they come from; else, for a Debian, from where this system's own come, if it is one, else from where debootstrap takes them.

debian_alone() {
    if [ "$(id -u)" -ne 0 ]; then
        printf '%s: chroot and mount need root\n' "$1" >&2
        exit 2
    fi
    if ! command -v debootstrap > /dev/null; then
        printf '%s: debootstrap not found. Debian, Ubuntu: apt-get install debootstrap\n' "$1" >&2
        exit 2
    fi
    [ -n "${DEBIAN_ALONE:-}" ] || DEBIAN_ALONE=1 exec unshare --mount --propagation private "$@"
}

debian_make() {
    local release=$1 root=$2 cache mirror=${MIRROR:-} part
    cache=${CARRYNET_DEBIAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/carrynet-debian}/$release
    mkdir -p "$root" "$cache/base" "$cache/packages"
    # Ubuntu's scripts are links to gutsy, Debian's to sid.
    if [ -z "$mirror" ] && [[ $(readlink -f "/usr/share/debootstrap/scripts/$release") == */sid ]]; then
        # shellcheck disable=SC2016
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 2> /dev/null | head -n 1)
    fi
    if [ ! -e "$root/etc/debian_version" ] || [ -e "$root/debootstrap" ]; then # or it did not come to its end
        # shellcheck disable=SC2086
        debootstrap --variant=minbase --cache-dir="$(realpath "$cache/base")" "$release" "$root" $mirror > "$root/debootstrap.log" ||
            { tail -n 20 "$root/debootstrap.log" >&2; return 1; }
    fi
    grep -q "VERSION_CODENAME=$release" "$root/etc/os-release" || { printf '%s: holds another release\n' "$root" >&2; return 1; }
    printf 'force-unsafe-io\n' > "$root/etc/dpkg/dpkg.cfg.d/unsafe-io" # a folder that is thrown away need not survive a power cut
    printf 'APT::Sandbox::User "root";\n' > "$root/etc/apt/apt.conf.d/sandbox" # which need not read the folder of packages
    mount --bind "$root" "$root"                                        # so that / is a mount point there, which network namespaces want
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys" # where pocl learns how much memory there is
    mount -t tmpfs tmpfs "$root/dev/shm"   # through which ranks send
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
    mount --bind "$cache/packages" "$root/var/cache/apt/archives"
    for part in resolv.conf hosts; do
        [ ! -e "/etc/$part" ] || cat "/etc/$part" > "$root/etc/$part"
    done
}

debian_remove() {
    local process
    for process in /proc/[0-9]*; do # what a signal has left there, which would keep mounts busy
        [ "$(readlink "$process/root")" != "$1" ] || kill -KILL "${process#/proc/}" 2> /dev/null || true
    done
    ! mountpoint -q "$1" || umount --recursive "$1" || umount --recursive --lazy "$1"
    if findmnt -R "$1" > /dev/null; then # never into what is mounted, such as the kept packages
        printf '%s: still mounted, and left\n' "$1" >&2
        return 1
    fi
    rm -rf --one-file-system "$1"
}

inside() {
    local root=$1
    shift
    printf '$ %s\n' "$*" >&2
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        bash -ec "cd /root; $*"
}
