"""The check checked: faults that are planted in a kernel's text make it fail for the right reason, and its parts give known answers.

A fault is planted in the text that emit wrote, in a temporary folder, and what is measured then is compared with what was measured
before, as with the table.
"""

import os
import re
import tempfile

import listing
import model
import rows
import targets
import toolchain

KERNEL, SHAPE, TARGETS = "gradient", rows.Shape(32, 16), ["sm_90", "gfx942"]  # the first kernel of which that is a part of the name


def replaced(text, old, new):
    if text.count(old) != 1:
        raise toolchain.Failure(f"no fault can be planted: {old!r} stands {text.count(old)} times in the program")
    return text.replace(old, new)


def spill(text, options, kernel, target):
    """A third of the registers that the kernel wants."""
    if target.vendor == "nvidia":
        # ptxas does not hold a kernel of a known group size to it.
        return text.replace("__attribute__((reqd_work_group_size(GROUP, 1, 1)))", ""), options + " -cl-nv-maxrregcount=32"
    head = re.search(rf"\bvoid\s+{kernel}\(", text)
    if not head:
        raise toolchain.Failure(f"no fault can be planted: the program has no {kernel}")
    return text[: head.start()] + "__attribute__((amdgpu_num_vgpr(24))) " + text[head.start() :], options


def private_array(text, options, *_):
    """An array that is indexed by what is computed."""
    return replaced(text, "static inline vreal sigmoid(vreal x)\n{\n", """static inline vreal sigmoid(vreal x)
{
    vreal planted[64];
    for (int i = 0; i < 64; ++i)
        planted[i] = x * (vreal)i;
    x = planted[bits_of(x) & 63];
"""), options


def lost_fma(text, options, *_):
    """Products and additions in place of fma, but in the functions of arithmetic.h."""
    own = text.index('#line 1 "arguments.h"')  # behind arithmetic.h
    return text[:own] + "#define fma(a, b, c) ((a) * (b) + (c))\n" + text[own:], options


# What is planted, and the columns of which one must be worse.
FAULTS = [(spill, ["spills"]), (private_array, ["private", "local"]), (lost_fma, ["fma"])]


def measured(program, kernel, target, folder):
    results, error = rows.analyse(rows.Job(program, SHAPE, target, folder))
    if error:
        raise toolchain.Failure(error)
    return next(row for row, _ in results if row["kernel"] == kernel)


def plant(build, target, folder):
    """A line for each fault that the check does not see."""
    programs = rows.emit(build, SHAPE, target, folder)
    program, kernel = next((one, name) for one in programs for name in one["kernels"] if KERNEL in name)
    with open(program["file"], encoding="utf-8") as file:
        text = file.read()
    clean = measured(program, kernel, target, folder)
    table = {rows.key(clean): clean}
    said = rows.failures([clean], [], table)
    for fault, columns in FAULTS:
        planted, options = fault(text, program["options"], kernel, target)
        changed = {**program, "file": os.path.join(folder, fault.__name__ + ".cl"), "options": options}
        with open(changed["file"], "w", encoding="utf-8") as file:
            file.write(planted)
        lines = rows.failures([measured(changed, kernel, target, folder)], [], table)
        seen = [line for line in lines if re.search(rf": ({'|'.join(columns)}) ", line)]
        if seen:
            print(f"{fault.__name__} is seen: {seen[0]}")
        else:
            said.append(f"{fault.__name__}, {rows.name(clean)}: not seen, only {lines}")
    return said


# ---- known answers --------------------------------------------------------------------------------------------------

SASS = """
	.section	.text.known,"ax",@progbits
.L_x_0:
        /*0000*/                   LDS.128 R4, [R2] ;
.L_x_1:
        /*0010*/                   FFMA R8, R4, R5, R8 ;
        /*0020*/                   FADD R9, R8, R9 ;
        /*0030*/              @!P1 BRA `(.L_x_3) ;
        /*0040*/                   CALL.REL.NOINC `(.L_x_9) ;
.L_x_3:
        /*0050*/               @P0 BRA `(.L_x_1) ;
        /*0060*/               @P2 BRA `(.L_x_0) ;
        /*0070*/                   EXIT ;
"""
AMD = """
known:                                  ; @known
; %bb.0:
.LBB0_1:                                ; =>This Inner Loop Header: Depth=1
	v_fmac_f32_e32 v0, v1, v2
	v_dual_fmac_f32 v3, v1, v2 :: v_dual_mul_f32 v4, v1, v1
	v_mul_f32_e32 v0, v1, v2
	s_cmp_lg_u32 s0, 0
	s_cbranch_scc1 .LBB0_1
	s_endpgm
.Lfunc_end0:
"""


def loop(text):
    return listing.loops_of(listing.read_sass('.section\t.text.known,"ax"\n' + "\n".join(
        f".L_x_0:\n{text}\n@P0 BRA `(.L_x_0) ;\nEXIT ;".split("\n")))["known"])[0]


def answers():
    """A line for each wrong answer."""
    said = []

    def expect(what, got, right):
        if got != right:
            said.append(f"{what}: {got}, not {right}")

    loops = listing.loops_of(listing.read_sass(SASS)["known"])
    expect("SASS, depths", [one.depth for one in loops], [1, 2])
    expect("SASS, the outer loop's own", [one.op for one in loops[0].own], ["LDS.128", "BRA"])
    expect("SASS, the inner loop's own", [one.op for one in loops[1].own], ["FFMA", "FADD", "BRA", "BRA"])
    expect("SASS, on slow paths", loops[1].skipped, 1)
    expect("SASS, share of fma", listing.fma_share(loops), 0.25)
    loops = listing.loops_of(listing.read_amd(AMD)["known"])
    expect("AMD, kinds", dict(loops[0].counts()), {"fma": 2, "float": 1, "scalar": 1, "branch": 1})
    expect("AMD, share of fma", listing.fma_share(loops), 0.5)
    by_name = {one.name: one for one in targets.TARGETS}
    expect("groups, registers", targets.resident_groups(by_name["sm_90"], 256, 96, 768), 2)
    expect("groups, warps", targets.resident_groups(by_name["sm_75"], 256, 32, 0), 4)
    expect("groups, local memory", targets.resident_groups(by_name["sm_90"], 64, 32, 40000), 5)
    expect("groups, waves", targets.resident_groups(by_name["gfx942"], 256, 128, 0), 4)
    expect("groups, none", targets.resident_groups(by_name["sm_80"], 1024, 128, 0), 0)
    # A chain waits for itself, many warps hide that, independent fma do not wait, and loads take their unit's time.
    sm_90 = by_name["sm_90"]
    chain = "\n".join(["FFMA R8, R4, R5, R8 ;"] * 100)
    expect("clocks, a chain", round(model.clocks(loop(chain), sm_90, 4, 4) / 100), 4)
    expect("clocks, chains of eight warps", round(model.clocks(loop(chain), sm_90, 32, 4) / 800), 1)
    apart = "\n".join(f"FFMA R{8 + i % 8}, R4, R5, R{8 + i % 8} ;" for i in range(104))
    expect("clocks, apart", round(model.clocks(loop(apart), sm_90, 4, 4) / 104), 1)
    loads = "\n".join(f"LDS.128 R{8 + 4 * (i % 8)}, [R2] ;" for i in range(96))
    expect("clocks, loads of four warps", round(model.clocks(loop(loads), sm_90, 4, 4) / 96), 16)
    return said


def self_test(build):
    said = answers()
    with tempfile.TemporaryDirectory() as folder:
        for target in (one for one in targets.TARGETS if one.name in TARGETS):
            said += plant(build, target, os.path.join(folder, target.name))
    for line in said:
        print(f"FAILED: {line}")
    print(f"self-test: {len(FAULTS) * len(TARGETS)} planted faults, {len(said)} failures")
    return 1 if said else 0
