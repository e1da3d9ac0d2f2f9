#!/usr/bin/env python3
"""Kills runs at random moments, goes on from their checkpoints, and compares with the run that was never killed.

    kill_and_resume.py PROGRAM [RUNS [SEED]]

RUNS are shared out among the cases below. Checkpoints are written every few updates, so that many kills fall into a
write. Exit code 0 if every run ends with the same bytes.
"""
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

SINGLE = ["train", "--updates", "3000", "--batch", "64", "--seed", "9"]
POPULATION = ["train", "--nets", "6", "--seed", "20", "--hidden", "8", "--bits", "6", "--max-updates", "1500"]
PROVED = ["train", "--nets", "3", "--seed", "40", "--until", "proved", "--max-updates", "1500"]
WAVES = ["train", "--nets", "5", "--wave", "2", "--seed", "3", "--bits", "5", "--updates", "600", "--optimizer", "momentum",
         "--lr", "0.5"]
SWEEP = ["sweep", "--hidden", "3,4", "--bits", "4", "--seeds", "6", "--sequences", "20000", "--lr", "0.05,0.1"]
DEVICES = [["--device", "reference"], ["--device", "0:0", "--kernel-shape", "cpu"], ["--device", "0:0", "--kernel-shape", "gpu"]]
# The first are those that few RUNS are spent on.
CASES = [
    ("single, OpenCL, fp32", SINGLE, DEVICES[1]),
    ("population, reference", POPULATION, DEVICES[0]),
    ("waves, from device to device", WAVES, None),
    ("sweep, OpenCL", SWEEP, DEVICES[1]),
    ("proved, OpenCL", PROVED, DEVICES[1]),
    ("single, reference, fp32", SINGLE, DEVICES[0]),
    ("single, reference, fp64", SINGLE + ["--precision", "fp64"], DEVICES[0]),
    ("single, OpenCL, fp64", SINGLE + ["--precision", "fp64"], DEVICES[1]),
    ("population, OpenCL", POPULATION, DEVICES[1]),
    ("population, OpenCL, fp64", POPULATION + ["--precision", "fp64"], DEVICES[1]),
]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def run_case(program, name, words, device, runs, folder):
    sweep = words[0] == "sweep"
    whole, cut, state = (os.path.join(folder, name) for name in ("whole.csv", "cut.csv", "state"))
    for path in os.listdir(folder):
        os.remove(os.path.join(folder, path))
    start = time.monotonic()
    done = subprocess.run([program, *words, *(device or DEVICES[0]), "--quiet", "-o", whole], capture_output=True)
    took = time.monotonic() - start
    if done.returncode not in (0, 5):
        print(f"{name}: exit code {done.returncode}: {done.stderr.decode()}")
        return False
    kills, turns = 0, 0
    resumable = [] if sweep else ["--checkpoint", state, "--checkpoint-every", "3"]
    while True:
        turns += 1
        command = [program, *words, *(device or random.choice(DEVICES)), *resumable, "--resume", "--quiet", "-o", cut]
        last = kills >= runs
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if not last:
            time.sleep(random.uniform(0.02, 0.3 + 0.5 * took))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
            elif turns > 20 * runs + 20:
                print(f"{name}: only {kills} kills in {turns} runs")
                return False
        message = process.communicate()[1].decode()
        if process.returncode not in (-signal.SIGKILL, done.returncode):
            print(f"{name}: exit code {process.returncode} after {kills} kills: {message}")
            return False
        if process.returncode == done.returncode and digest(cut) != digest(whole):
            print(f"{name}: other bytes after {kills} kills")
            return False
        if process.returncode == done.returncode and not last:  # it came to its end: and begins again
            for path in os.listdir(folder):
                if not path.startswith("whole"):
                    os.remove(os.path.join(folder, path))
        if last:
            break
    left = [path for path in os.listdir(folder) if ".tmp-" in path]
    if left and not sweep:
        print(f"{name}: left behind: {left}")
        return False
    print(f"{name}: {kills} kills, the same bytes", flush=True)
    return True


def run_signals(program, folder):
    """SIGINT and SIGTERM write the checkpoint and exit with 130 and 143; what goes on ends with the same bytes."""
    words = [*SINGLE, "--updates", "100000", "--device", "reference", "--quiet"]
    whole, cut, state = (os.path.join(folder, name) for name in ("long.out", "signal.out", "signal.state"))
    subprocess.run([program, *words, "-o", whole], check=True, capture_output=True)
    good = True
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        command = [program, *words, "--checkpoint", state, "--checkpoint-every", "1000s", "--resume", "-o", cut]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.3)
        process.send_signal(number)
        message = process.communicate()[1].decode()
        if process.returncode != code or not os.path.exists(state):
            print(f"signal {number}: exit code {process.returncode}, checkpoint {os.path.exists(state)}: {message}")
            good = False
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0 or digest(cut) != digest(whole):
        print(f"after signals: exit code {done.returncode}, or other bytes: {done.stderr.decode()}")
        good = False
    print("SIGINT and SIGTERM: 130 and 143, the same bytes")
    return good


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = os.path.abspath(sys.argv[1])
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}")
    good = True
    if subprocess.run([program, "devices"], capture_output=True).stdout.count(b"0:0") == 0:
        print("SKIP: no OpenCL device")
        return
    with tempfile.TemporaryDirectory() as folder:
        for i, (name, words, device) in enumerate(CASES):
            share = runs // len(CASES) + (i < runs % len(CASES))
            good = (share == 0 or run_case(program, name, words, device, share, folder)) and good
        good = run_signals(program, folder) and good
    sys.exit(0 if good else 1)


main()
