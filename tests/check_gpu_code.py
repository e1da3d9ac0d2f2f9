#!/usr/bin/env python3
"""The machine code of the GPU kernels, without a GPU: compiled for each GPU of gpu_code/targets.py and held to a table.

    check_gpu_code.py [--sample] [--only WORDS] [--write] [--intel] [--keep FOLDER] [--build BUILD] [-j JOBS]
    check_gpu_code.py self-test [--build BUILD]

Programs and options are those that the program itself would give a driver (gpu_code/emit.c). A row of bench/gpu_code.csv bounds a
kernel of a shape on a GPU:

    kernel, bits, hidden, asked   bits of a real; hidden units, empty where the program does not know them; what else was asked of emit
    registers, local              at most: registers of a work-item, bytes of local memory of a work-group
    private, spills               at most: bytes of a work-item in memory of its own, and of spilled registers; 0 is what is wanted
    groups, planned               work-groups that a compute unit holds, at least that many or those planned; planned: those launched
    instructions, clocks          at most, and a twentieth: of the whole kernel; modelled, of a scheduler a fma (gpu_code/model.py), NVIDIA
    fma                           at least, but for 0.005: the share of fma in the loops (gpu_code/listing.py, fma_share)

So a kernel whose row says 0 may not spill, and one that has a private array today may not get a larger one; what falls short of what
is wanted is counted at the end. --write puts what was measured into the table: the commit says why it moved. --only looks at some, and
prints their loops: WORDS is "H=16,fp32,sm_90,simt_gradient" or a part of it, and what else emit is to be asked, such as "group=64".
--sample is what CI looks at. --intel compiles for Intel's GPUs in place of the others. --keep leaves sources and machine code in FOLDER.
CARRYNET_KERNEL_DIR names a folder of changed kernels, as for the program. Exit code 0: as the table says; 1: not; 77: a tool is missing.

self-test: three faults planted in a kernel make it fail, on two GPUs, and its parts give known answers.
"""

import argparse
import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "gpu_code"))
sys.dont_write_bytecode = True

# pylint: disable=wrong-import-position
import planted
import rows
import targets
import toolchain
from rows import Shape

SHAPES = [Shape(32, hidden) for hidden in (3, 8, 16, 32, 64, 128, 256)] + [Shape(64, hidden) for hidden in (3, 16, 64, 256)]
SAMPLE_SHAPES = [Shape(32, 8), Shape(32, 16), Shape(32, 64), Shape(32, 256), Shape(64, 16)]
SAMPLE_TARGETS = ["sm_90", "gfx942"]


def chosen(arguments):
    """(shapes, targets, kernels or nothing), of the words of --only."""
    shapes, some = SHAPES, [one for one in targets.TARGETS if (one.vendor == "intel") == arguments.intel]
    if arguments.sample:
        shapes, some = SAMPLE_SHAPES, [one for one in some if one.name in SAMPLE_TARGETS]
    words = {word for word in (arguments.only or "").split(",") if word}
    names = words & {one.name for one in some}
    bits = {int(word[2:]) for word in words if word in ("fp32", "fp64")}
    hidden = {int(word[2:]) for word in words if re.fullmatch(r"H=\d+", word)}
    asked = " ".join(sorted(word for word in words if "=" in word and not word.startswith("H=")))
    if hidden:
        shapes = [Shape(one, units, asked) for one in sorted(bits or {32, 64}) for units in sorted(hidden)]
    elif bits or asked:
        shapes = [Shape(one.bits, one.hidden, asked) for one in shapes if one.bits in (bits or {32, 64})]
    kernels = {word for word in words - names if "=" not in word and word not in ("fp32", "fp64")}
    return shapes, [one for one in some if not names or one.name in names], kernels


def check(arguments):
    shapes, some, kernels = chosen(arguments)
    for line in toolchain.strangers({one.vendor for one in some}):
        print(f"note: {line}; numbers may differ")
    with tempfile.TemporaryDirectory() as top:
        jobs = rows.all_jobs(arguments.build, shapes, some, arguments.keep or top, bool(arguments.only))
        jobs = [one for one in jobs if not kernels or kernels & set(one.program["kernels"])]
        results = rows.measure_all(jobs, arguments.jobs)
    failed = [error for _, error in results if error]
    looked_at = [(row, loops) for found, _ in results for row, loops in found if not kernels or row["kernel"] in kernels]
    measured = [row for row, _ in looked_at]
    if arguments.only:
        for row, loops in looked_at:
            print(f"{rows.name(row)}: {rows.values(row)}")
            print("\n".join(loops))
    table = rows.read_table()
    # Rows of these targets that nothing was compiled for.
    left = [] if arguments.sample or arguments.only else rows.left_over(measured, table, {one.name for one in some})
    if arguments.write and not failed:
        print("\n".join(rows.changes(measured, left, table)))
        rows.write_table(measured, left, table)
    elif not arguments.write:
        failed += rows.failures(measured, left, table)
    for line in rows.shortcomings(measured):
        print(f"short of what is wanted: {line}")
    for line in failed:
        print(f"FAILED: {line}")
    if not measured:
        failed.append(f"nothing was compiled: no kernel is called {', '.join(sorted(kernels))}")
        print(f"FAILED: {failed[-1]}")
    print(f"{len(jobs)} programs compiled, {len(measured)} rows, {len(failed)} deviations")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["check", "self-test"], default="check")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--only", metavar="WORDS")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--intel", action="store_true")
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    try:
        if arguments.what == "self-test":
            return planted.self_test(arguments.build)
        return check(arguments)
    except toolchain.Missing as missing:
        print(f"SKIP: the GPU kernels' machine code is not looked at: {missing}")
        return 77
    except toolchain.Failure as failure:
        print(failure)
        return 1


if __name__ == "__main__":
    sys.exit(main())
