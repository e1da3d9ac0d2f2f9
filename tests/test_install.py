#!/usr/bin/env python3
"""Installs a build, moves what was installed elsewhere, and uses it from there.

    test_install.py BUILD --cc CC [--cxx CXX] [--cmake CMAKE]

BUILD is a built folder without sanitizers. The installed programs must run; the shared library must show the functions of
the public headers and nothing else; no file that others read may name the source, the build or the first prefix; and the
programs of tests/outside, in C and C++, must build with find_package and with pkg-config, with the shared and with the
static library, and all print the same. Without a C++ compiler or nm it skips that part, and says so.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)

# What a user's shell may have, and what would find another installed Carrynet or change where libraries come from.
ENVIRONMENT = {key: value for key, value in os.environ.items()
               if key not in ("CARRYNET_DEVICE", "CARRYNET_KERNEL_DIR", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "CMAKE_PREFIX_PATH",
                              "CMAKE_GENERATOR", "DESTDIR", "CFLAGS", "CXXFLAGS", "LDFLAGS")}


def run(command, expect=0, **more):
    """Runs a command and returns its output, both streams together; anything but the exit code expected ends the test."""
    environment = {**ENVIRONMENT, **more.pop("env", {})}
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, check=False, **more)
    if result.returncode != expect:
        sys.exit(f"FAILED, exit code {result.returncode}: {' '.join(command)}\n{result.stdout}")
    return result.stdout


def fail(text):
    sys.exit(f"FAILED: {text}")


def found(prefix, name):
    """The one installed file of that name, but for the completion of a program."""
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(prefix)
             if name in names and os.path.basename(folder) != "completions"]
    if len(paths) != 1:
        fail(f"{name} is installed {len(paths)} times")
    return paths[0]


def check_no_paths(prefix, forbidden):
    """Nothing that is installed knows where it was made, or was before it was moved."""
    for folder, _, names in os.walk(prefix):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) and os.path.isabs(os.readlink(path)):
                fail(f"{path} is an absolute link")
            with open(path, "rb") as file:
                content = file.read()
            for word in forbidden:
                if word.encode() in content:
                    fail(f"{os.path.relpath(path, prefix)} names {word}")


def check_exports(library, headers):
    """The dynamic symbols are those that the headers declare."""
    shown = {line.split()[-1].split("@")[0] for line in run(["nm", "-D", "--defined-only", library]).splitlines()}
    declared = set()
    for name in sorted(os.listdir(headers)):
        with open(os.path.join(headers, name), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
        declared |= set(re.findall(r"CARRYNET_API[^;]*?\b(carrynet_\w+)\s*\(", text))
    if shown != declared:
        fail(f"shown but not declared: {sorted(shown - declared)}; declared but not shown: {sorted(declared - shown)}")
    print(f"{len(shown)} functions shown, all declared")


def check_programs(prefix, folder):
    """The installed programs train, answer, prove and check, with nothing but what is installed."""
    program, checker = found(prefix, "carrynet"), found(prefix, "carrynet-verify")
    run([program, "train", "--device", "reference", "--until", "proved", "--quiet", "-o", "sure.safetensors"], cwd=folder)
    answer = run([program, "run", "--device", "reference", "sure.safetensors", "93", "38"], cwd=folder)
    if answer != "131\n":
        fail(f"93 + 38 = {answer}")
    said = run([checker, "sure.safetensors", "sure.safetensors.cert"], cwd=folder)
    if "1 of 1 networks of sure.safetensors are proved right" not in said:
        fail(said)
    run([program, "devices", "--dump-kernels", "kernels"], cwd=folder)
    if not os.listdir(os.path.join(folder, "kernels")):
        fail("no kernels in the installed program")


def with_cmake(arguments, prefix, folder, language, compiler):
    """Builds tests/outside with find_package and returns what its two programs print."""
    build = os.path.join(folder, "cmake-" + language)
    run([arguments.cmake, "-S", os.path.join(TESTS, "outside"), "-B", build, f"-DLANGUAGE={language}", "-DCMAKE_BUILD_TYPE=Release",
         f"-DCMAKE_{language}_COMPILER={compiler}", f"-DCMAKE_PREFIX_PATH={prefix}"])
    run([arguments.cmake, "--build", build])
    return {f"find_package, {language}, {kind}": run([os.path.join(build, "outside_" + kind)]) for kind in ("shared", "static")}


def with_pkg_config(prefix, folder, source, compiler):
    """The same with pkg-config, where no other library has a .pc file: it may name libraries whose packages nobody installs."""
    pc_folder = os.path.dirname(found(prefix, "carrynet.pc"))
    libraries = os.path.dirname(found(prefix, "libcarrynet.a"))
    said = {}
    for kind, static in (("shared", []), ("static", ["--static"])):
        flags = run(["pkg-config", "--cflags", "--libs"] + static + ["carrynet"], env={"PKG_CONFIG_LIBDIR": pc_folder}).split()
        if static:
            flags = [flag.replace("-lcarrynet", "-l:libcarrynet.a") for flag in flags]
        program = os.path.join(folder, f"pkg-config-{kind}-{source}.out")
        run([compiler, os.path.join(TESTS, "outside", source), "-o", program] + flags)
        said[f"pkg-config, {source}, {kind}"] = run([program], env={} if static else {"LD_LIBRARY_PATH": libraries})
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--cc", required=True)
    parser.add_argument("--cxx")
    parser.add_argument("--cmake", default="cmake")
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)

    with tempfile.TemporaryDirectory(prefix="carrynet-install-") as folder:
        first, prefix = os.path.join(folder, "first"), os.path.join(folder, "moved")
        run([arguments.cmake, "--install", build, "--prefix", first])
        shutil.move(first, prefix)
        check_no_paths(prefix, [ROOT + "/", build, first])
        check_programs(prefix, folder)
        if shutil.which("nm"):
            check_exports(found(prefix, "libcarrynet.so"), os.path.join(prefix, "include", "carrynet"))
        else:
            print("SKIP: no nm (Debian, Ubuntu: apt-get install binutils)")

        said = {}
        languages = [("C", "outside_c.c", arguments.cc), ("CXX", "outside_cxx.cc", arguments.cxx)]
        for language, source, compiler in languages:
            if not compiler:
                print("SKIP: no C++ compiler (Debian, Ubuntu: apt-get install g++)")
                continue
            said.update(with_cmake(arguments, prefix, folder, language, compiler))
            said.update(with_pkg_config(prefix, folder, source, compiler))
        for way, text in said.items():
            print(f"{way}: {text}", end="")
        if len(set(said.values())) != 1 or " 0 of 256 sums wrong" not in text:
            fail("not all print the same, or not that all sums are right")


if __name__ == "__main__":
    main()
