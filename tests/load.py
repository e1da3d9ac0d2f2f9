#!/usr/bin/env python3
"""Large settings, two programs at once, and memory over a long run.

    load.py PROGRAM [quick|large|long]...

quick   what fits nowhere is refused before anything is allocated, with what to lower; small runs of each large setting
        stay within the memory that they announced; two programs at once, on one device and in one folder, do not disturb
        each other. In the tests.
large   T = 100,000, B = 1,000,000, K = 100,000 networks and H = 1,024 on the reference and on device 0:0: run within what
        was announced, or refused. Some minutes.
long    10^6 updates of a small network on both: the memory at a tenth and at the end.

Memory is the largest resident set, without that of a network of as many units, which sees one short sequence: program, driver
and its compiler.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time

ADVICE = "fewer or smaller networks"
SPARE = 64 << 20  # what allocators and a driver's queues keep beside what was announced
# Name, settings; each is run for an update, with its tests. The small ones take less than two seconds.
SMALL = [
    ("T = 100,000", ["--bits", "100000", "--batch", "1"]),
    ("B = 1,000,000", ["--batch", "1000000", "--bits", "2", "--hidden", "1"]),
    ("K = 100,000", ["--nets", "100000", "--bits", "2", "--hidden", "1", "--batch", "1"]),
    ("H = 1,024", ["--hidden", "1024", "--bits", "2", "--batch", "1"]),
]
LARGE = [
    ("T = 100,000, H = 16, B = 64", ["--bits", "100000", "--batch", "64"]),
    ("T = 100,000, H = 128, B = 1", ["--bits", "100000", "--hidden", "128", "--batch", "1"]),
    ("T = 100,000, H = 1,024, B = 64", ["--bits", "100000", "--hidden", "1024", "--batch", "64"]),
    ("B = 1,000,000, H = 16, T = 8", ["--batch", "1000000"]),
    ("K = 100,000, H = 16, T = 8, B = 64", ["--nets", "100000"]),
    ("K = 100,000, H = 64, T = 8, B = 1", ["--nets", "100000", "--hidden", "64", "--batch", "1"]),
    ("K = 100,000, H = 1,024", ["--nets", "100000", "--hidden", "1024", "--batch", "1"]),
    ("H = 1,024, T = 8, B = 64", ["--hidden", "1024"]),
]
REFUSED = [
    ("T = 1,000,000, H = 1,024", ["--bits", "1000000", "--hidden", "1024", "--batch", "64"]),  # 260 GB: some machines have them
    ("K = 16,777,216, H = 1,024", ["--nets", "16777216", "--hidden", "1024"]),
    ("K and B of 16,777,216", ["--nets", "16777216", "--batch", "16777216", "--hidden", "1024"]),
    ("K = 16,777,216, waves of 1", ["--nets", "16777216", "--wave", "1", "--hidden", "1024"]),
]

failures = []


def fail(text):
    failures.append(text)
    print(f"FAILED: {text}", flush=True)


def run(program, words):
    """Exit code, standard output, standard error, largest resident set in bytes, seconds."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([program, *words], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return process.returncode, texts[0], texts[1], usage.ru_maxrss * 1024, time.monotonic() - start


def train(program, device, words, output, updates=1):
    return run(program, ["train", "--device", device, "--updates", str(updates), "--json", "--quiet", "-o", output, *words])


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


# ---- memory ----------------------------------------------------------------------------------------------------------

def check_sizes(program, folder, device, settings, may_be_refused):
    output = os.path.join(folder, "load.safetensors")
    for name, words in settings:
        hidden = words[words.index("--hidden") + 1] if "--hidden" in words else "16"
        base = train(program, device, ["--hidden", hidden, "--bits", "2", "--batch", "1"], output)
        if base[0] != 0:
            fail(f"{device}: {base[2]}")
            continue
        if os.path.exists(output):
            os.remove(output)
        code, out, err, most, seconds = train(program, device, words, output)
        if code == 3 and may_be_refused:
            check_refusal(name, device, code, err, most - base[3], output)
            continue
        if code != 0:
            fail(f"{name} on {device}: exit code {code}: {err}")
            continue
        announced, taken = json.loads(out)["memory"], most - base[3]
        if taken > announced + SPARE:  # once more, with the kernels compiled
            code, out, err, most, seconds = train(program, device, words, output)
            taken = most - base[3]
        print(f"{name:36} {device:10} announced {announced / 1e6:8.1f} MB, taken {taken / 1e6:8.1f} MB, {seconds:6.1f} s", flush=True)
        if taken > announced + SPARE:
            fail(f"{name} on {device} took {taken} bytes, announced {announced}")


def check_refusal(name, device, code, err, taken, output):
    line = err.splitlines()[0] if err else ""
    print(f"{name:36} {device:10} refused: {line}", flush=True)
    if code != 3 or ADVICE not in err or " GB" not in err:
        fail(f"{name} on {device}: exit code {code}, {err!r}")
    if taken > SPARE:
        fail(f"{name} on {device}: {taken} bytes were taken before it was refused")
    if os.path.exists(output):
        fail(f"{name} on {device}: {output} was left")


def check_refusals(program, folder, device):
    output = os.path.join(folder, "refused.safetensors")
    base = train(program, device, ["--hidden", "1", "--bits", "2", "--batch", "1"], output)
    os.remove(output)
    large = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") > 200e9
    for name, words in REFUSED[1:] if large else REFUSED:
        code, _, err, most, _ = train(program, device, words, output)
        check_refusal(name, device, code, err, most - base[3], output)


# ---- two at once -----------------------------------------------------------------------------------------------------

def start(program, words, cache):
    return subprocess.Popen([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=dict(os.environ, POCL_CACHE_DIR=cache))


def both(program, pairs, cache):
    """Exit codes and standard error of programs that run at once."""
    processes = [start(program, words, cache) for words in pairs]
    said = [process.communicate()[1] for process in processes]
    return [process.returncode for process in processes], said


def check_two(program, folder, device):
    cache, alone = os.path.join(folder, "cache-" + device.replace(":", "-")), {}
    os.makedirs(cache)
    names = [os.path.join(folder, name) for name in ("one.safetensors", "two.safetensors")]
    words = [["train", "--device", device, "--seed", seed, "--hidden", "3", "--bits", "4", "--batch", "32", "--updates", "50",
              "--quiet", "-o"] for seed in ("1", "2")]
    # With no kernel in the cache, both compile the same ones at once; with the same bits as alone.
    codes, said = both(program, [w + [name] for w, name in zip(words, names)], cache)
    if codes != [0, 0]:
        return fail(f"two at once on {device}: exit codes {codes}, {said}")
    together = [digest(name) for name in names]
    for number, (w, name) in enumerate(zip(words, names)):
        if run(program, w + [name])[0] != 0 or digest(name) != together[number]:
            fail(f"two at once on {device}: run {number} alone gives another file")
        alone[number] = digest(name)
    # Into one file: one of them, whole.
    shared = os.path.join(folder, "shared.safetensors")
    codes, said = both(program, [w + [shared] for w in words], cache)
    if codes != [0, 0] or digest(shared) not in alone.values():
        fail(f"two into one file on {device}: exit codes {codes}, {said}")
    print(f"two at once on {device}: the same files as alone; into one file: one of them, whole", flush=True)
    # Two sweeps into one table: the second finds it taken.
    table = os.path.join(folder, "shared.csv")
    sweep = ["sweep", "--device", "reference", "--hidden", "2,3", "--bits", "3", "--seeds", "4", "--sequences", "2000", "--quiet", "-o"]
    single = os.path.join(folder, "single.csv")
    if run(program, sweep + [single])[0] != 0:
        return fail("the sweep does not run alone")
    codes, said = both(program, [sweep + [table], sweep + [table]], cache)
    if sorted(codes) not in ([0, 2], [0, 4]) or digest(table) != digest(single):
        fail(f"two sweeps into one table: exit codes {codes}, {said}")
    print(f"two sweeps into one table: exit codes {sorted(codes)}, one whole table", flush=True)
    left = [name for name in os.listdir(folder) if ".tmp" in name]
    if left:
        fail(f"left behind: {left}")
    return None


# ---- a long run ------------------------------------------------------------------------------------------------------

def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def check_long(program, folder, device, updates=1000000):
    log, output = os.path.join(folder, "long.jsonl"), os.path.join(folder, "long.safetensors")
    seen = {}
    process = subprocess.Popen([program, "train", "--device", device, "--hidden", "4", "--bits", "4", "--batch", "16", "--updates",
                                str(updates), "--log", log, "-q", "-o", output], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        time.sleep(0.2)
        done = 0
        if os.path.exists(log):
            with open(log, "rb") as file:
                lines = file.read()[-400:].splitlines()
            done = max([json.loads(line).get("updates", 0) for line in lines[1:] if line.endswith(b"}")], default=0)
        try:
            for share in (0.1, 0.5, 0.9):
                if done >= share * updates and share not in seen:
                    seen[share] = resident(process.pid)
            last = resident(process.pid)
        except (FileNotFoundError, StopIteration):
            break
    process.wait()
    seen[1.0] = last
    print(f"{updates} updates on {device}: " + ", ".join(f"{share:.0%} {size / 1e6:.2f} MB" for share, size in seen.items()), flush=True)
    if process.returncode != 0 or 0.1 not in seen or seen[1.0] > seen[0.1] + (1 << 20):
        fail(f"a long run on {device}: exit code {process.returncode}, {seen}")


def main():
    program, wishes = os.path.abspath(sys.argv[1]), sys.argv[2:] or ["quick"]
    devices = ["host", "reference"]
    listed = subprocess.run([program, "devices", "--json"], capture_output=True, text=True, check=False).stdout
    if '"0:0"' in listed:
        devices.append("0:0")
    else:
        print("SKIP: no OpenCL device: C alone")
    with tempfile.TemporaryDirectory(prefix="carrynet-load-") as folder:
        for device in devices:
            if "quick" in wishes:
                check_refusals(program, folder, device)
                check_sizes(program, folder, device, SMALL if device == "reference" else SMALL[2:3], False)
            if "large" in wishes:
                check_sizes(program, folder, device, LARGE, True)
            if "long" in wishes:
                check_long(program, folder, device)
        if "quick" in wishes:
            check_two(program, folder, devices[-1])
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
