#!/usr/bin/env python3
"""The program in several processes, as an MPI launcher starts them: the same files for any number of ranks, rank 0 alone speaks, and an
error of one ends all, with one exit code.

    check_ranks.py MPIRUN CARRYNET      MPIRUN "" is none, which is a skip (77)
"""

import os
import re
import subprocess
import sys
import tempfile

MPIRUN, CARRYNET = sys.argv[1], os.path.abspath(sys.argv[2])
UNDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "under_mpirun.sh")
SWEEP = ["sweep", "--device", "reference", "--bits", "4", "--hidden", "3,4", "--lr", "0.1,0.3", "--seeds", "6", "--sequences", "20000"]
failures = []


def run(ranks, arguments, *more):
    """Exit code, standard output and what carrynet itself says on standard error; `more`: another command line for one more rank."""
    command = [CARRYNET] + arguments
    for other in more:
        command += [":", "-n", "1", CARRYNET] + other
    if ranks > 0:
        command = [UNDER, MPIRUN, str(ranks)] + command
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if result.returncode == 77:
        print(result.stdout, end="")
        sys.exit(77)
    return result.returncode, result.stdout, result.stderr


def expect(what, condition, *shown):
    if not condition:
        failures.append(what)
        print(f"FAILED: {what}", *shown, sep="\n")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def same(what, ranks, arguments, files, code=0):
    """Files [name, name with N for the number of ranks]: of one process and of several the same."""
    for count in [0] + ranks:
        got, output, errors = run(count, [word.replace("@", str(count)) for word in arguments])
        expect(f"{what}, {count} ranks: exit code {got}, not {code}", got == code, output, errors)
        if count == 0:
            alone = output
            continue
        expect(f"{what}, {count} ranks: standard output differs", output.replace(f"@{count}", "@0").replace(f"-{count}.", "-0.") == alone, output, alone)
        for name in files:
            expect(f"{what}, {count} ranks: {name} differs", os.path.exists(name.replace("@", str(count))) and
                   content(name.replace("@", str(count))) == content(name.replace("@", "0")))


def main():
    same("train", [3], ["train", "--device", "reference", "--seed", "3", "--batch", "192", "--updates", "30", "-o", "train-@.safetensors", "--quiet"],
         ["train-@.safetensors"])
    same("sweep", [3], SWEEP + ["-o", "sweep-@.csv", "--quiet"], ["sweep-@.csv"])
    with open("sweep-0.csv", encoding="ascii") as whole, open("sweep-7.csv", "w", encoding="ascii") as part:
        part.writelines(whole.readlines()[:9])
    got, output, errors = run(2, SWEEP + ["--resume", "-o", "sweep-7.csv", "--quiet"])
    expect("sweep --resume", got == 0 and content("sweep-7.csv") == content("sweep-0.csv"), output, errors)

    # Two that are proved and one that is refuted.
    run(0, ["train", "--device", "reference", "--bits", "7", "--noise", "0.08", "--lr", "0.03", "--seed", "111", "--updates", "1000", "--nets", "3",
            "--quiet", "-o", "proved.safetensors"])
    same("prove", [2], ["prove", "proved.safetensors", "-o", "prove-@.cert"], ["prove-@.cert"], code=1)

    got, output, errors = run(2, ["eval", "train-0.safetensors"])
    expect("eval is refused", got == 2 and errors.count("carrynet eval runs in one process") == 1 and output == "", output, errors)
    # What a rank alone lacks: rank 0 says it, and all end.
    got, output, errors = run(1, ["train", "--device", "reference", "--updates", "9", "-o", "never.safetensors"],
                              ["train", "--device", "nowhere", "--updates", "9", "-o", "never.safetensors"])
    expect("a device that one rank lacks", got == 3 and len(re.findall("^carrynet: rank 1: .*nowhere", errors, re.M)) == 1 and
           not os.path.exists("never.safetensors"), got, output, errors)
    return 1 if failures else 0


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    sys.exit(main())
