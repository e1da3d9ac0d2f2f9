"""Compiles an emitted program for a target, and measures its kernels: registers, memory, instructions, loops.

NVIDIA: clang to PTX, ptxas to machine code, nvdisasm to its text; NVIDIA's driver has the same ptxas behind a compiler of its own. AMD:
clang, as its driver has it. Intel: ocloc, which is its driver's compiler. Private memory is what a work-item keeps in memory of its own
that no register holds: arrays that are indexed by a variable, and spilled registers.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

import listing

HERE = os.path.dirname(os.path.abspath(__file__))
CLANG, CLANG_VERSION = "clang-19", "19.1.7"
COMMON = ["-x", "cl", "-D__OPENCL_VERSION__=120", "-D_OPENCL_H_", "-O3", "-gline-tables-only"]
PTX = "+ptx83"  # of clang 19 the last that ptxas 12 and 13 both read


class Failure(Exception):
    """What a tool said."""


class Missing(Exception):
    """A tool that is not there, and how to get it."""


@dataclass
class Measured:
    kernel: str
    registers: int
    local: int         # bytes of a work-group
    private: int       # bytes of a work-item, spills included
    spills: int        # bytes of a work-item that are spilled registers: their stores and loads
    code: list = field(default_factory=list)
    group: int = 0     # work-items of a work-group, where the text fixes them

    @property
    def instructions(self):
        return sum(1 for one in self.code if not one.op.startswith(("NOP", "s_nop")))


@functools.cache
def packages():
    """The folders of NVIDIA's Python packages, of the Python that CARRYNET_PYTHON names, or of this one."""
    python = os.environ.get("CARRYNET_PYTHON") or sys.executable
    said = subprocess.run([python, "-c", "import nvidia; print(*nvidia.__path__, sep='\\n')"], text=True, capture_output=True, check=False)
    return sorted(os.path.join(top, part, "bin") for top in said.stdout.split() for part in os.listdir(top))


@functools.cache
def tool(name):
    places = packages() if name in ("ptxas", "nvdisasm") else []
    path = next((os.path.join(one, name) for one in places if os.access(os.path.join(one, name), os.X_OK)), shutil.which(name))
    if path:
        return path
    how = {CLANG: f"Debian 12 and 13: apt-get install {CLANG}", "ocloc": "Debian, Ubuntu: apt-get install intel-opencl-icd"}
    raise Missing(f"{name} not found. " + how.get(name, "pip install --no-deps -r tests/gpu_code/requirements.txt, and name that Python in "
                                                         "CARRYNET_PYTHON"))


def strangers(vendors):
    """The tools for these vendors whose version is not the one that the table was made with, in words."""
    with open(os.path.join(HERE, "requirements.txt"), encoding="utf-8") as file:
        pinned = dict(re.findall(r"^nvidia-cuda-(\w+)==([\d.]+)", file.read(), re.M))
    known = [(("nvidia", "amd"), CLANG, r"version ([\d.]+)", CLANG_VERSION), (("nvidia",), "ptxas", r"V([\d.]+)", pinned["nvcc"]),
             (("nvidia",), "nvdisasm", r"V([\d.]+)", pinned["nvdisasm"])]
    said = []
    for whose, name, pattern, version in known:
        found = re.search(pattern, run([tool(name), "--version"])) if vendors & set(whose) else None
        if found and found.group(1) != version:
            said.append(f"{name} is {found.group(1)}, the table was made with {version}")
    return said


def run(command, **how):
    done = subprocess.run(command, text=True, capture_output=True, check=False, **how)
    if done.returncode != 0:
        raise Failure(f"{os.path.basename(command[0])}, exit code {done.returncode}: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


@functools.cache
def resources():
    return run([tool(CLANG), "-print-resource-dir"]).strip()


def clang(program, target_options, output):
    """Options that only a driver knows go to its own tool."""
    options = re.sub(r"-cl-nv-maxrregcount[= ]\d+|-cl-nv-\S+", "", program["options"]).split()
    include = os.path.join(resources(), "include", "opencl-c-base.h")
    return run([tool(CLANG), *COMMON, *target_options, "-include", include, "-include", os.path.join(HERE, "device_builtins.h"), *options,
                program["file"], "-o", output])


# ---- NVIDIA ---------------------------------------------------------------------------------------------------------

def required_groups(program, target_options, base):
    """{kernel: work-items} where the text fixes them (reqd_work_group_size), which clang 19 does not tell ptxas."""
    with open(program["file"], encoding="utf-8") as file:
        if "reqd_work_group_size" not in file.read():
            return {}
    clang(program, [*target_options, "-Xclang", "-disable-llvm-passes", "-emit-llvm", "-S"], base + ".ll")
    with open(base + ".ll", encoding="utf-8") as file:
        text = file.read()
    nodes = dict(re.findall(r"^(!\d+) = !\{i32 (\d+), i32 1, i32 1\}$", text, re.M))
    return {kernel: nodes[node] for kernel, node in
            re.findall(r"^define .*@(\w+)\(.*!reqd_work_group_size (!\d+)", text, re.M) if node in nodes}


def nvidia(program, target, base):
    options = ["-target", "nvptx64-nvidia-cuda", "-Xclang", "-target-cpu", "-Xclang", target.name, "-Xclang", "-target-feature", "-Xclang",
               PTX]
    clang(program, [*options, "-S"], base + ".ptx")
    fixed = required_groups(program, options, base)
    if fixed:
        with open(base + ".ptx", encoding="utf-8") as file:
            text = file.read()
        for kernel, items in fixed.items():
            text = re.sub(rf"(\.entry {kernel}\([^)]*\))", rf"\1\n.reqntid {items}, 1, 1", text)
        with open(base + ".ptx", "w", encoding="utf-8") as file:
            file.write(text)
    most = re.findall(r"-cl-nv-maxrregcount[= ](\d+)", program["options"])
    said = run([tool("ptxas"), "-v", "-lineinfo", "-arch=" + target.name, *(f"-maxrregcount={one}" for one in most), base + ".ptx", "-o",
                base + ".cubin"])
    code = listing.read_sass(run([tool("nvdisasm"), "-c", "-g", base + ".cubin"]))
    kernels = []
    for part in said.split("Compiling entry function")[1:]:
        name = re.match(r" '(\w+)'", part).group(1)
        stack = max((int(one) for one in re.findall(r"(\d+) bytes (?:cumulative stack size|stack frame)", part)), default=0)
        spills = sum(int(one) for one in re.findall(r"(\d+) bytes spill", part))
        local = sum(int(one) for one in re.findall(r"(\d+) bytes smem", part))
        kernels.append(Measured(name, int(re.search(r"Used (\d+) registers", part).group(1)), local, stack, spills, code[name],
                                int(fixed.get(name, 0))))
    return kernels


# ---- AMD ------------------------------------------------------------------------------------------------------------

def amd(program, target, base):
    clang(program, ["-target", "amdgcn-amd-amdhsa", "-mcpu=" + target.name, "-nogpulib", "-S"], base + ".s")
    with open(base + ".s", encoding="utf-8") as file:
        text = file.read()
    code = listing.read_amd(text)
    missing = set(re.findall(r"(\w+)@\w+32@lo", text)) - set(re.findall(r"^(\w+):", text, re.M))
    if missing:
        raise Failure(f"{program['program']}: {', '.join(sorted(missing))} not defined")
    kernels = []
    for part in re.split(r"^  - ", text.split("amdhsa.kernels:")[1].split("amdhsa.target:")[0], flags=re.M)[1:]:
        facts = dict(re.findall(r"^(?:    )?\.(\w+): +(\S+)$", part, re.M))
        name, fixed = facts["name"], re.search(r"\.reqd_workgroup_size:\s+- (\d+)", part)
        # .vgpr_count has accumulation registers too. A scalar register that goes to a lane of a vector register is not spilled.
        kernels.append(Measured(name, int(facts["vgpr_count"]), int(facts["group_segment_fixed_size"]),
                                int(facts["private_segment_fixed_size"]), 4 * int(facts["vgpr_spill_count"]), code[name],
                                int(fixed.group(1)) if fixed else 0))
    return kernels


# ---- Intel ----------------------------------------------------------------------------------------------------------

def intel(program, target, base):
    """What the binary's text, .ze_info, asks of the driver. Registers are those of a thread; "scratch" is where it spills them."""
    folder, stem = os.path.split(base)
    run([tool("ocloc"), "compile", "-q", "-file", program["file"], "-device", target.name, "-options", program["options"], "-out_dir", folder,
         "-output", stem, "-output_no_suffix", "--format", "zebin"])
    with open(base, "rb") as file:
        text = file.read()
    start, end = text.find(b"\nkernels:"), text.find(b"\nkernels_misc_info:")
    kernels = []
    for part in text[start:end].decode("ascii").split("\n  - name:")[1:]:
        facts = dict(re.findall(r"^      (\w+): +(\w+)$", part, re.M))
        memory = re.findall(r"- type: +(\w+)\n +usage: +\w+\n +size: +(\d+)", part)
        spills = sum(int(count) for kind, count in memory if kind == "scratch")
        kernels.append(Measured(part.split()[0], int(facts["grf_count"]), int(facts.get("slm_size", 0)),
                                sum(int(count) for _, count in memory), spills))
    return kernels


COMPILERS = {"nvidia": nvidia, "amd": amd, "intel": intel}


def measure(program, target, folder):
    """The program's kernels as the target has them, in the order of the emitted list. Failure if they do not compile."""
    kernels = COMPILERS[target.vendor](program, target, os.path.join(folder, f"{program['program']}-{target.name}"))
    found = {one.kernel: one for one in kernels}
    if set(found) != set(program["kernels"]):
        raise Failure(f"{program['program']}: kernels {sorted(found)}, not {sorted(program['kernels'])}")
    return [found[name] for name in program["kernels"]]
