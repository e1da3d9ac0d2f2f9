#!/usr/bin/env python3
"""Lets every allocation, file operation, start of a thread and OpenCL call of short runs fail, one after another.

    inject_faults.py PROGRAM FAULTS [--all] [--leaks] [--spread N] [--only WORD] [--of CLASS] [--kind KIND] [--jobs N]

FAULTS is the library of tests/faults, which is loaded before the C library and fails the n-th call of a class. Each run
must end by itself, with the exit code of its class and a message that names what failed, or as if nothing had happened,
with the same output; files are the old ones, whole ones or none, and no temporary file stays. Runs with a checkpoint are
then resumed, and must end with the bytes of a run that never failed. Without --all a sample of the quick cases: the first
calls, the last, and N (2) spread evenly. --leaks: PROGRAM is built with -fsanitize=address, and must leave no memory
behind. --only: cases with one of these words, between semicolons, in their name.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SECONDS = 60  # after which a run hangs
LEAK = 23     # AddressSanitizer's exit code here
CODES = {"memory": 3, "file": 4, "thread": 3, "opencl": 3}
OLD = b"an older file\n"

TINY = ["--bits", "4", "--hidden", "4", "--batch", "3", "--updates", "8", "--seed", "5"]
RESUMABLE = [*TINY, "--optimizer", "adam", "--checkpoint", "state", "--checkpoint-every", "2"]
ON_DEVICE = ["--device", "0:0"]
ON_HOST = ["--device", "reference"]


class Case:
    """A command; what it reads and writes; the kinds of faults of each class that it is tried with."""

    def __init__(self, name, words, outputs=(), inputs=(), device=False, resume=False, codes=(), stdin="", old=True, slow=False, tells=False,
                 long=False, kinds=None, variables=(), builds=()):
        self.name, self.words, self.outputs, self.inputs = name, words, outputs, inputs
        self.device, self.resume, self.codes, self.stdin, self.old = device, resume, codes, stdin, old
        self.slow, self.tells, self.long = slow or device, tells, long
        self.variables = dict(variables)
        self.builds = builds  # outputs that say how a program was built: where that failed the program is built another way
        self.kinds = kinds or {"memory": ["error", "forever"], "file": ["error", "short", "interrupt"], "thread": ["error"]}
        if device and kinds is None:
            self.kinds = {"opencl": ["error", "memory", "forever"]}


CASES = [
    Case("train", ["train", *TINY, *ON_HOST, "--json", "-o", "m.safetensors", "--log", "m.jsonl", "--snapshot-at", "3,6"],
         ["m.safetensors", "m.jsonl", "m.at-3.safetensors", "m.at-6.safetensors"]),
    Case("train, several", ["train", *TINY, *ON_HOST, "--nets", "5", "--wave", "2", "--keep", "best", "-o", "m.safetensors"],
         ["m.safetensors"]),
    Case("train, checkpoints", ["train", *RESUMABLE, *ON_HOST, "-o", "m.safetensors", "--log", "m.jsonl"],
         ["m.safetensors", "m.jsonl", "state", "state.previous"], resume=True,
         kinds={"memory": ["error", "forever"], "file": ["error", "forever", "short", "interrupt", "kill"]}),
    Case("train, resumed", ["train", *RESUMABLE, *ON_HOST, "--resume", "-o", "m.safetensors", "--log", "m.jsonl"],
         ["m.safetensors", "m.jsonl", "state", "state.previous"], resume=True, old=False,
         inputs=["state", "state.previous", "m.jsonl"], kinds={"memory": ["error"], "file": ["error", "kill"]}),
    Case("eval", ["eval", "n.safetensors", *ON_HOST, "--json"], inputs=["n.safetensors"]),
    Case("eval, proof", ["eval", "p.safetensors", *ON_HOST, "--proof", "p.cert"], inputs=["p.safetensors", "p.cert"]),
    Case("run", ["run", "n.safetensors", *ON_HOST, "1", "2"], inputs=["n.safetensors"]),
    Case("run, lines", ["run", "n.safetensors", *ON_HOST], inputs=["n.safetensors"], stdin="1 2\n3 4\n5 6\n"),
    Case("show", ["show", "n.safetensors", "1", "2"], inputs=["n.safetensors"]),
    Case("task", ["task", "parity"]),
    Case("prove", ["prove", "p.safetensors", "-o", "c.cert", "--json"], ["c.cert"], ["p.safetensors"]),
    Case("prove, refuted", ["prove", "n.safetensors", "--states", "500"], [], ["n.safetensors"], slow=True, long=True),
    Case("verify", ["verify", "p.safetensors", "p.cert"], [], ["p.safetensors", "p.cert"]),
    Case("sweep", ["sweep", *ON_HOST, "--bits", "4", "--hidden", "3,4", "--lr", "0.1,0.2", "--seeds", "2", "--sequences", "640",
                   "--quiet", "-o", "r.csv"], ["r.csv", "r.times.csv"], old=False, codes=[5]),
    Case("sweep, resumed", ["sweep", *ON_HOST, "--bits", "4", "--hidden", "3,4", "--lr", "0.1,0.2", "--seeds", "2", "--sequences",
                            "640", "--quiet", "--resume", "-o", "s.csv"], ["s.csv", "s.times.csv"], ["s.csv", "s.times.csv"], old=False),
    Case("merge", ["merge", "s1.csv", "s2.csv", "-o", "r.csv"], ["r.csv", "r.times.csv"],
         ["s1.csv", "s1.times.csv", "s2.csv", "s2.times.csv"], old=False),
    Case("reproduce", ["reproduce", "s.csv", "3", *ON_HOST, "-o", "m.safetensors"], ["m.safetensors"], ["s.csv", "s.times.csv"]),
    Case("import", ["import", "n.safetensors", "--precision", "fp64", "-o", "m.safetensors"], ["m.safetensors"], ["n.safetensors"]),
    Case("import, npz", ["import", "n.npz", "--bits", "4", "-o", "m.safetensors"], ["m.safetensors"], ["n.npz"]),
    Case("import, map", ["import", "n.npz", "--map", "w_xh=w_xh,w_hh=w_hh,w_hy=w_hy", "-o", "m.safetensors"], ["m.safetensors"], ["n.npz"]),
    Case("export, onnx", ["export", "n.safetensors", "-o", "e.onnx"], ["e.onnx"], ["n.safetensors"]),
    Case("export, npz", ["export", "n.safetensors", "-o", "e.npz"], ["e.npz"], ["n.safetensors"]),
    Case("export, c", ["export", "n.safetensors", "-o", "e.c"], ["e.c"], ["n.safetensors"]),
    Case("export, to standard output", ["export", "n.safetensors", "--format", "c", "-o", "-"], [], ["n.safetensors"]),
    Case("train, streams", ["train", *TINY, *ON_HOST, "--task", "-", "-o", "m.safetensors", "--log", "-"], ["m.safetensors"],
         stdin='{"name": "mine", "inputs": 1, "outputs": 1, "states": 2, "start": 0, "next": [[0, 1], [1, 0]], "out": [[0, 1], [1, 0]]}'),
    Case("states", ["states", "n.safetensors", *ON_HOST, "--bits", "3", "-o", "h.npz"], ["h.npz"], ["n.safetensors"]),
    Case("plot", ["plot", "n.jsonl", "-o", "g.svg"], ["g.svg"], ["n.jsonl"]),
    Case("plot, results", ["plot", "s.csv", "-o", "g.svg"], ["g.svg"], ["s.csv"]),
    Case("report", ["report", "n.safetensors", "n.jsonl", "--budget", "1", "--states", "1", "-o", "n.html"], ["n.html"],
         ["n.safetensors", "n.jsonl"]),
    Case("replay", ["replay", "000", *ON_HOST]),
    Case("train, proved", ["train", *ON_HOST, "--bits", "7", "--noise", "0.08", "--lr", "0.03", "--seed", "111", "--until",
                           "proved", "--max-updates", "1000", "--quiet", "-o", "m.safetensors"],
         ["m.safetensors", "m.safetensors.cert"], slow=True, long=True),
    Case("devices", ["devices"], device=True, tells=True, long=True),
    Case("OpenCL, train", ["train", *TINY, *ON_DEVICE, "-o", "m.safetensors"], ["m.safetensors"], device=True),
    Case("OpenCL, train, gpu shape", ["train", *TINY, *ON_DEVICE, "--kernel-shape", "gpu", "--precision", "fp64", "-o", "m.safetensors"],
         ["m.safetensors"], device=True, long=True),
    Case("OpenCL, train, gpu shape, fp32", ["train", *TINY, *ON_DEVICE, "--kernel-shape", "gpu", "-o", "m.safetensors"],
         ["m.safetensors"], device=True, long=True, kinds={"opencl": ["error"]}),
    Case("OpenCL, part of a device", ["train", *TINY, "--device", "0:0/2.1", "-o", "m.safetensors"], ["m.safetensors"], device=True,
         long=True),
    Case("OpenCL, lost", ["train", *RESUMABLE, *ON_DEVICE, "-o", "m.safetensors", "--log", "m.jsonl"],
         ["m.safetensors", "m.jsonl", "state", "state.previous"], resume=True, device=True),
    Case("OpenCL, several", ["train", *TINY, *ON_DEVICE, "--nets", "9", "--noise", "0.05", "-o", "m.safetensors"],
         ["m.safetensors"], device=True, long=True, codes=[5]),
    Case("OpenCL, any device", ["train", *TINY, "-o", "m.safetensors"], ["m.safetensors"], device=True, long=True),
    Case("OpenCL, eval", ["eval", "n.safetensors", *ON_DEVICE], inputs=["n.safetensors"], device=True),
    Case("OpenCL, compare", ["compare", *ON_DEVICE, "--case", "smallest"], device=True, long=True),
    Case("OpenCL, bisect", ["compare", *ON_DEVICE, "--kernel-shape", "cpu", "--case", "smallest", "--bisect", "-o", "report"],
         ["report/" + name for name in ("repro.c", "kernel.cl", "build-options.txt", "expected.bin", "given.bin", "argument-00-value.bin",
                                        "argument-01-sums.bin", "argument-02-rates.bin", "argument-03-constants.bin",
                                        "argument-04-factors.bin", "argument-05-parameters.bin", "argument-06-first_moments.bin",
                                        "argument-07-second_moments.bin")],
         builds=["report/repro.c", "report/kernel.cl", "report/build-options.txt"], inputs=["kernels"], device=True, long=True, codes=[1], variables={"CARRYNET_KERNEL_DIR": "kernels"},
         kinds={"opencl": ["error", "memory", "forever"], "memory": ["error"], "file": ["error", "forever", "short", "interrupt"]}),
    Case("OpenCL, bench", ["bench", *ON_DEVICE, "--batch", "64", "--bits", "4"], device=True,
         kinds={"opencl": ["error"]}, tells=True, long=True),
    Case("OpenCL, memory", ["train", *RESUMABLE, *ON_DEVICE, "-o", "m.safetensors"], ["m.safetensors", "state", "state.previous"],
         device=True, resume=True, long=True, kinds={"memory": ["error"], "file": ["error"]}),
]


class Faults:
    def __init__(self, program, library, options):
        self.program, self.library, self.options = program, library, options
        # Where syncing costs nothing, if there is such a place.
        self.folder = tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.made = os.path.join(self.folder, "made")
        self.none = os.path.join(self.folder, "none")
        self.points, self.defects, self.tolerated = 0, [], 0
        os.mkdir(self.made)
        os.mkdir(self.none)

    def run(self, case, folder, words=None, fault=None):
        """Exit code (or the signal as a negative number, None: it hung), standard output, standard error, the library's lines."""
        environment = dict(os.environ, LC_ALL="C", **case.variables)
        environment.setdefault("POCL_MAX_PTHREAD_COUNT", "2")  # which can be cut in two
        log = folder + ".log"
        if not case.device:
            environment["OCL_ICD_VENDORS"] = self.none
        environment["ASAN_OPTIONS"] = f"detect_leaks={int(self.options.leaks and not case.device)}:exitcode={LEAK}:verify_asan_link_order=0"
        environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
        if fault is not None:
            environment.update(LD_PRELOAD=self.library, FAULT_CLASS=fault[0], FAULT_KIND=fault[1], FAULT_AT=str(fault[2]), FAULT_LOG=log)
        try:
            done = subprocess.run([self.program, *(words or case.words)], cwd=folder, env=environment, input=case.stdin.encode(),
                                  capture_output=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return None, "", "", []
        lines = []
        if os.path.exists(log):
            with open(log) as file:
                lines = file.read().splitlines()
            os.remove(log)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), lines

    def make(self, *words):
        """Inputs of the cases."""
        case = Case("inputs", [str(word) for word in words])
        code, _, error, _ = self.run(case, self.made)
        if code not in (0, 5):
            sys.exit(f"cannot prepare: {' '.join(case.words)}: exit code {code}: {error}")

    def prepare(self):
        sweep = ["sweep", *ON_HOST, "--bits", "4", "--hidden", "3,4", "--lr", "0.1,0.2", "--seeds", "2", "--sequences", "640", "--quiet"]
        self.make("train", *TINY, *ON_HOST, "--quiet", "--log", "n.jsonl", "-o", "n.safetensors")
        self.make("train", *ON_HOST, "--bits", "7", "--noise", "0.08", "--lr", "0.03", "--seed", "111", "--updates", "1000", "--quiet", "-o",
                  "p.safetensors")
        self.make("prove", "p.safetensors", "-o", "p.cert")
        self.make("export", "n.safetensors", "-o", "n.npz")
        self.make(*sweep, "-o", "s.csv")
        for shard in "12":
            self.make(*sweep, "--shard", shard + "/2", "-o", f"s{shard}.csv")
        # Kernels, one of which is wrong, for what finds it.
        self.make("devices", "--dump-kernels", "kernels")
        with open(os.path.join(self.made, "kernels", "update.cl"), "r+") as file:
            text = file.read()
            changed = text.replace("flush(fma(rate, numerator, kept))", "flush(fma(rate, -numerator, kept))")
            if changed == text:
                sys.exit("cannot prepare: update.cl has no such line to change")
            file.seek(0)
            file.write(changed)
        # A run that was stopped after its fourth update, as a disk that filled up then leaves it.
        words = ["train", *RESUMABLE, *ON_HOST, "-o", "m.safetensors", "--log", "m.jsonl", "--quiet"]
        count = self.count(Case("inputs", words, resume=True), "file")
        for at in range(1, count):
            for name in ("state", "state.previous", "m.jsonl", "m.safetensors"):
                if os.path.exists(os.path.join(self.made, name)):
                    os.remove(os.path.join(self.made, name))
            _, _, _, lines = self.run(Case("inputs", words), self.made, fault=("file", "kill", at))
            if os.path.exists(os.path.join(self.made, "state.previous")) and lines and " rename " in lines[0]:
                break
        else:
            sys.exit("cannot prepare: no run was stopped behind its second checkpoint")
        for name in os.listdir(self.made):
            if ".tmp-" in name:
                os.remove(os.path.join(self.made, name))

    def count(self, case, of):
        folder = self.fresh(case)
        _, _, error, lines = self.run(case, folder, fault=(of, "error", 0))
        shutil.rmtree(folder)
        if not lines or not lines[-1].startswith("calls "):
            sys.exit(f"{case.name}: {of}: no count of calls: {lines}: {error}")
        return int(lines[-1].split()[1])

    def fresh(self, case):
        """A folder with the inputs, and older files in place of the outputs."""
        folder = tempfile.mkdtemp(dir=self.folder)
        for name in case.inputs:
            if os.path.isdir(os.path.join(self.made, name)):
                shutil.copytree(os.path.join(self.made, name), os.path.join(folder, name))
            else:
                shutil.copy(os.path.join(self.made, name), folder)
        for name in case.outputs if case.old and not case.name.startswith("inputs") else ():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as file:
                file.write(OLD)
        return folder

    # ---- what is right ----------------------------------------------------------------------------------------------

    def check(self, case, good, fault):
        """None, or what is wrong."""
        folder = self.fresh(case)
        before = contents(folder)
        code, output, error, lines = self.run(case, folder, fault=fault)
        if code == -6 and "lib/CL/pocl" in error:  # pocl 3.1 loses a race within itself, now and then
            print(f"pocl ended itself, and is asked once more: {error.splitlines()[-1]}")
            shutil.rmtree(folder)
            folder = self.fresh(case)
            code, output, error, lines = self.run(case, folder, fault=fault)
        after = contents(folder)
        where = next((line for line in lines if line.startswith("fault ")), "")
        wrong = self.judge(case, good, fault, where, code, output, error, before, after)
        if wrong is None and case.resume:
            wrong = self.resume(case, good, fault, folder, code, error, after)
        shutil.rmtree(folder)
        if wrong is None:
            self.tolerated += code == good[0]
            return None
        return f"{case.name}: {fault[0]} {fault[1]} {fault[2]} ({where}): {wrong}\n    exit code {code}, standard error: {error[-1500:]}"

    def judge(self, case, good, fault, where, code, output, error, before, after):
        otherwise = case.builds if fault[0] == "opencl" else ()
        if code is None:
            return "hangs"
        if fault[1] == "kill":
            if code not in (-9, good[0]):
                return "was not killed"
        elif code < 0 or code == LEAK or "Sanitizer" in error or "runtime error:" in error:
            return "crashes or leaks"
        elif code == good[0]:
            if plain(output) != plain(good[1]) and not (case.tells and re.search(r"failed:\s+CL_|OpenCL error", output)):
                return f"says that it is done, with another output: {output}"
            missing = [name for name in good[2] if not whole(name, after.get(name), good[2][name]) and not (name in otherwise and after.get(name))]
            if missing:
                return f"says that it is done, without {missing}"
        elif code != CODES[fault[0]] and not (code == 4 and "; training goes on" in error):  # a log, snapshot or checkpoint less
            return f"exit code {code}, not {CODES[fault[0]]} or {good[0]}"
        elif fault[1] in ("short", "interrupt"):
            return "does not go on after a short or interrupted call"
        elif not named(case, fault, error):
            return "the message does not name what failed"
        for name in after:
            if ".tmp-" in name and fault[1] not in ("kill", "forever") and " unlink " not in where:
                return f"left behind: {name}"
            if ".tmp-" not in name and name not in good[2] and name not in before:
                return f"made {name}"
        for name, bytes_ in before.items():
            if name not in after:
                return f"{name} is gone"
        for name in good[2]:
            if name in after and name not in otherwise and after[name] != before.get(name) and not whole(name, after[name], good[2][name], code != good[0]):
                return f"{name} is damaged"
        return None

    def resume(self, case, good, fault, folder, code, error, after):
        """The same command goes on, from the checkpoint if there is a whole one, to the same bytes."""
        state = any(after.get(name, OLD) != OLD for name in ("state", "state.previous"))
        if fault[0] == "opencl" and code == 3 and state and "go on with the same command" not in error:
            return "there is a checkpoint, but the message does not say how to go on"
        for name in ("state", "state.previous"):
            if after.get(name) == OLD:
                os.remove(os.path.join(folder, name))
        words = case.words + ([] if "--resume" in case.words else ["--resume"])
        again, _, message, _ = self.run(case, folder, words)
        if again != good[0]:
            return f"does not go on: exit code {again}: {message}"
        if state and "Resumed from" not in message:
            return f"begins again, though there is a checkpoint: {message}"
        if contents(folder).get("m.safetensors") != good[2]["m.safetensors"]:
            return "ends with other bytes when it is resumed"
        left = [name for name in os.listdir(folder) if ".tmp-" in name and "state" in name]
        return f"left behind after it was resumed: {left}" if left else None

    # ---- all of them ------------------------------------------------------------------------------------------------

    def try_case(self, case):
        if not any(self.options.of in of for of in case.kinds):
            return
        folder = self.fresh(case)
        code, output, error, _ = self.run(case, folder)
        good = (code, output, {name: bytes_ for name, bytes_ in contents(folder).items() if name in case.outputs})
        shutil.rmtree(folder)
        if code not in (0, *(case.codes or (0, 1, 5))) or set(good[2]) != set(case.outputs):
            self.defects.append(case.name)
            print(f"{case.name}: exit code {code} without a fault, wrote {sorted(good[2])}: {error}")
            return
        for of, kinds in case.kinds.items():
            if (self.options.leaks and of not in ("memory", "file")) or self.options.of not in of:
                continue
            count = self.count(case, of)
            for kind in kinds:
                if self.options.kind not in kind:
                    continue
                chosen = points(count, self.options, case.slow or kind in ("short", "interrupt"))
                with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
                    wrong = [text for text in pool.map(lambda at: self.check(case, good, (of, kind, at)), chosen) if text is not None]
                self.points += len(chosen)
                self.defects += wrong
                print(f"{case.name}: {of}, {kind}: {len(chosen)} of {count} calls, {len(wrong)} defects", flush=True)
                for text in wrong:
                    print("  " + text, flush=True)


def contents(folder):
    """The files of a folder and of those in it, by their paths from there."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def plain(text):
    """Without what depends on the clock."""
    text = re.sub(r'"seconds": ?[^,}\s]*', '"seconds"', text)
    text = re.sub(r'[\d.]+ [kM]? ?(sequences|sums)/s', 'rate', text)
    text = re.sub(r"[\d.]+ (s|ms|min|GFLOP/s)\b", "time", text)
    return re.sub(r"[+-]?[\d.]+(%| [MG]B)?", "n", text) if "slowest, fastest" in text else text  # a bench


def whole(name, bytes_, good, failed=False):
    """Whether a file is what an undisturbed run writes; what holds times, as far as it can be told."""
    if bytes_ is None:
        return False
    if name.endswith(".jsonl"):
        lines, others = bytes_.decode(errors="replace").splitlines(True), good.decode().splitlines()
        if failed and lines and not lines[-1].endswith("\n"):
            lines.pop()  # a log is written line by line; its readers leave an unfinished one out
        try:
            for line in lines:
                json.loads(line)
        except ValueError:
            return False
        return failed or len(lines) >= len(others) or "resumed" in bytes_.decode()
    if name.endswith(".times.csv"):
        return re.fullmatch(r"row,seconds\n(\d+,[\d.]+\n)*", bytes_.decode(errors="replace")) is not None
    if name.startswith("state"):
        return len(bytes_) > 100 and bytes_.startswith(b"carrynet checkpoint 1\n")  # what resumes from it looks at the rest
    if name.endswith(".csv"):
        lines = bytes_.decode(errors="replace").splitlines(True)
        return bytes_ == good or (failed and set(lines) <= set(good.decode().splitlines(True)))
    if name.endswith(".html"):
        return plain(bytes_.decode(errors="replace")) == plain(good.decode())
    return bytes_ == good


def named(case, fault, error):
    if "carrynet: " not in error:
        return False
    if fault[0] in ("memory", "thread") or fault[1] == "memory":
        return re.search(r"memory|allocate|MEMORY|cl[A-Z]\w+", error) is not None
    if fault[0] == "opencl":
        return re.search(r"\bcl[A-Z]\w+|device", error) is not None
    names = [*case.inputs, *case.outputs, "standard output", "standard input", "/dev/std", "gnuplot"]
    return any(name in error for name in names)


def points(count, options, slow):
    """All calls, or the first few and some spread evenly over the others."""
    if options.all or count <= options.spread:
        return list(range(1, count + 1))
    spread = max(1, options.spread // 2) if slow else options.spread
    return sorted({1, 2, count, *(1 + (count - 1) * i // spread for i in range(spread))})


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("library")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--leaks", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--of", default="")
    parser.add_argument("--kind", default="")
    parser.add_argument("--spread", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    faults = Faults(os.path.abspath(options.program), os.path.abspath(options.library), options)
    try:
        faults.prepare()
        devices = subprocess.run([faults.program, "devices", "--json"], capture_output=True).stdout
        for case in CASES:
            if not any(word in case.name for word in options.only.split(";")) or (options.leaks and case.device):
                continue
            if case.long and not options.all and not options.only:
                continue
            if case.device and b'"platform"' not in devices:
                print(f"SKIP: {case.name}: no OpenCL device")
                continue
            faults.try_case(case)
    finally:
        shutil.rmtree(faults.folder)
    print(f"{faults.points} faults, {faults.tolerated} of them made no difference, {len(faults.defects)} defects")
    sys.exit(1 if faults.defects else 0)


main()
