#!/usr/bin/env python3
"""Builds the library in several ways and expects the same certificate of the same network from each.

    certificates_alike.py FOLDER [--cc COMPILER ...] [--jobs N]

FOLDER takes the builds, one for each compiler with each set of flags, some minutes and 200 MB in all. In each the test
prove/the_same_certificate_everywhere compares with the known digest in test_prove.c, and
trained networks are proved by ellipsoids and exhaustion.
"""

import argparse
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FLAGS = {"O0": "-O0", "O3": "-O3", "O3-fma": "-O3 -mfma -mavx2", "O2-native": "-O2 -march=native"}
TESTS = ["prove/the_same_certificate_everywhere", "prove/ellipsoids_and_exhaustion_agree", "prove/trained_networks"]


def ran(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def differs(folder, compiler, name, jobs):
    """None if the certificate is the known one, else what was wrong."""
    build = os.path.join(folder, f"{os.path.basename(compiler)}-{name}")
    made = ran(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja", f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_BUILD_TYPE=None",
                f"-DCMAKE_C_FLAGS={FLAGS[name]}"])
    if made.returncode == 0:
        made = ran(["ninja", "-C", build, f"-j{jobs}", "test_prove"])
    if made.returncode != 0:
        return made.stdout[-2000:] + made.stderr[-2000:]
    for test in TESTS:
        result = ran([os.path.join(build, "tests", "test_prove"), "--jobs", "1", "--filter", test], timeout=900)
        if result.returncode != 0 or "Tested: 1 | Passing: 1" not in result.stderr + result.stdout:
            return result.stdout + result.stderr
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--cc", nargs="+", default=[c for c in ("gcc", "clang") if shutil.which(c)])
    parser.add_argument("--only", nargs="+", choices=list(FLAGS), default=list(FLAGS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    bad = 0
    for compiler in options.cc:
        for name in options.only:
            said = differs(options.folder, compiler, name, options.jobs)
            print(f"{compiler} {FLAGS[name]}: {'the same' if said is None else said}", flush=True)
            bad += said is not None
    return 1 if bad > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
