#!/usr/bin/env python3
"""Clang's warnings on every program that host/backend/opencl/kernels.c builds, in both kernel shapes.

    check_kernels.py [--analyze] [--all] [-j JOBS]

The programs, their files and the names of their constants are read from host/backend/opencl/kernels.c, so that a new one is not
forgotten. Of the constants' values every pair is tried (--all: every combination), with the
compiler's declarations of the built-in functions and with our own (kernels/builtins.h), for each form of division, and in
the gpu shape with the sigmoid's reciprocal by division and by seed.
--analyze runs Clang's static analyzer too, twice a program and kernel shape. Exit code 0 if nothing is said.
"""

import argparse
import concurrent.futures
import itertools
import os
import random
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(ROOT, "host", "backend", "opencl", "kernels.c")

# What a constant may be; allowed() cuts off what the trainer does not choose together.
VALUES = {
    "REAL_BITS": [32, 64], "LANES": [1, 4, 8, 16], "INPUTS": [1, 2, 3, 4], "HIDDEN": [1, 2, 3, 7, 12, 16, 31, 64, 1024],
    "OUTPUTS": [1, 2, 4], "FUSED": [0, 1], "INTERLEAVED": [0, 1],
}
# Of the programs of the SIMT variant that have tiles, in turn: group, sequences, tile, weights in local memory, side, from, to (tiles.h).
TILES = {
    "GRADIENT": [(64, 64, 4, 1, 2, 32, 32), (256, 64, 1, 1, 4, 32, 32), (7, 64, 8, 1, 2, 32, 32)],
    "STAGES": [(64, 16, 4, 0, 4, 32, 64), (128, 8, 4, 0, 4, 128, 64), (7, 2, 2, 0, 4, 32, 32)],
    "FORWARD": [(64, 64, 4, 1, 2, 32, 32), (128, 16, 4, 0, 4, 32, 32), (7, 1, 1, 0, 4, 32, 32)],
    "PACK": [(64, 16, 4, 0, 2, 32, 32)],
}
TILE_CONSTANTS = ["GROUP", "SEQUENCES", "TILE", "WEIGHTS_LOCAL", "SIDE", "FROM", "TO"]
DIVISION = ["", "-DCARRYNET_DIVIDE_BY_NEWTON", "-cl-fp32-correctly-rounded-divide-sqrt"]
RECIPROCAL = "-DCARRYNET_RECIPROCAL_BY_SEED"
FUSED, LEARNS = ["TRAIN", "NETWORKS"], ["TRAIN", "GRADIENT"]

# As a runtime compiles. Loops of constant length count with int, and a program need not call all that its files define. The parts of
# -Wconversion by name: as a whole it takes, since clang 19, every ?: of vectors for a conversion of a vector to a truth value.
CONVERSIONS = ["bool", "constant", "enum", "float", "implicit-float", "implicit-int", "implicit-int-float", "int", "literal", "non-literal-null", "null"]
FLAGS = ["-x", "cl", "-cl-std=CL1.2", "-target", "spir64", "-D__OPENCL_VERSION__=120", "-Wall", "-Wextra", "-Wshadow",
         *(f"-W{kind}-conversion" for kind in CONVERSIONS), "-Wshorten-64-to-32", "-Wundef", "-Werror", "-Wno-sign-compare",
         "-Wno-unused-function"]
HEADER = ["-Xclang", "-fdeclare-opencl-builtins", "-Xclang", "-finclude-default-header"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def read_table():
    """{program: ({shape: [files]}, names of its constants)}, and the files that blocks interleaved put for another."""
    text = read(TABLE)
    names = dict(re.findall(r'static const char (\w+)\[\] = "([\w.]+)";', text))
    interleaved = re.findall(r'"([\w.]+)"', re.search(r"interleaved_files\[\] = \{(.*?)\}", text, re.S).group(1))
    table = re.search(r"static const struct program programs\[\] = \{\n(.*?)\n\};", text, re.S).group(1)
    options = re.search(r"static void program_options\(.*?\n\}\n", text, re.S).group(0)
    first, *others = re.split(r"\n    (?:else )?if \(", options)
    common, all_of_them = constants(first), set(VALUES)
    own = {}
    for part in others:
        for program in re.findall(r"^program == OPENCL_PROGRAM_(\w+)\)", part):
            own[program] = constants(part)
    programs = {}
    for name, cpu, gpu, shapeless in re.findall(
            r"\[OPENCL_PROGRAM_(\w+)\] = \{\{(.*?)\},\s*\{(.*?)\},\s*(true|false)\}", table, re.S):
        files = [[a or names[b] for a, b in re.findall(r'"([\w.]+)"|\b(\w+_file)\b', part)] for part in (cpu, gpu)]
        named = common | own.get(name, set()) if shapeless == "true" else all_of_them
        programs[name] = ({"cpu": files[0], "gpu": files[1]}, named)
    if set(re.findall(r"\[OPENCL_PROGRAM_(\w+)\] = \{\{", table)) != set(programs) or not programs:
        sys.exit(f"{TABLE}: the table of programs is not as this script reads it")
    if RECIPROCAL not in options:
        sys.exit(f"{TABLE}: the programs have no {RECIPROCAL}")
    if constants(options) != all_of_them:
        sys.exit(f"{TABLE}: the constants are {sorted(constants(options))}, VALUES of this script has {sorted(VALUES)}")
    return programs, names["rows_file"], interleaved


def constants(text):
    return set(re.findall(r"-DCARRYNET_(\w+)=", text))


def allowed(program, shape, one):
    if (one["LANES"] == 1) != (shape == "gpu") or one.get("FUSED", 0) != (program in FUSED):
        return False
    if program == "NETWORKS" or "INTERLEAVED" not in one:
        return one.get("INTERLEAVED", 1) == 1
    return one["INTERLEAVED"] == 0 or (shape == "cpu" and program in LEARNS and one["HIDDEN"] <= 12)


def every(program, shape, named):
    keys = [name for name in VALUES if name in named]
    for values in itertools.product(*(VALUES[name] for name in keys)):
        one = dict(zip(keys, values))
        if allowed(program, shape, one):
            yield one


def pairs_of(one):
    return set(itertools.combinations(sorted(one.items()), 2))


def pairwise(sets):
    """Few of the sets that still have every pair of values that any of them has."""
    sets = list(sets)
    random.Random(1).shuffle(sets)
    left = set().union(*(pairs_of(one) for one in sets))
    chosen = []
    while left:
        best = max(random.Random(len(left)).sample(sets, min(len(sets), 200)), key=lambda one: len(pairs_of(one) & left))
        if not pairs_of(best) & left:
            best = next(one for one in sets if pairs_of(one) & left)
        chosen.append(best)
        left -= pairs_of(best)
    return chosen


def source_of(files, declared):
    files = (["builtins.h"] if declared else []) + files
    return "".join(f'#line 1 "{name}"\n' + read(os.path.join(ROOT, "kernels", name)) + "\n" for name in files)


def compile_one(job):
    what, source, options, analyzed = job
    command = ["clang"] + (["--analyze", "-Xclang", "-analyzer-output=text"] if analyzed else ["-fsyntax-only"])
    result = subprocess.run(command + FLAGS + options + ["-"], input=source, text=True, capture_output=True, check=False)
    said = result.stdout + result.stderr
    return f"{what}: clang {' '.join(options)}\n{said}" if result.returncode != 0 or "warning:" in said else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--analyze", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("-j", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    programs, rows_file, interleaved = read_table()
    jobs = []
    for program, (shapes, named) in programs.items():
        for shape, files in shapes.items():
            if not files:
                continue
            sets = every(program, shape, named)
            for number, one in enumerate(sets if arguments.all else pairwise(sets)):
                mine = list(files)
                if one.get("INTERLEAVED") == 1 and rows_file in mine:
                    at = mine.index(rows_file)
                    mine[at:at + 1] = interleaved
                # The form of division and who declares the built-in functions take turns.
                declared = number % 2 == 1
                options = [f"-DCARRYNET_{name}={value}" for name, value in one.items()]
                if shape == "gpu" and program in TILES:
                    tile = TILES[program][number % len(TILES[program])]
                    options += [f"-DCARRYNET_{name}={value}" for name, value in zip(TILE_CONSTANTS, tile)]
                options += (["-D_OPENCL_H_"] if declared else HEADER) + [DIVISION[number % 3]] * (DIVISION[number % 3] != "")
                options += [RECIPROCAL] * (shape == "gpu" and number // 2 % 2 == 0)
                jobs.append((f"{program}, {shape} shape", source_of(mine, declared), options, False))
                if arguments.analyze and number in (0, 2):
                    jobs.append((f"{program}, {shape} shape, analyzed", source_of(mine, declared), options, True))
    with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
        said = [text for text in pool.map(compile_one, jobs) if text]
    print("\n".join(said[:20]), end="")
    print(f"{len(jobs)} compilations of {len(programs)} programs, {len(said)} with warnings")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
