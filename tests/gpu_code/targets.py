"""The GPUs that kernels are compiled for: what a driver would tell the program about each (as arguments of emit), and how much a
compute unit holds, which says how many work-groups of a kernel run on it at once.

A compute unit is NVIDIA's multiprocessor and AMD's compute unit; of gfx1100 it is a pair of them (a "work-group processor"), as its
driver counts. Sources: the CUDA programming guide's table of compute capabilities, and LLVM's AMDGPUUsage and AMDGPUBaseInfo.cpp.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Target:
    name: str
    vendor: str             # which tools compile for it: "nvidia", "amd", "intel"
    platform: str           # as the driver names itself
    units: int              # compute units of a common GPU of this kind
    most_items: int         # work-items of a work-group
    width: int = 32         # work-items of a warp (wave)
    schedulers: int = 4     # each with an equal part of the registers
    warps: int = 0          # most on one scheduler
    registers: int = 0      # of a work-item's width, on one scheduler, for one work-item a warp
    register_step: int = 1  # registers are given to a warp in steps of so many a work-item
    groups: int = 32        # most on a compute unit
    local: int = 0          # bytes of local memory of a compute unit
    local_step: int = 128   # bytes in which it is given
    local_extra: int = 0    # bytes that a group takes beside its own
    # For model.py; NVIDIA. Clocks for which an instruction of a warp keeps its pipe, by pipe; clocks a 128 bytes of loads.
    pipes: dict = field(default_factory=dict)
    load_clocks: int = 1

    def emit_arguments(self):
        return [f"platform={self.platform}", f"units={self.units}", f"work_group_size={self.most_items}"]


CUDA = {"vendor": "nvidia", "platform": "NVIDIA CUDA", "most_items": 1024, "registers": 512, "register_step": 8}
CDNA = {"vendor": "amd", "platform": "AMD Accelerated Parallel Processing", "most_items": 256, "width": 64, "warps": 8, "registers": 512,
        "register_step": 8, "local": 65536, "local_step": 512}

TARGETS = [
    Target("sm_75", units=40, warps=8, groups=16, local=65536, local_step=256, load_clocks=2,
           pipes={"fma": 2, "fma64": 64, "alu": 2, "imad": 2, "xu": 8}, **CUDA),
    Target("sm_80", units=108, warps=16, local=167936, local_extra=1024,
           pipes={"fma": 2, "fma64": 4, "alu": 2, "imad": 2, "xu": 8}, **CUDA),
    Target("sm_90", units=132, warps=16, local=233472, local_extra=1024,
           pipes={"fma": 1, "fma64": 2, "alu": 2, "imad": 2, "xu": 8}, **CUDA),
    Target("gfx90a", units=104, **CDNA),
    Target("gfx942", units=304, **CDNA),
    Target("gfx1100", "amd", "AMD Accelerated Parallel Processing", units=48, most_items=256, warps=16, registers=1536, register_step=24,
           local=131072, local_step=1024),
    Target("dg2", "intel", "Intel(R) OpenCL Graphics", units=512, most_items=1024),
    Target("pvc", "intel", "Intel(R) OpenCL Graphics", units=1024, most_items=1024),
]


def rounded(count, step):
    return (count + step - 1) // step * step


def warps_of(target, items):
    """Warps of a work-group."""
    return (items + target.width - 1) // target.width


def resident_groups(target, items, registers, local):
    """Work-groups of so many work-items that run at once on a compute unit; 0: not even one does."""
    if target.warps == 0:
        return None
    a_scheduler = min(target.warps, target.registers // max(rounded(registers, target.register_step), target.register_step))
    most = min(target.groups, a_scheduler * target.schedulers // warps_of(target, items))
    if local > 0 or target.local_extra > 0:
        most = min(most, target.local // rounded(local + target.local_extra, target.local_step))
    return most
