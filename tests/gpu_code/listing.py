"""Machine code as text, read into instructions, loops, and what the loops are made of.

A kernel is a list of Instruction in the order of their addresses. Loops are the natural loops of its flow graph: a branch back to a
block that dominates it, and all blocks from which that branch is reached. A block belongs to its innermost loop, so a loop's own
instructions are those that no loop inside it has.

Kinds of instructions: "fma"; "float", other additions and products of reals; "global", "local" and "private", accesses of that
memory, as OpenCL names them; "barrier"; "branch"; "scalar", done once for a warp beside the others (AMD); "other".
"""

import re
from collections import Counter
from dataclasses import dataclass, field

BUILTINS = "device_builtins.h"  # whose lines say nothing of a kernel
TURNS = 8  # of a loop, as far as is known; so weights of loops are 8 to the power of their depth


@dataclass
class Instruction:
    op: str
    operands: str
    predicate: str = ""      # the condition on which it is executed, or ""
    labels: list = field(default_factory=list)  # of its address
    kind: str = "other"
    goes_to: str = ""        # label of a branch
    goes_on: bool = True     # whether the next instruction may follow
    place: str = ""          # file:line of the source


@dataclass
class Loop:
    depth: int               # 1: the outermost
    own: list                # its own instructions, those of slow paths left out
    skipped: int             # instructions of slow paths: blocks with a call
    innermost: bool
    place: str               # in the source, of its last branch back

    def counts(self):
        return Counter(one.kind for one in self.own)

    @property
    def weight(self):
        return TURNS ** self.depth


# ---- NVIDIA: what nvdisasm -c -g prints -----------------------------------------------------------------------------

SASS_PLACE = re.compile(r'\s*//## File "(?:.*/)?([^/"]+)", line (\d+)')
SASS_LINE = re.compile(r"\s*(?:/\*[0-9a-f]{4,}\*/)?\s*(?:\{\s*)?(@!?U?P[\dT]+ )?\s*([A-Z][\w.]*)(\s[^;]*)?;")
SASS_KINDS = {
    "fma": "FFMA FFMA32I FFMA2 DFMA", "float": "FADD FADD32I FMUL FMUL32I FADD2 FMUL2 DADD DMUL", "global": "LDG STG LD ST RED ATOM ATOMG",
    "local": "LDS STS LDSM ATOMS", "private": "LDL STL", "barrier": "BAR", "branch": "BRA BRX JMP CALL RET EXIT BSSY BSYNC BREAK WARPSYNC NOP",
}
SASS_KIND = {op: kind for kind, ops in SASS_KINDS.items() for op in ops.split()}


def read_sass(text):
    """{kernel: instructions} of a cubin's listing; the functions that a kernel calls are at its end."""
    kernels, current, labels, place = {}, None, [], ""
    for line in text.splitlines():
        source = SASS_PLACE.match(line)
        if source and source.group(1) != BUILTINS:
            place = ":".join(source.groups())
        section = re.match(r"\s*\.section\s+\.text\.(\w+)", line)
        if section:
            current, labels = kernels.setdefault(section.group(1), []), []
        elif re.match(r"\s*\.section\s", line):
            current = None
        label = re.match(r"\s*(\.L_\w+):", line)
        if label:
            labels.append(label.group(1))
        found = SASS_LINE.match(line)
        if current is None or not found:
            continue
        op, operands = found.group(2), (found.group(3) or "").strip()
        one = Instruction(op, operands, (found.group(1) or "").strip(), labels, SASS_KIND.get(op.split(".")[0], "other"), place=place)
        labels = []
        where = re.search(r"`\((\.L_\w+)\)", operands)
        name = op.split(".")[0]
        if name in ("BRA", "JMP") and where:
            one.goes_to = where.group(1)
            one.goes_on = one.predicate != "" or "," in operands
        elif name in ("EXIT", "RET", "BRX"):
            one.goes_on = one.predicate != ""
        current.append(one)
    return kernels


# ---- AMD: clang's assembly ------------------------------------------------------------------------------------------

def amd_kind(op, operands):
    whole = op + " " + operands if op.startswith("v_dual_") else op  # two instructions in one
    if re.search(r"v_(dual_|pk_)?(fma|fmac|fmaak|fmamk)_(f32|f64)", whole):
        return "fma"
    if re.search(r"v_(dual_|pk_)?(add|sub|subrev|mul)_(f32|f64)", whole):
        return "float"
    if op.startswith(("global_", "flat_", "buffer_")):
        return "private" if "off" in operands and op.startswith("buffer_") else "global"
    if op.startswith("ds_"):
        return "local"
    if op.startswith("scratch_"):
        return "private"
    if op.startswith("s_barrier"):
        return "barrier"
    if op.startswith(("s_branch", "s_cbranch", "s_endpgm", "s_setpc", "s_swappc")):
        return "branch"
    return "scalar" if op.startswith("s_") else "other"


def read_amd(text):
    """{function: instructions}"""
    functions, current, labels, place = {}, None, [], ""
    for line in text.splitlines():
        source = re.match(r"\t\.loc\t.*; (?:.*/)?([^/]+:\d+):\d+", line)
        if source and not source.group(1).startswith(BUILTINS):
            place = source.group(1)
        begins = re.match(r"(\w+):\s*; @\1$", line.rstrip())
        if begins:
            current, labels = functions.setdefault(begins.group(1), []), []
            continue
        line = line.split(";")[0].rstrip()
        if re.match(r"\.Lfunc_end\d+:", line):
            current = None
        label = re.match(r"(\.L\w+):", line)
        if label:
            labels.append(label.group(1))
        found = re.match(r"\t([a-z]\w+)(?:\s+(.*))?$", line)
        if current is None or not found:
            continue
        op, operands = found.group(1), found.group(2) or ""
        one = Instruction(op, operands, "", labels, amd_kind(op, operands), place=place)
        labels = []
        if op.startswith(("s_branch", "s_cbranch")):
            one.goes_to, one.goes_on = operands.strip(), op.startswith("s_cbranch")
        elif op.startswith(("s_endpgm", "s_setpc")):
            one.goes_on = False
        current.append(one)
    return functions


# ---- loops ----------------------------------------------------------------------------------------------------------

def blocks_of(code):
    """[(first, end)], and for each the numbers of those that may follow."""
    begins = {0}
    for at, one in enumerate(code):
        if one.labels:
            begins.add(at)
        if one.goes_to or not one.goes_on:
            begins.add(at + 1)
    starts = sorted(at for at in begins if at < len(code))
    blocks = list(zip(starts, starts[1:] + [len(code)]))
    at_label = {label: number for number, (first, _) in enumerate(blocks) for label in code[first].labels}
    follow = []
    for number, (_, end) in enumerate(blocks):
        last = code[end - 1]
        nexts = {at_label[last.goes_to]} if last.goes_to in at_label else set()
        if last.goes_on and number + 1 < len(blocks):
            nexts.add(number + 1)
        follow.append(nexts)
    return blocks, follow


def dominators(follow):
    """For each block that is reached from the first, the set of those that every way to it passes."""
    reached, stack = {0}, [0]
    while stack:
        for to in follow[stack.pop()]:
            if to not in reached:
                reached.add(to)
                stack.append(to)
    before = {number: [] for number in reached}
    for number in sorted(reached):
        for to in follow[number]:
            before[to].append(number)
    dominate = {number: set(reached) for number in reached}
    dominate[0] = {0}
    changed = True
    while changed:
        changed = False
        for number in sorted(reached - {0}):
            new = set.intersection(*(dominate[one] for one in before[number])) | {number}
            if new != dominate[number]:
                dominate[number], changed = new, True
    return dominate, before


def loops_of(code):
    """The natural loops, by the address of their first block."""
    if not code:
        return []
    blocks, follow = blocks_of(code)
    dominate, before = dominators(follow)
    bodies = {}  # first block: all blocks
    for number in dominate:
        for head in follow[number]:
            if head in dominate[number]:
                body = bodies.setdefault(head, {head})
                stack = [number]
                while stack:
                    one = stack.pop()
                    if one not in body:
                        body.add(one)
                        stack.extend(before[one])
    loops = []
    for head, body in sorted(bodies.items()):
        inside = [other for first, other in bodies.items() if first != head and other < body]
        own = sorted(body - set().union(*inside))
        slow = {number for number in own if any(one.op.startswith("CALL") for one in code[slice(*blocks[number])])}
        loops.append(Loop(depth=sum(1 for other in bodies.values() if body <= other),
                          own=[one for number in own if number not in slow for one in code[slice(*blocks[number])]],
                          skipped=sum(end - first for first, end in (blocks[number] for number in slow)),
                          innermost=not inside,
                          place=code[max(blocks[number][1] - 1 for number in body if head in follow[number])].place))
    return loops


def arithmetic(loop):
    """Instructions of a loop that compute with reals."""
    counts = loop.counts()
    return counts["fma"] + counts["float"]


def size(loop):
    """Instructions that take an issue slot of the vector units."""
    counts = loop.counts()
    return len(loop.own) - counts["scalar"]


def fma_share(loops):
    """The mean of the loops' share of fma in their own instructions, weighted with their real arithmetic if each loop turns TURNS
    times: the share around an average operation on reals. None where no loop has any."""
    weights = [(arithmetic(loop) * loop.weight, loop) for loop in loops]
    total = sum(weight for weight, _ in weights)
    return sum(weight * loop.counts()["fma"] / size(loop) for weight, loop in weights if weight) / total if total else None
