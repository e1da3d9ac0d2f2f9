#!/usr/bin/env python3
"""Compares what two builds of the program write, byte for byte: an old one, kept, and a new one that is to change nothing.

    compare_programs.py OLD NEW CLOCK [--settings N] [--seed S] [--keep FOLDER] [--opencl]

OLD and NEW are carrynet programs, CLOCK is libcarrynet_still_clock.so of either build. Both run the same commands: N random settings
(training, log, checkpoint, evaluation, resume), then every command that writes a file or JSON. Files, standard output and exit codes
must be equal; text for people is not looked at. Of JSON, the device's description, the memory and the version are left out. A
checkpoint of OLD, taken in the middle, must go on in NEW to the file that OLD wrote. With --opencl a third of the runs use device 0:0.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

LEFT_OUT = {"device", "memory", "version"}
# Standard output of these is for people unless --json is given.
MACHINE_READABLE = ("replay", "task", "run")
TWO_NUMBERS = ["add", "sub", "compare"]
ONE_NUMBER = ["times3", "parity", "delay2", "tomita1", "tomita2", "tomita3", "tomita4", "tomita5", "tomita6", "tomita7", "toggle.json"]
USES = {"sgd": (), "momentum": ("--momentum",), "rmsprop": ("--decay", "--epsilon"), "adam": ("--momentum", "--decay", "--epsilon")}
TABLE = """{"name": "toggle", "inputs": 1, "outputs": 2, "states": 2, "start": 1, "closing": [],
"constraint": "none", "sign": "+", "next": [[0, 1], [1, 0]], "out": [[1, 2], [3, 0]]}"""


def random_settings(draw):
    """Options of `train` that shape a result: most are left at their defaults, as users do."""
    def some(share, *words):
        return list(words) if draw.random() < share else []

    def real(low, high):
        return repr(round(draw.uniform(low, high), draw.randint(2, 6)))

    words = ["--seed", str(draw.choice([0, 1, 7, draw.randrange(2**32), draw.randrange(2**63)]))]
    words += some(0.6, "--task", draw.choice(["add3"] + 2 * TWO_NUMBERS + ONE_NUMBER))
    words += ["--bits", str(draw.randint(4, 7)), "--hidden", str(draw.randint(1, 19))]
    words += some(0.3, "--bias") + some(0.3, "--scale", real(0.01, 2)) + some(0.4, "--precision", draw.choice(["fp32", "fp64"]))
    words += some(0.6, "--batch", str(draw.choice([1, 7, 31, 63, 64, 65, 93, 128, 200])))
    optimizer = draw.choice(list(USES))
    words += ["--optimizer", optimizer] + some(0.5, "--lr", repr(draw.randint(1, 500) / 1000))
    words += some(0.3, "--schedule", draw.choice(["constant", "cosine"]))
    words += some(0.5, "--loss", draw.choice(["squared", "cross-entropy", "faulty-squared"]))
    for option, value in (("--momentum", real(0.5, 0.99)), ("--decay", real(0.9, 0.994)), ("--epsilon", "1e-06")):
        words += some(0.3, option, value) if option in USES[optimizer] else []
    words += some(0.3, "--clip", real(0.1, 3)) + some(0.3, "--noise", real(0.01, 0.2)) + some(0.2, "--train-fraction", real(0.2, 0.9))
    words += some(0.3, "--split-seed", str(draw.randrange(100))) if "--train-fraction" in words else []
    nets = draw.choice([1, 1, 2, 3, 5])
    words += ["--nets", str(nets)] if nets > 1 else []
    words += some(0.3, "--wave", str(draw.randint(1, nets)))
    words += some(0.3, "--keep", draw.choice(["all", "best"]))
    updates = draw.randint(1, 40)
    words += ["--updates" if draw.random() < 0.6 else "--max-updates", str(updates)]
    words += some(0.2, "--snapshot-at", f"0,{updates}") if "--wave" not in words else []
    words += some(0.3, "--check-every", str(draw.randint(1, 20)))
    return words


def devices(draw, opencl):
    if opencl and draw.random() < 0.35:
        return ["--device", "0:0", "--kernel-shape", draw.choice(["cpu", "gpu"])]
    return ["--device", "reference"]


def settings_commands(number, seed, opencl):
    """The runs of one random setting: the training; what becomes of its file; the same from the old checkpoint."""
    draw = random.Random(f"{seed} {number}")
    settings = random_settings(draw)
    device = devices(draw, opencl)
    train = ["train", *device, *settings, "--log", "run.jsonl", "--json", "-q", "-o", "m.safetensors"]
    checkpoint = [] if "--snapshot-at" in settings else ["--checkpoint", "state", "--checkpoint-every", str(draw.randint(1, 15))]
    yield [*train, *checkpoint]
    yield ["eval", "m.safetensors", "--json", *devices(draw, opencl)]
    task = settings[settings.index("--task") + 1] if "--task" in settings else "add"
    yield ["show", "m.safetensors", "--json", *["3", "2", "1"][:3 if task == "add3" else 1 if task in ONE_NUMBER else 2]]
    yield ["states", "m.safetensors", "--problems", "20", "-o", "h.npz"]
    for form in draw.sample(["onnx", "npz", "c"], 2):
        yield ["export", "m.safetensors", "--json", "-o", "e." + form]
    if draw.random() < 0.2:
        yield ["prove", "m.safetensors", "--budget", "400", "--states", "2000", "--json", "-o", "m.cert"]
    if checkpoint:
        yield ["RESUME", *train, *checkpoint]


COMMANDS = """
train --device reference -q --log exact.jsonl -o exact.safetensors
train --device reference -q --nets 4 --hidden 6 --bits 5 --keep exact --max-updates 900 --json -o many.safetensors
train --device reference -q --nets 3 --until proved --json -o sure.safetensors
train --device reference -q --task toggle.json --hidden 5 --bits 6 --json -o toggle.safetensors
train --device reference -q --task sub --precision fp64 --bias --updates 40 -o sub64.safetensors
train --device reference -q --bits 7 --noise 0.08 --lr 0.03 --seed 111 --updates 1000 -o small.safetensors
run exact.safetensors 93 38
run sub64.safetensors 93 38
eval exact.safetensors --lengths 8,9,16,40 --json --device reference
eval many.safetensors --bits 6 --json --device reference
eval small.safetensors --problems 300 --bits 30 --json --device reference
prove small.safetensors --by all --states 200000 --json -o small.cert
prove small.safetensors --arithmetic any --json -o any.cert
prove many.safetensors --budget 2000 --states 20000 --json -o many.cert
prove toggle.safetensors --json -o toggle.cert
verify small.safetensors small.cert --json
verify sure.safetensors sure.safetensors.cert --json
eval small.safetensors --proof small.cert --json --device reference
sweep --device reference -q --hidden 4,8 --lr 0.04,0.1 --bits 5 --seeds 3 --sequences 6000 --json -o grid.csv
sweep --device reference -q --random 12 --seeds 2 --hidden 2,4,8 --lr 0.001..1 --noise 0.001..0.1 --optimizer sgd,adam,rmsprop,momentum --loss squared,cross-entropy --bits 5 --sequences 3000 --json -o random.csv
sweep --device reference -q --hidden 4 --bits 4 --seeds 6 --sequences 4000 --until proved --json -o proved.csv
sweep --device reference -q --hidden 4,8 --lr 0.04,0.1 --bits 5 --seeds 3 --sequences 6000 --shard 1/2 -o part1.csv
sweep --device reference -q --hidden 4,8 --lr 0.04,0.1 --bits 5 --seeds 3 --sequences 6000 --shard 2/2 -o part2.csv
merge part1.csv part2.csv --json -o merged.csv
remake grid.csv 3 --device reference --json -o made.safetensors
states exact.safetensors --bits 6 -o h.npz
states sub64.safetensors --bits 5 -o h64.npz
export exact.safetensors -o exact.onnx
export exact.safetensors -o exact.npz
export sub64.safetensors -o sub64.c
export sub64.safetensors -o sub64.npz
import exact.npz -o imported.safetensors
import sub64.npz --task sub -o imported64.safetensors
import exact.safetensors --precision fp64 -o wide.safetensors
report exact.jsonl exact.safetensors --device reference --budget 500 --states 500 -o report.html
plot exact.jsonl --script
plot grid.csv --script
plot random.csv --by noise --chart map --script
plot h.npz --script
task add3 --json
task toggle.json --minimise --json
task toggle.json --dot
task --equal add sub --json
replay --all --json
replay 000 --updates 2000 --log replay.jsonl -o replay.safetensors
replay 001-sub --updates 3000
replay 003 --updates 500 --hidden 7 --seed 5
show exact.safetensors 93 38 --json
"""
WITH_OPENCL = """
train --device 0:0 -q --nets 3 --hidden 7 --batch 65 --updates 30 --noise 0.1 -o rows.safetensors
train --device 0:0,0:0 -q --batch 300 --updates 20 -o group.safetensors
compare --device 0:0 --case smallest --json
compare --device 0:0 --case noise-odd --json
sweep --device 0:0 -q --hidden 4,8 --lr 0.04,0.1 --bits 5 --seeds 3 --sequences 6000 --json -o cl.csv
replay 000 --device 0:0 --updates 300
"""


def without(value):
    """The value without what may differ from build to build."""
    if isinstance(value, dict):
        return {name: without(part) for name, part in value.items() if name not in LEFT_OUT}
    return [without(part) for part in value] if isinstance(value, list) else value


def version_of(program):
    """The version that the program writes into exports, checkpoints and pages."""
    said = subprocess.run([program, "--version"], capture_output=True, check=True).stdout
    return said.split(b"\n")[0].split()[1]


def comparable(name, data, version):
    """Bytes of a file in the form that is compared."""
    if data.startswith(b"carrynet checkpoint"):
        data = data[:-32]  # the SHA-256 of what stands before it, the version too
    data = data.replace(version, b"VERSION")
    if name.endswith((".jsonl", ".json")):
        try:
            return "\n".join(json.dumps(without(json.loads(line))) for line in data.decode().splitlines()).encode()
        except ValueError:
            return data
    if name.endswith(".html"):
        return re.sub(rb"reference, plain C[^\"<]*|version [0-9.]+", b"", data)
    return data


def run(program, clock, folder, words, number):
    """Runs a command, keeps what it said to machines, and returns what is wrong: every command here is one that works."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CARRYNET_", "OMPI_", "SLURM_"))}
    environment.update(LD_PRELOAD=clock, LC_ALL="C.UTF-8")
    done = subprocess.run([program, *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=900,
                          check=False)
    spoken = words[0] in MACHINE_READABLE or "--json" in words or "--script" in words
    with open(os.path.join(folder, f"{number}.out.json"), "wb") as file:
        file.write(b'{"exit": %d}\n' % done.returncode + (done.stdout if spoken else b""))
    if done.returncode in (0, 1, 5) or b"every network was lost" in done.stderr:
        return []
    return [f"{' '.join(words)}: exit code {done.returncode}: {done.stderr.decode(errors='replace').strip()[-300:]}"]


def read(path):
    """The bytes of a file, None if it is not there."""
    if not os.path.isfile(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def prepared(folder):
    os.makedirs(folder)
    with open(os.path.join(folder, "toggle.json"), "w", encoding="ascii") as file:
        file.write(TABLE)


def differences(old, new, commands, versions):
    """Names of the files that differ or that one program did not write, with what a reader needs to try again."""
    found = []
    for name in sorted(set(os.listdir(old)) | set(os.listdir(new))):
        both = [read(os.path.join(folder, name)) for folder in (old, new)]
        if None in both or comparable(name, both[0], versions[0]) != comparable(name, both[1], versions[1]):
            number = name.split(".")[0]
            said = " ".join(commands[int(number)]) if number.isdigit() else " ".join(commands[0])
            found.append(f"{name} {'differs' if None not in both else 'is only in one'}: {said}")
    return found


def campaign(arguments, folder, commands):
    """All commands, in a folder of each program; a RESUME goes on in NEW from the checkpoint in the middle that OLD wrote."""
    old, new = os.path.join(folder, "old"), os.path.join(folder, "new")
    found, resumed = [], 0
    for program, place in ((arguments.old, old), (arguments.new, new)):
        prepared(place)
        for number, words in enumerate(commands):
            if number > 0 and not os.path.exists(os.path.join(place, commands[0][commands[0].index("-o") + 1])):
                break  # all networks diverged: nothing was saved
            if words[0] != "RESUME":
                found += run(program, arguments.clock, place, words, number)
    found += differences(old, new, commands, [version_of(program) for program in (arguments.old, arguments.new)])
    for number, words in enumerate(commands):
        middle = os.path.join(old, "state.previous")
        if words[0] == "RESUME" and os.path.exists(middle):
            place = os.path.join(folder, "resumed")
            prepared(place)
            shutil.copy(middle, os.path.join(place, "state"))
            found += run(arguments.new, arguments.clock, place, [*words[1:], "--resume"], number)
            resumed += 1
            if read(os.path.join(place, "m.safetensors")) != read(os.path.join(old, "m.safetensors")):
                found.append(f"m.safetensors differs after --resume from an old checkpoint: {' '.join(words[1:])}")
    files = len(os.listdir(old))
    if not found and not arguments.keep:
        shutil.rmtree(folder)
    return found, files, resumed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("old", "new", "clock"):
        parser.add_argument(name, type=os.path.realpath)
    parser.add_argument("--settings", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="FOLDER", help="keep what was written there")
    parser.add_argument("--opencl", action="store_true")
    arguments = parser.parse_args()
    work = os.path.realpath(arguments.keep) if arguments.keep else tempfile.mkdtemp()
    lists = {"commands": [line.split() for line in (COMMANDS + (WITH_OPENCL if arguments.opencl else "")).split("\n") if line]}
    for number in range(arguments.settings):
        lists[f"settings-{number}"] = list(settings_commands(number, arguments.seed, arguments.opencl))
    found, files, resumed = [], 0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(campaign, arguments, os.path.join(work, name), commands) for name, commands in lists.items()]
        for job in concurrent.futures.as_completed(jobs):
            some, count, again = job.result()
            found, files, resumed = found + some, files + count, resumed + again
            for line in some:
                print(line, flush=True)
    print(f"{len(lists) - 1} settings, {files} files compared, {resumed} old checkpoints resumed, {len(found)} differences"
          + (f", kept in {work}" if found or arguments.keep else ""))
    if not found and not arguments.keep:
        shutil.rmtree(work)
    return 1 if found or files < 5 * arguments.settings else 0


if __name__ == "__main__":
    sys.exit(main())
