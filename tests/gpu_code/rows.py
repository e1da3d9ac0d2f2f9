"""Rows of bench/gpu_code.csv: a kernel of a shape on a target, measured, and compared with what the table allows. What the columns
mean says check_gpu_code.py.
"""

import concurrent.futures
import csv
import json
import os
from dataclasses import dataclass

import listing
import model
import targets
import toolchain

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TABLE = os.path.join(ROOT, "bench", "gpu_code.csv")
KEY = ["kernel", "bits", "hidden", "asked", "target"]
COLUMNS = KEY + ["registers", "local", "private", "spills", "groups", "planned", "instructions", "fma", "clocks"]


@dataclass(frozen=True)
class Shape:
    """What a trainer is for: asked are more arguments of emit, such as "group=64"."""
    bits: int
    hidden: int
    asked: str = ""


# ---- measuring ------------------------------------------------------------------------------------------------------

@dataclass
class Job:
    program: dict  # as emit lists it
    shape: Shape
    target: targets.Target
    folder: str
    show: bool = False  # whether lines about its loops are wanted


def emit(build, shape, target, folder):
    """The programs of a shape, written into the folder."""
    os.makedirs(folder, exist_ok=True)
    command = [os.path.join(build, "tests", "gpu_code_emit"), folder, f"precision={shape.bits}", f"hidden={shape.hidden}",
               *target.emit_arguments(), *shape.asked.split()]
    if not os.access(command[0], os.X_OK):
        raise toolchain.Failure(f"{command[0]} is not there: cmake --build {build} --target gpu_code_emit")
    return json.loads(toolchain.run(command))


def all_jobs(build, shapes, chosen, top, show):
    """Each program once: those that do not know the hidden units are the same in many shapes."""
    jobs, seen = [], set()
    for target in chosen:
        for shape in shapes:
            folder = os.path.join(top, f"{target.name}-fp{shape.bits}-{shape.hidden}-{shape.asked.replace(' ', '-')}".rstrip("-"))
            for program in emit(build, shape, target, folder):
                with open(program["file"], encoding="utf-8") as file:
                    content = (target.name, program["options"], file.read())
                if content not in seen:
                    seen.add(content)
                    jobs.append(Job(program, shape, target, folder, show))
    return jobs


def row_of(measured, loops, job, items):
    """A row of the table; and the warps that run at once on a compute unit."""
    target, planned = job.target, job.program["groups"]
    groups = targets.resident_groups(target, items, measured.registers, measured.local)  # None: not known
    warps = targets.warps_of(target, items) * min(groups or 0, planned)
    known = "-DCARRYNET_HIDDEN=" in job.program["options"]
    share = listing.fma_share(loops)
    clocks = model.clocks_of_fma(loops, target, warps, targets.warps_of(target, items)) if target.pipes and warps else None
    row = {"kernel": measured.kernel, "bits": job.shape.bits, "hidden": job.shape.hidden if known else "", "asked": job.shape.asked,
           "target": target.name, "registers": measured.registers, "local": measured.local, "private": measured.private,
           "spills": measured.spills, "groups": groups, "planned": planned, "instructions": measured.instructions or None,
           "fma": None if share is None else f"{share:.3f}", "clocks": None if clocks is None else f"{clocks:.2f}"}
    return {column: "" if value is None else str(value) for column, value in row.items()}, warps


def loops_text(loops, target, warps, warps_of_group):
    """The loops, nested, with what they are made of."""
    lines = []
    for loop in loops:
        counts = loop.counts()
        kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common() if kind != "fma")
        line = f"  {'| ' * (loop.depth - 1)}{loop.place}{'' if loop.innermost else ', around others'}: {len(loop.own)} instructions, " \
               f"{counts['fma']} fma ({100 * counts['fma'] / max(listing.size(loop), 1):.0f}%), {kinds}"
        if loop.skipped:
            line += f", {loop.skipped} more on slow paths"
        if target.pipes and warps and model.work(loop) > 0:
            clocks = model.clocks(loop, target, warps, warps_of_group) / (model.work(loop) * warps / 4)
            line += f"; {clocks:.1f} clocks a fma"
        lines.append(line)
    return lines


def analyse(job):
    """([(row, lines about its loops)], what went wrong)"""
    try:
        results = []
        for one in toolchain.measure(job.program, job.target, job.folder):
            loops, items = listing.loops_of(one.code), one.group or job.program["group"]
            row, warps = row_of(one, loops, job, items)
            shown = loops_text(loops, job.target, warps, targets.warps_of(job.target, items)) if job.show else []
            results.append((row, shown))
        return results, None
    except toolchain.Failure as failure:
        return [], f"{job.program['program']}, fp{job.shape.bits}, H={job.shape.hidden}, {job.target.name}: {failure}"


def measure_all(jobs, workers):
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        return list(pool.map(analyse, jobs))


# ---- the table ------------------------------------------------------------------------------------------------------

def key(row):
    return tuple(row[column] for column in KEY)


def name(row):
    parts = [row["kernel"], "fp" + row["bits"], f"H={row['hidden']}" if row["hidden"] else "", row["asked"], row["target"]]
    return " ".join(part for part in parts if part)


def values(row):
    return ", ".join(f"{column} {row[column]}" for column in COLUMNS[len(KEY):] if row[column])


def order(row):
    names = [target.name for target in targets.TARGETS]
    return row["kernel"], int(row["bits"]), int(row["hidden"] or 0), row["asked"], names.index(row["target"])


def read_table():
    if not os.path.exists(TABLE):
        return {}
    with open(TABLE, encoding="utf-8", newline="") as file:
        return {key(row): row for row in csv.DictReader(file)}


def write_table(measured, left, table):
    gone = {key(row) for row in left}
    kept = {at: row for at, row in table.items() if at not in gone} | {key(row): row for row in measured}
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(kept.values(), key=order))


def left_over(measured, table, names):
    """The table's rows of these targets that are not among the measured."""
    found = {key(row) for row in measured}
    return [row for at, row in table.items() if row["target"] in names and at not in found]


def number(text):
    return float(text) if text else 0.0


def deviations(row, bound):
    """What of a row is worse than the table allows, in words."""
    said = []
    for column in ("registers", "local", "private", "spills"):
        if number(row[column]) > number(bound[column]):
            said.append(f"{column} {row[column]}, at most {bound[column]}")
    for column in ("instructions", "clocks"):
        if bound[column] and number(row[column]) > 1.05 * number(bound[column]):
            said.append(f"{column} {row[column]}, table {bound[column]}")
    if number(row["fma"]) < number(bound["fma"]) - 0.005:
        said.append(f"fma {row['fma'] or 0}, at least {bound['fma']}")
    if number(row["groups"]) < min(number(bound["groups"]), number(row["planned"])):
        said.append(f"groups {row['groups']}, at least {bound['groups']}, planned {row['planned']}")
    return said


def failures(measured, left, table):
    """A line for each deviation from the table."""
    lines = [f"{name(row)}: is in the table, and no such kernel was compiled; --write takes it out" for row in left]
    for row in measured:
        if row["groups"] == "0":
            lines.append(f"{name(row)}: not one work-group fits a compute unit: registers {row['registers']}, local {row['local']}")
        bound = table.get(key(row))
        if bound is None:
            lines.append(f"{name(row)}: is not in {os.path.relpath(TABLE, ROOT)}; --write adds it")
            continue
        lines += [f"{name(row)}: {one}" for one in deviations(row, bound)]
    return lines


def shortcomings(measured):
    """What is wanted and not so, by kernel."""
    lines = []
    for kernel in sorted({row["kernel"] for row in measured}):
        mine = [row for row in measured if row["kernel"] == kernel]
        counts = [("private memory", sum(row["private"] != "0" for row in mine)), ("spills", sum(row["spills"] != "0" for row in mine)),
                  ("fewer groups than planned", sum(number(row["groups"]) < number(row["planned"]) for row in mine if row["groups"]))]
        text = ", ".join(f"{what} in {count}" for what, count in counts if count)
        if text:
            lines.append(f"{kernel}: of {len(mine)} rows {text}")
    return lines


def changes(measured, left, table):
    """What writing the table changes, a line a row."""
    for row in left:
        yield f"{name(row)}: gone"
    for row in measured:
        old = table.get(key(row))
        if old is None:
            yield f"{name(row)}: new"
        elif old != row:
            yield f"{name(row)}: " + ", ".join(f"{one} {old[one]} -> {row[one]}" for one in COLUMNS if old[one] != row[one])
