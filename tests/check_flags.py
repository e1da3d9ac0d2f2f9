#!/usr/bin/env python3
"""Compiler and linker options of a user change no bit: tests/flags, which is all that computes, is built with each set of them by the
project's own rules, and must print what it prints without them; or the compiler, CMake or the program itself refuses, with a reason.

    check_flags.py [--cc COMPILER]... [--all] [--jobs N]

Without --all a few sets, for ctest. A set is refused only where it says so here.
"""
import argparse
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RIGHT = ["subnormal numbers: kept", "portable: right", "chosen: right"]


class Set:
    """Options of a user: at compiling, at linking, the build type; for which compilers ("" for all), and what refuses them."""

    def __init__(self, cflags, ldflags="", build_type="Release", only="", quick=False, refused=""):
        self.cflags, self.ldflags, self.build_type, self.only, self.quick, self.refused = cflags, ldflags, build_type, only, quick, refused

    def __str__(self):
        return f"CFLAGS={self.cflags!r} LDFLAGS={self.ldflags!r} {self.build_type}"


SETS = [
    Set("-ffast-math"),
    Set("-ffast-math -fno-finite-math-only"),
    Set("-Ofast"),
    Set("-Ofast", build_type="None"),
    Set("-Ofast -fsingle-precision-constant -mfpmath=387", "-Ofast", build_type="None", only="gcc x86", quick=True),
    Set("-O2 -fassociative-math -fno-signed-zeros -fno-trapping-math -freciprocal-math", "-funsafe-math-optimizations", quick=True),
    Set("-Ofast -fno-finite-math-only", "-Ofast", build_type="None"),
    Set("-Ofast -flto", "-Ofast -flto", build_type="None", only="gcc"),
    Set("-O3 -ffast-math -flto", "-ffast-math -flto", only="gcc"),
    Set("-O3 -funsafe-math-optimizations -fno-signed-zeros -fno-trapping-math -fno-math-errno"),
    Set("-O3 -funsafe-math-optimizations", "-funsafe-math-optimizations", build_type="None"),
    Set("-fassociative-math -fno-signed-zeros -fno-trapping-math"),
    Set("-freciprocal-math"),
    Set("-ffinite-math-only"),
    Set("-fno-signed-zeros"),
    Set("-frounding-math"),
    Set("-fno-trapping-math"),
    Set("-ffp-contract=fast -mfma -mavx2", only="x86"),
    Set("-ffp-contract=fast -march=native"),
    Set("-march=native -ffast-math -O3", "-ffast-math -Ofast", build_type="None"),
    Set("-O1 -ffast-math", build_type="None"),
    Set("-O0 -ffast-math", build_type="Debug"),
    Set("", "-ffast-math"),
    Set("", "-Ofast"),
    Set("", "-funsafe-math-optimizations"),
    Set("-fsingle-precision-constant", only="gcc"),
    Set("-ffast-math -mrecip", only="gcc x86"),
    Set("-mfpmath=387", only="gcc x86"),
    Set("-mfpmath=both -fexcess-precision=fast", only="gcc x86"),
    Set("-fexcess-precision=fast", only="gcc"),
    Set("-fcx-limited-range -fsignaling-nans", only="gcc"),
    Set("-funsafe-loop-optimizations -fallow-store-data-races", only="gcc"),
    Set("-ffp-model=fast", only="clang"),
    Set("-ffp-model=fast -Werror", only="clang"),
    Set("-ffp-model=strict", only="clang"),
    Set("-ffp-model=precise -ffp-contract=fast", only="clang"),
    Set("-fapprox-func -fdenormal-fp-math=preserve-sign", only="clang"),
    Set("-Ofast -mrecip=all", build_type="None", only="clang x86"),
    # What no option undoes is found by the program itself.
    Set("-include {here}/flags/pragma.h", only="gcc", quick=True, refused="does not compute by IEEE 754 on this host"),
    Set("-Xclang -menable-unsafe-fp-math -Xclang -freciprocal-math -Xclang -mreassociate", only="clang",
        refused="does not compute by IEEE 754 on this host"),
    Set("-include {here}/flags/fma.h", refused="does not compute by IEEE 754 on this host"),
]


def build(cc, chosen, folder):
    """Builds and runs; returns the lines that it printed, or what refused."""
    folder.mkdir(parents=True)
    environment = dict(os.environ, CC=cc, CFLAGS=chosen.cflags.format(here=HERE), LDFLAGS=chosen.ldflags, LC_ALL="C")
    generator = ["-G", "Ninja"] if shutil.which("ninja") else []
    for command in (["cmake", *generator, "-S", HERE / "flags", "-B", folder, f"-DCMAKE_BUILD_TYPE={chosen.build_type}"],
                    ["cmake", "--build", folder, "-j", "2"], [folder / "bits"]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            return [f"{command[0]} failed: {done.stdout}"]
    return done.stdout.splitlines()


def kind_of(cc):
    macros = subprocess.run([cc, "-dM", "-E", "-x", "c", os.devnull], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"clang" if "__clang__" in macros else "gcc", "x86" if "__x86_64__" in macros or "__i386__" in macros else "other"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cc", action="append")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="carrynet-flags-") as folder, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        normal = {}
        for number, cc in enumerate(options.cc or ["cc"]):
            kind = kind_of(cc)
            sets = [s for s in SETS if (options.all or s.quick) and set(s.only.split()) <= kind]
            normal[cc] = build(cc, Set(""), pathlib.Path(folder) / f"{number}-normal")
            if normal[cc][:3] != RIGHT or normal[cc] != next(iter(normal.values())):
                sys.exit(f"{cc} without options:\n" + "\n".join(normal[cc]))
            print(f"{cc} without options: right", flush=True)
            paths = [pathlib.Path(folder) / f"{number}-{i}" for i in range(len(sets))]
            for chosen, printed in zip(sets, pool.map(lambda one: build(cc, *one), zip(sets, paths))):
                if chosen.refused:
                    good = any(chosen.refused in line for line in printed)
                else:
                    good = printed == normal[cc]
                print(f"{cc} {chosen}: {'FAILED' if not good else 'refused' if chosen.refused else 'the same'}", flush=True)
                if not good:
                    failed += 1
                    print("\n".join(printed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
