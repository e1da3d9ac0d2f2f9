#!/usr/bin/env python3
"""Several processes of one job, of which one is killed, told to stop, started with something else, or finds its memory or its device failing.

    ranks_faults.py MPIRUN CARRYNET FAULTS [RUNS [SEED]]

MPIRUN is OpenMPI's or MPICH's, "" none, which is a skip (77). FAULTS is the library of tests/faults. RUNS (0) are trainings that are killed
again and again, and as many calls that fail, beyond a short sample of both. Whatever befalls one rank, all end within LIMIT seconds, with an
exit code other than 0 and, where the program can still speak, one message that names the rank; and the checkpoint is whole: from it any other
number of ranks comes to the bytes of the run that nothing befell. Ranks that could not be killed, told or made to fail, as where mpirun does
not start, are a failure.
"""
import hashlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT = 60   # seconds, after which a run hangs; there may be many processes for a core
KILLED = 20  # the same, after one of its processes was killed
UNDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "under_mpirun.sh")
HERE = ["--device", "reference"]
THERE = ["--device", "0:0"]
# Each process writes down its number; to one of them something is done before it becomes the program.
RANK = ("rank=${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-${PMI_RANK:-0}}}; printf %s $$ > pid.$rank; if [ \"$rank\" = \"$BEFALLS\" ]; then eval \"$WHAT\"; fi; exec \"$@\"")

SINGLE = ["train", "--batch", "300", "--hidden", "8", "--updates", "300", "--seed", "9"]  # 5 blocks, the last one shorter
SPLIT = ["train", "--batch", "320", "--hidden", "4", "--bits", "6", "--train-fraction", "0.5", "--updates", "400", "--seed", "4"]
POPULATION = ["train", "--nets", "7", "--hidden", "6", "--bits", "5", "--seed", "20", "--max-updates", "700"]
PROVED = ["train", "--nets", "3", "--seed", "40", "--until", "proved", "--max-updates", "1200"]
# Those that are killed first of all: name, command, devices of the turns in turn, numbers of ranks likewise (0: no launcher).
CASES = [
    ("single", SINGLE, [HERE, THERE], [3, 4, 0, 2, 1]),
    ("population", POPULATION, [HERE, HERE], [3, 2, 4, 1]),
    ("proved", PROVED, [HERE, THERE], [3, 2, 0]),
    ("split", SPLIT, [THERE, HERE], [3, 1, 2]),
    ("single, pocl", SINGLE, [THERE], [3, 4, 0, 2]),
    ("population, pocl", POPULATION, [THERE], [3, 0, 2, 4]),
    ("population, from device to device", POPULATION, [THERE, HERE], [3, 1, 2, 4]),
    ("waves", [*POPULATION, "--wave", "3"], [HERE, THERE], [3, 2, 0, 4]),
    ("adam, fp64", [*SINGLE, "--optimizer", "adam", "--lr", "0.01", "--precision", "fp64"], [HERE, THERE], [3, 4, 2, 0]),
]
QUICK_CASES = 2


class Job:
    """Runs of the program in a folder of their own."""

    def __init__(self, mpirun, program, faults, folder):
        self.mpirun, self.program, self.faults, self.folder = mpirun, program, faults, folder
        self.failures, self.checks, self.longest = 0, 0, (0.0, "")

    def expect(self, condition, what, *shown):
        self.checks += 1
        if not condition:
            self.failures += 1
            print(f"FAILED: {what}", *shown, sep="\n    ", flush=True)
        return condition

    def start(self, count, words, *others, befalls=None, what=""):
        """`words` on `count` ranks, each of `others` on one more; 0: without a launcher."""
        for name in os.listdir(self.folder):
            if name.startswith("pid."):
                os.remove(os.path.join(self.folder, name))
        command = ["sh", "-c", RANK, "sh", self.program, *words]
        for other in others:
            command += [":", "-n", "1", "sh", "-c", RANK, "sh", *(other if other[0].startswith("/") else [self.program, *other])]
        if count > 0:
            command = [UNDER, self.mpirun, str(count), *command]
        environment = dict(os.environ, LC_ALL="C", BEFALLS=str(befalls), WHAT=what)
        return subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def end(self, process, limit=LIMIT):
        """Exit code (None: it hung), standard output, the program's own lines of standard error, all of it."""
        start = time.monotonic()
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            for rank in range(8):
                self.kill(rank, signal.SIGKILL)
            process.kill()
            output, errors = process.communicate()
            process.returncode = None
        self.longest = max(self.longest, (round(time.monotonic() - start, 1), " ".join(process.args[-12:])))
        errors = errors.decode(errors="replace")
        return process.returncode, output.decode(errors="replace"), [line for line in errors.splitlines() if line.startswith("carrynet: ")], errors

    def run(self, *arguments, **befalling):
        return self.end(self.start(*arguments, **befalling))

    def kill(self, rank, number):
        try:
            with open(os.path.join(self.folder, f"pid.{rank}"), encoding="ascii") as file:
                os.kill(int(file.read()), number)
            return True
        except (OSError, ValueError):
            return False

    def path(self, name):
        return os.path.join(self.folder, name)

    def digest(self, name):
        if not os.path.exists(self.path(name)):
            return None
        with open(self.path(name), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def clear(self, *names):
        for name in os.listdir(self.folder):
            if any(name.startswith(start) for start in names):
                os.remove(self.path(name))

    def wait_for(self, name, process, appears, seconds=LIMIT):
        """Until there is a file of that name, or, unless it is to appear, another one than now."""
        def number():
            try:
                return os.stat(self.path(name)).st_ino
            except OSError:
                return 0
        end, was = time.monotonic() + seconds, 0 if appears else number()
        while number() in (0, was) and process.poll() is None and time.monotonic() < end:
            time.sleep(0.005)


# ---- killed ---------------------------------------------------------------------------------------------------------

def killed(job, case, turns, victim, every):
    """Goes on from one checkpoint with ever other numbers of ranks, each time until one is killed: the victims are they in turn."""
    name, words, devices, counts = case
    start = time.monotonic()
    code, _, _, errors = job.run(0, [*words, *HERE, "--quiet", "-o", "whole"])
    took = time.monotonic() - start
    if not job.expect(code in (0, 5), f"{name}: exit code {code}", errors):
        return
    job.clear("state", "cut")
    kills = turn = 0
    while kills <= turns:
        count = counts[turn % len(counts)]
        last, was = kills == turns, False
        resume = [] if turn == 0 else ["--resume"]
        command = [*words, *devices[turn % len(devices)], "--checkpoint", "state", "--checkpoint-every", str(every), *resume, "-o", "cut"]
        process = job.start(count, command)
        victim = (victim + 1) % max(count, 1)
        if not last:
            job.wait_for(f"pid.{victim}", process, True)
            if turn == 0 or random.random() < 0.8:
                job.wait_for("state", process, False)
            time.sleep(random.uniform(0, took / (2 + turn - kills)))  # sooner, where it was too late before
            was = process.poll() is None and job.kill(victim, signal.SIGKILL)
        got, _, _, errors = job.end(process, KILLED if not last else LIMIT)
        where = f"{name}, turn {turn}, {count} ranks, rank {victim} killed"
        job.expect(got is not None, f"{where}: hangs", errors)
        if got is None:
            return
        if got != code:
            if not job.expect(was and got != 0, f"{where}: exit code {got}", errors):
                return
        else:
            job.expect(job.digest("cut") == job.digest("whole"), f"{where}: other bytes")
        job.expect("is damaged" not in errors and ".previous" not in errors, f"{where}: the checkpoint is not whole", errors)
        job.expect(got != code or kills == 0 or "state" in errors, f"{where}: does not go on from the checkpoint", errors)
        if got == code and not last:  # it came to its end: and begins again
            job.clear("state", "cut")
        kills, turn = kills + (was or last), turn + 1
        if not job.expect(turn <= 3 * turns + 10, f"{name}: {kills} kills in {turn} turns"):
            return
    job.expect(not [left for left in os.listdir(job.folder) if ".tmp-" in left], f"{name}: left behind", *os.listdir(job.folder))
    print(f"killed, {name}: {turns} kills, the same bytes", flush=True)


# ---- told to stop ---------------------------------------------------------------------------------------------------

STOPPED = [*SINGLE, "--updates", "3000", *HERE]


def told_to_stop(job, number, told):
    """The launcher is told, and passes it on to all ranks; or one rank is, and tells the others."""
    what = f"{signal.Signals(number).name} to {'the launcher' if told is None else f'rank {told}'}"
    job.clear("state", "cut")
    process = job.start(3, [*STOPPED, "--quiet", "--checkpoint", "state", "--checkpoint-every", "100", "-o", "cut"])
    job.wait_for("state", process, True)
    running = process.poll() is None and os.path.exists(job.path("state"))
    if told is None:
        process.send_signal(number)
    else:
        running = job.kill(told, number) and running
    code, _, _, errors = job.end(process, KILLED)
    # OpenMPI's own code is 1 where it was told; the ranks' code where one of them was.
    job.expect(running, f"{what}: nothing ran that could be told", errors)
    job.expect(code not in (None, 0) if told is None else code == 128 + number, f"{what}: exit code {code}", errors)
    code, _, _, errors = job.run(0, [*STOPPED, "--checkpoint", "state", "--resume", "-o", "cut"])
    job.expect(code == 0 and "is damaged" not in errors and job.digest("cut") == job.digest("stopped"), f"{what}: exit code {code}, or other bytes", errors)
    print(f"{what}: a whole checkpoint, the same bytes", flush=True)


# ---- refused --------------------------------------------------------------------------------------------------------

def changed_program(job):
    """A copy of the program in which a letter of a kernel is another."""
    with open(job.program, "rb") as file:
        content = file.read()
    if b"kernel void apply" not in content:
        sys.exit("no kernels in the program")
    path = job.path("changed")
    with open(path, "wb") as file:
        file.write(content.replace(b"kernel void apply", b"kernel void Apply"))
    os.chmod(path, 0o755)
    return path


def refused(job, name, code, says, *arguments, **befalling):
    """Ends with `code`, and of the program's lines one, which says `says`."""
    start = time.monotonic()
    job.clear("refused")
    got, output, lines, errors = job.run(*arguments, **befalling)
    job.expect(got == code and len(lines) == 1 and re.search(says, lines[0]) and output == "", f"{name}: exit code {got}, {len(lines)} lines", output, errors)
    job.expect(not os.path.exists(job.path("refused")), f"{name}: a model was written")
    print(f"refused, {name}: {lines[0] if lines else None} ({time.monotonic() - start:.1f} s)", flush=True)


def refusals(job, many):
    small = ["train", *HERE, "--bits", "4", "--hidden", "4", "--batch", "130", "--updates", "20", "--quiet", "-o", "refused"]
    state = ["--checkpoint", "state", "--checkpoint-every", "5"]
    refused(job, "other seeds", 2, "ranks 0 and 1 differ in the settings.*seed 1 and seed 2", 1, [*small, "--seed", "1"], [*small, "--seed", "2"])
    # A program a rank, not two ranks of one: mpirun 5 numbers ranks round the programs.
    refused(job, "a device that one lacks", 3, "rank 2: .*99:0", 1, small, small, [*small, "--device", "99:0"])
    refused(job, "another build", 2, "ranks 0 and 1 differ in the kernels", 1, small, [changed_program(job), *small])
    os.makedirs(job.path("elsewhere"), exist_ok=True)
    job.clear("state")
    if not job.expect(job.run(0, [*small, *state])[0] in (0, 5), "a checkpoint"):
        return
    refused(job, "a checkpoint that one lacks", 2, "ranks 0 and 1 differ in the checkpoint to go on from", 2, [*small, *state, "--resume"],
            befalls=1, what="cd elsewhere")
    if not many:
        return
    refused(job, "other devices", 3, "rank 0: .*99:0", 1, [*small, "--device", "99:0"], small)
    refused(job, "a device that none has", 3, "^carrynet: [^r].*99:0", 3, [*small, "--device", "99:0"])
    refused(job, "an older build as rank 0", 2, "ranks 0 and 1 differ in the kernels", 1, [*small], [changed_program(job), *small])
    refused(job, "other batches", 2, "ranks 0 and 2 differ in the settings.*batch 130 and batch 131", 1, small, small, [*small, "--batch", "131"])
    refused(job, "other numbers of networks", 2, "ranks 0 and 1 differ", 1, small, [*small, "--nets", "3"])
    refused(job, "an option that is none", 2, "rank 1: .*--nonsense|nonsense", 1, small, [*small, "--nonsense"])
    refused(job, "a number that is none", 2, "bits", 3, [*small, "--bits", "x"])
    refused(job, "a folder where rank 0 cannot write", 4, "refused", 3, small, befalls=0, what="cd /proc")
    for at in range(3):
        with open(job.path("state"), "rb") as file:
            content = bytearray(file.read())
        content[len(content) // 2] ^= 1
        with open(job.path("elsewhere/state"), "wb") as file:
            file.write(content)
        refused(job, f"a damaged checkpoint on rank {at}", 4, f"rank {at}: .*state", 3, [*small, *state, "--resume"], befalls=at, what="cd elsewhere")


# ---- failing calls --------------------------------------------------------------------------------------------------

TINY = ["train", "--bits", "4", "--hidden", "4", "--batch", "200", "--updates", "8", "--seed", "5", "--checkpoint", "state", "--checkpoint-every", "2", "-o", "cut"]
MANY = ["train", "--nets", "5", "--bits", "4", "--hidden", "4", "--batch", "20", "--updates", "8", "--seed", "5", "--checkpoint", "state", "--checkpoint-every", "2",
        "-o", "cut"]
SWEEP = ["sweep", "--bits", "4", "--hidden", "3,4", "--seeds", "2", "--lr", "0.1", "--sequences", "640", "--quiet", "-o", "cut.csv"]
CODES = {"memory": 3, "file": 4, "thread": 3, "opencl": 3}
# Command, class and kinds of the calls that fail; those that a few runs are spent on first.
FAULTS = [
    ("single, reference", [*TINY, *HERE], "memory", ["error", "forever"]),
    ("single, pocl", [*TINY, *THERE], "opencl", ["error", "memory", "forever"]),
    ("population, reference", [*MANY, *HERE], "memory", ["error", "forever"]),
    ("population, pocl", [*MANY, *THERE], "opencl", ["error", "forever"]),
    ("single, files", [*TINY, *HERE], "file", ["error", "forever", "kill"]),
    ("sweep", [*SWEEP, *HERE], "memory", ["error", "forever"]),
    ("sweep, files", [*SWEEP, *HERE], "file", ["error"]),
    ("single, memory on pocl", [*TINY, *THERE], "memory", ["error"]),
    ("population, pocl, memory", [*MANY, *THERE], "memory", ["error"]),
    ("sweep, threads", [*SWEEP, *HERE], "thread", ["error"]),
]


class Faulty:
    """One command of which calls fail, in turn."""

    def __init__(self, job, name, words, of, kinds):
        self.job, self.name, self.words, self.of, self.kinds = job, name, words, of, kinds
        self.counts, self.whole, self.code, self.tolerated, self.hits = {}, None, None, 0, 0
        self.output = words[words.index("-o") + 1]

    def fault(self, rank, kind, at):
        self.job.clear("state", "cut", "fault")
        what = f"export LD_PRELOAD={self.job.faults} FAULT_CLASS={self.of} FAULT_KIND={kind} FAULT_AT={at} FAULT_LOG=fault.log"
        return self.job.run(2, self.words, befalls=rank, what=what)

    def lines(self):
        path = self.job.path("fault.log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return file.read().splitlines()

    def count(self, rank):
        """How many calls there are, of a run where none fails."""
        if rank not in self.counts:
            self.code, _, _, errors = self.fault(rank, "error", 0)
            self.whole = self.job.digest(self.output)
            calls = [int(line.split()[1]) for line in self.lines() if line.startswith("calls ")]
            self.job.expect(calls and self.code in (0, 5), f"{self.name}: no count of calls, exit code {self.code}", errors)
            self.counts[rank] = calls[0] if calls else 0
        return self.counts[rank]

    def try_one(self, rank, kind, at):
        job = self.job
        code, _, lines, errors = self.fault(rank, kind, at)
        self.hits += any(line.startswith("fault ") for line in self.lines())
        where = f"{self.name}, rank {rank}, {kind} {at} of {self.counts[rank]} ({'; '.join(self.lines())})"
        if not job.expect(code is not None, f"{where}: hangs", errors):
            return
        wrong = [line for line in lines if "training goes on" not in line]
        if kind == "kill":
            job.expect(code != 0, f"{where}: exit code {code}", errors)
        elif code == self.code:
            self.tolerated += 1
            job.expect(job.digest(self.output) == self.whole, f"{where}: other bytes", errors)
        else:
            job.expect(code in (CODES[self.of], 4), f"{where}: exit code {code}", errors)
            # A rank whose file operations all fail cannot write its message either.
            fewest = 0 if self.of == "file" and kind == "forever" else 1
            job.expect(len(wrong) == (1 if code == CODES[self.of] and self.of != "file" else len(wrong)) and fewest <= len(lines) <= 2,
                       f"{where}: {len(lines)} messages", errors)
        if job.digest(self.output) not in (None, self.whole):  # a table has the rows that are finished
            job.expect(self.of == "file" or self.output.endswith(".csv"), f"{where}: a file that is not whole", errors)
        if "--checkpoint" in self.words:
            code, _, _, errors = job.run(0, [*self.words, "--resume"])
            job.expect(code == self.code and job.digest(self.output) == self.whole and "is damaged" not in errors, f"{where}: gone on from: exit code {code}", errors)


def failing(job, name, words, of, kinds, runs):
    faulty, done = Faulty(job, name, words, of, kinds), 0
    start = time.monotonic()
    # Only rank 0 of a sweep has a thread of its own.
    ranks = [rank for rank in ((0, 1) if runs > 1 or of == "thread" else (1,)) if faulty.count(rank) > 0]
    while done < runs and ranks:
        rank, kind = ranks[done % len(ranks)], kinds[done // 2 % len(kinds)]
        faulty.try_one(rank, kind, random.randint(1, faulty.count(rank)))
        done += 1
    # The number of calls differs a little from run to run, so the last ones may not come.
    job.expect(done == runs and faulty.hits >= (runs + 1) // 2, f"failing, {name}: of {runs} calls {faulty.hits} failed")
    print(f"failing, {name}: {time.monotonic() - start:.1f} s, {faulty.hits} calls of {dict(faulty.counts)}, of which {faulty.tolerated} without harm", flush=True)


# ---- all of it ------------------------------------------------------------------------------------------------------

def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    mpirun, program, faults = sys.argv[1], os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[3])
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.randrange(1 << 32)
    if mpirun == "" or shutil.which(mpirun) is None:
        print("SKIP: no mpirun, or built without MPI. Debian, Ubuntu: apt-get install libopenmpi-dev openmpi-bin")
        return 77
    print(f"seed {seed}")
    random.seed(seed)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        job = Job(mpirun, program, faults, folder)
        for i, case in enumerate(CASES if runs > 0 else CASES[:QUICK_CASES]):
            killed(job, case, 2 - i if runs == 0 else runs // len(CASES) + (i < runs % len(CASES)), 1 + i, 10)
        code = job.run(0, [*STOPPED, "--quiet", "-o", "stopped"])[0]
        job.expect(code == 0, f"exit code {code}")
        for number, told in [(signal.SIGTERM, None)] + ([(signal.SIGINT, None), (signal.SIGTERM, 1), (signal.SIGINT, 0)] if runs > 0 else []):
            told_to_stop(job, number, told)
        refusals(job, runs > 0)
        for i, fault in enumerate(FAULTS if runs > 0 else FAULTS[:2]):
            failing(job, *fault, runs // len(FAULTS) + (i < runs % len(FAULTS)) if runs > 0 else 1)
        print(f"{job.checks} checks, {job.failures} failed; {time.monotonic() - start:.1f} s, of which the longest {job.longest[0]} s: {job.longest[1]}")
        return 1 if job.failures > 0 else 0


sys.exit(main())
