"""A model of NVIDIA's multiprocessor: the clocks that a loop's own instructions take, from its SASS.

No GPU has confirmed a number of it: trust ratios between kernels more than clocks, and those within a half. What it assumes:

- Four schedulers of equal load, so one is simulated, with a quarter of the warps; in every clock it issues the next instruction of a
  warp that can go on, the one that waited longest first. Warps issue in order.
- An instruction waits for its registers and predicates (as ptxas's own scheduling would have it) and for its pipe. A pipe is kept for
  as many clocks as the target says (targets.py); results come LATENCY clocks after the issue.
- Loads and stores share one unit of the multiprocessor: 128 bytes of a warp's data a load_clocks, so accesses of 32, 64 and 128 bits
  by an item take one, two and four times that, even where all items read one address. Every access of global memory hits the L1 cache,
  neighbouring items read neighbouring words, and local memory has no bank conflicts.
- A branch costs its issue, and BRANCH clocks where it is taken: once a turn. Both sides of an inner branch are executed; blocks with a
  call, the slow paths of division, are not. Loops inside count for nothing here: they have clocks of their own.
- A barrier waits for all warps of its work-group.
"""

import re

LATENCY = {"fma": 4, "fma64": 8, "imad": 5, "alu": 5, "xu": 20, "uniform": 9, "constant": 30, "branch": 2, "local": 30, "global": 38}
BRANCH, BARRIER, QUEUE = 8, 25, 16
TURNS = 4  # simulated; the later half counts

REGISTER = re.compile(r"\b(U?[RP])(\d+)\b")
NO_RESULT = {"ST", "STG", "STS", "STL", "RED", "BAR", "BRA", "EXIT", "RET", "CALL", "BSSY", "BSYNC", "NOP", "WARPSYNC", "MEMBAR"}
TWO_RESULTS = {"ISETP", "FSETP", "DSETP", "UISETP", "PLOP3", "UPLOP3"}
LOADS = {"LD", "LDG", "LDS", "LDL", "LDC", "ULDC", "LDCU"}


class Step:
    """What the model knows of an instruction."""

    def __init__(self, one):
        name = one.op.split(".")[0]
        self.barrier = name == "BAR"
        self.words = 0  # of 32 bits that a load or store moves for an item
        wide = 4 if ".128" in one.op else 2 if re.search(r"\.64\b", one.op) else 1
        if one.kind in ("local", "global", "private"):
            self.pipe, self.words = "memory", wide
            self.latency = LATENCY["local" if one.kind == "local" else "global"]
        elif name.startswith(("DFMA", "DADD", "DMUL", "DSETP", "DMNMX")):
            self.pipe = "fma64"
        elif one.kind in ("fma", "float"):
            self.pipe = "fma"
        elif name == "IMAD":
            self.pipe = "imad"
        elif name in ("MUFU", "I2F", "F2I", "I2FP", "F2F", "POPC", "FLO"):
            self.pipe = "xu"
        elif name in ("LDC", "ULDC", "LDCU"):
            self.pipe = "constant"
        elif name.startswith("U") or name in ("R2UR", "S2UR", "S2R", "CS2R"):
            self.pipe = "uniform"
        elif one.kind in ("branch", "barrier"):
            self.pipe = "branch"
        else:
            self.pipe = "alu"
        if self.pipe != "memory":
            self.latency = LATENCY[self.pipe]
        self.writes, self.reads = registers(one, name, wide)


def split_operands(text):
    parts, depth, current = [], 0, ""
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += letter
    return [part.strip() for part in parts + [current] if part.strip()]


def named(text, count=1):
    return [(kind, int(number) + more) for kind, number in REGISTER.findall(text) for more in range(count if kind.endswith("R") else 1)]


def registers(one, name, wide):
    """Registers and predicates that an instruction writes, and those that it reads."""
    parts = split_operands(one.operands)
    double = 2 if name.startswith("D") and name != "DEPBAR" else 1
    reads = named(one.predicate)
    if name in NO_RESULT:
        for part in parts:
            reads += named(part, 2 if "[" in part else wide)
        return [], reads
    results = 2 if name in TWO_RESULTS else 1
    while results < len(parts) and re.fullmatch(r"U?P[\dT]+", parts[results]) and name not in TWO_RESULTS and results < 3:
        results += 1  # the carries of IADD3, LEA and others
    writes = named(parts[0], wide if name in LOADS else 2 if "WIDE" in one.op else double) if parts else []
    for part in parts[1:results]:
        writes += named(part)
    for at, part in enumerate(parts[results:]):
        reads += named(part, 2 if "[" in part or ("WIDE" in one.op and at == 2) else double)
    return writes, reads


class Warp:
    def __init__(self, group):
        self.group, self.at, self.turn, self.ready, self.stalled, self.waits = group, 0, 0, {}, 0, False

    def earliest(self, step):
        """When its next instruction has what it reads, and may overwrite what it writes."""
        when = self.stalled
        for one in step.reads:
            when = max(when, self.ready.get(one, 0))
        for one in step.writes:
            when = max(when, self.ready.get(one, 0) - (0 if step.pipe == "memory" else step.latency))
        return when


def clocks(loop, target, warps, warps_of_group):
    """Clocks of the multiprocessor for one turn of `warps` warps through the loop's own instructions."""
    steps = [Step(one) for one in loop.own]
    if not steps or warps == 0:
        return 0.0
    mine = (warps + 3) // 4
    others = warps / mine  # warps for each of this scheduler's at the unit for loads
    in_group = max(1, min(mine, (warps_of_group + 3) // 4))
    crew = [Warp(number // in_group) for number in range(mine)]
    free = {pipe: 0.0 for pipe in LATENCY} | {"memory": 0.0}
    time = unit = 0.0
    ended = [0.0] * TURNS
    left = mine
    while left:
        best, best_when = None, None
        for warp in crew:
            if warp.turn == TURNS or warp.waits:
                continue
            step = steps[warp.at]
            when = max(time, warp.earliest(step), free[step.pipe], unit - QUEUE if step.words else 0)
            if best is None or when < best_when:
                best, best_when = warp, when
        time, warp, step = best_when, best, steps[best.at]
        crew.remove(warp)
        crew.append(warp)
        free[step.pipe] = time + target.pipes.get(step.pipe, 2 if step.pipe in ("uniform", "constant", "branch") else 1)
        latency = step.latency
        if step.words:
            begins = max(time, unit)
            unit = begins + step.words * target.load_clocks * others
            latency += begins - time + (step.words - 1) * target.load_clocks
        for one in step.writes:
            warp.ready[one] = time + latency
        warp.at += 1
        if step.barrier:
            warp.waits = True
            team = [one for one in crew if one.group == warp.group and one.turn < TURNS]
            if all(one.waits for one in team):
                for one in team:
                    one.waits, one.stalled = False, time + BARRIER
        if warp.at == len(steps):
            ended[warp.turn] = max(ended[warp.turn], time + 1)
            warp.at, warp.turn = 0, warp.turn + 1
            warp.stalled = max(warp.stalled, time + BRANCH)
            left -= warp.turn == TURNS
        time += 1
    return (ended[-1] - ended[TURNS // 2 - 1]) / (TURNS - TURNS // 2)


def work(loop):
    """Fused multiply-adds of a loop, where an addition or a product alone is half of one."""
    counts = loop.counts()
    return counts["fma"] + counts["float"] / 2


def clocks_of_fma(loops, target, warps, warps_of_group):
    """Clocks of a scheduler a fused multiply-add of a warp, over all loops that have any if each turns eight times; 1 is the peak of
    sm_90. None where no loop has any."""
    spent = done = 0.0
    for loop in loops:
        if work(loop) > 0:
            spent += loop.weight * clocks(loop, target, warps, warps_of_group)
            done += loop.weight * work(loop)
    return spent / (done * warps / 4) if done else None
