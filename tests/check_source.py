#!/usr/bin/env python3
"""Rules of the source that no compiler checks; each is a ctest test, and `self-test` proves that each can fail.

    check_source.py includes    a folder includes only what stands below it in LAYERS; OpenCL's headers only in host/backend/opencl, MPI's only in host/comm; no printing below the program
    check_source.py names       file names are unique in the tree
    check_source.py arithmetic  kernels/ARITHMETIC.md, sections 1 and 2, in the kernels and the C loops
    check_source.py headers --cc CC [--cxx CXX]      each public header compiles alone, in C and in C++
    check_source.py circles --build BUILD            no files of host/ call each other in a circle, by the symbols of a build's objects (nm)
    check_source.py self-test --cc CC [--cxx CXX]
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from check_arithmetic import check_arithmetic, code_of, files_under, read  # noqa: E402

# The architecture, from the program down to the platform. A folder includes from itself and from those that stand below it; the public
# headers and the shared ones of kernels/ are open to all.
LAYERS = ["host/cli", "host/replay", "host/sweep", "host/train", "host/prove", "host/conformance", "host/eval", "host/engine",
          "host/backend", "host/reference", "host/comm", "host/exchange", "host/checker", "host/verify", "host/model", "host/task",
          "host/platform", "kernels", "include/carrynet"]

PROGRAMS = ["host/checker", "host/cli"]
# The program includes public headers and host/platform, and but for these nothing else of the library: what makes it one of
# several processes, what only doctor asks of an installation, and a container of arrays that knows no network.
OPEN_TO_CLI = ["host/comm/collectives.h", "host/engine/device_list.h", "host/exchange/npz.h", "host/backend/opencl/installation.h",
               "host/prove/proof_bytes.h"]
ENDING = ["host/comm/transport_single.c"]  # it ends the process where its caller asks for that
# Headers that one folder alone includes.
HOMES = [(r"(CL|OpenCL)/", "host/backend/opencl"), (r"mpi\.h$", "host/comm")]
PRINTING = re.compile(r"(?<![\w.>])(?:printf|vprintf|puts|putchar|perror|exit|_Exit|abort|quick_exit)\s*\(|\b(?:stdout|stderr)\b")


def layer_of(path):
    """The entry of LAYERS that a path belongs to, or None."""
    for layer in LAYERS:
        if path.startswith(layer + "/"):
            return layer
    return None


# ---- includes ------------------------------------------------------------------------------------------------------

def check_includes(root):
    problems = []
    for path in files_under(root, ["include", "kernels", "host"], (".c", ".h", ".cl")):
        layer, text = layer_of(path), read(os.path.join(root, path))
        if layer is None:
            problems.append(f"{path}: in no folder of the architecture (tests/check_source.py, LAYERS)")
            continue
        for number, line in enumerate(re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text,
                                             flags=re.S).split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>|(\w+))', line)
            if not found:
                continue
            quoted, system, _ = found.groups()
            if system is not None and not system.startswith("carrynet/"):
                problems += [f"{path}:{number}: <{system}> outside {home}" for headers, home in HOMES
                             if re.match(headers, system) and not path.startswith(home + "/")]
                continue
            name = quoted or system
            if name is None:
                problems.append(f"{path}:{number}: an include through a macro cannot be checked")
                continue
            foreign = [home for headers, home in HOMES if quoted is not None and re.match(headers, quoted)]
            if foreign and not path.startswith(foreign[0] + "/"):
                problems.append(f"{path}:{number}: \"{quoted}\" outside {foreign[0]}")
                continue
            places = [os.path.join("include", name)] if quoted is None else [
                os.path.join(os.path.dirname(path), name), os.path.join("host", name), name, os.path.join("include", name)]
            target = next((os.path.normpath(p) for p in places if os.path.isfile(os.path.join(root, p))), None)
            if target is None:
                problems.append(f"{path}:{number}: \"{name}\" is not in the tree")
            elif layer_of(target) is None:
                problems.append(f"{path}:{number}: \"{name}\" is in no folder of the architecture")
            elif layer_of(target) != "kernels" and LAYERS.index(layer_of(target)) < LAYERS.index(layer):
                problems.append(f"{path}:{number}: {layer} may not include {target}: it stands above")
            elif layer == "host/cli" and layer_of(target) not in ("host/cli", "host/platform", "include/carrynet") and target not in OPEN_TO_CLI:
                problems.append(f"{path}:{number}: {target} is no public header, nor open to the program")
        if layer not in PROGRAMS and path not in ENDING and layer.startswith("host/"):
            for number, line in enumerate(code_of(text).split("\n"), 1):
                found = PRINTING.search(line)
                if found:
                    problems.append(f"{path}:{number}: '{found.group(0)}': only programs print or exit")
    return problems


# ---- names ---------------------------------------------------------------------------------------------------------

def check_names(root):
    seen, problems = {}, []
    for path in files_under(root, ["."], ""):
        name = os.path.basename(path)
        if name == "CMakeLists.txt" or name.startswith(".") or "__pycache__" in path:
            continue
        if name in seen:
            problems.append(f"{path}: the name is taken by {seen[name]}")
        seen.setdefault(name, path)
    return problems


# ---- headers -------------------------------------------------------------------------------------------------------

def check_headers(root, cc, cxx):
    problems = []
    flags = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", os.path.join(root, "include")]
    compilers = [[cc, "-x", "c", "-std=c11"] + flags] + ([[cxx, "-x", "c++", "-std=c++11"] + flags] if cxx else [])
    headers = list(files_under(root, ["include"], ".h"))
    if not headers:
        problems.append("include/: no header found")
    for path in headers:
        for command in compilers:
            name = os.path.relpath(path, "include")
            source = f"#include <{name}>\n#include <{name}>\nint compiled_alone;\n"
            result = subprocess.run(command + ["-"], input=source, text=True, capture_output=True, check=False)
            if result.returncode != 0:
                problems.append(f"{path} does not compile alone ({' '.join(command[:4])}):\n{result.stderr}")
    return problems


# ---- circles -------------------------------------------------------------------------------------------------------

# Folders in which files still call each other in a circle.
KNOWN_CIRCLES = []


def objects_of(root, build):
    """Source file and object file of all that a build makes of host/."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    for entry in commands:
        source = os.path.relpath(os.path.join(entry["directory"], entry["file"]), root)
        words = entry.get("arguments") or shlex.split(entry["command"])
        output = os.path.join(entry["directory"], words[words.index("-o") + 1])
        if source.startswith("host" + os.sep) and os.path.isfile(output):
            yield source, output


def calls_of(objects, nm):
    """calls[a][b]: the symbols by which file a needs file b; None where nm cannot read the objects."""
    defined, needed, calls, sources = {}, {}, {}, {output: source for source, output in objects}
    listed = subprocess.run([nm, *sources], text=True, capture_output=True, check=False).stdout
    source = None
    for line in listed.splitlines():
        words = line.split()
        if line.endswith(":"):
            source = sources[line[:-1]]
        elif len(words) > 1 and words[-2] in ("U", "w"):
            needed.setdefault(source, set()).add(words[-1])
        elif len(words) > 1 and words[-2] in "ABCDGRSTVWi":
            defined.setdefault(words[-1], set()).add(source)
    for source, symbols in needed.items():
        for symbol in sorted(symbols):
            for target in defined.get(symbol, ()):
                if target != source:
                    calls.setdefault(source, {}).setdefault(target, []).append(symbol)
    return calls if defined else None


def circles_of(calls):
    """The sets of files that reach one another, each sorted."""
    def reached(start):
        found, waiting = set(), [start]
        while waiting:
            new = [target for target in calls.get(waiting.pop(), ()) if target not in found]
            found.update(new)
            waiting += new
        return found

    reach = {source: reached(source) for source in calls}
    return sorted({tuple(sorted(other for other in reach[source] if source in reach.get(other, ()))) for source in reach
                   if source in reach[source]})


def check_circles(objects, nm, known):
    calls, problems = calls_of(objects, nm), []
    if calls is None:
        return [f"{nm} finds no symbols in the objects of host/ (is the build complete, and without link-time optimization?)"]
    for circle in circles_of(calls):
        if all(any(source.startswith(folder + "/") for folder in known) for source in circle):
            print(f"known: {len(circle)} files call each other in a circle: {' '.join(circle)}")
            continue
        problems.append(f"{len(circle)} files call each other in a circle: {' '.join(circle)}" + "".join(
            f"\n    {source} needs {target}: {', '.join(calls[source][target])}"
            for source in circle for target in circle if target in calls[source]))
    return problems


# ---- the checks must be able to fail -------------------------------------------------------------------------------

GOOD = {
    "include/carrynet/good.h": "#ifndef G\n#define G\n#ifdef __cplusplus\nextern \"C\" {\n#endif\nint carrynet_f(void);\n"
                               "#ifdef __cplusplus\n}\n#endif\n#endif\n",
    "kernels/arithmetic.h": "static inline vreal product(vreal a, vreal b)\n{\n    return fused(a, b, REAL(0x0p0));\n}\n"
                            "static inline real reciprocal_seed(const real x)\n{\n    return native_recip(significand_of(x));\n}\n",
    "kernels/builtins.h": "float CARRYNET_FUNCTION native_recip(float);\n",
    "kernels/good.cl": "/* comment: exp(x) + 1.5 */\n#pragma OPENCL FP_CONTRACT OFF\n#include \"arithmetic.h\"\n"
                       "__kernel void k(__global real *restrict y, const __global real *x, uint H, struct carrynet_step s)\n{\n"
                       "    uint at = get_global_id(0) * H + 1;\n    real sum = x[at * H + 1];\n"
                       "    sum = fused(x[2 * at], x[at * 3 + 1], sum);\n    const real q = 0x1p20f * sum;\n"
                       "    sum = plus(sum, product(q, q));\n    __global real *row = y + at * H;\n"
                       "    row += H + 1;\n    at = at + 1;\n    sum = sum + 0x1p0f;\n    for (uint k = 0; k < H; ++k) {\n"
                       "        real z = x[k];\n        z = z + x[0];\n        row += H;\n        at += k * H + 1;\n        y[k] = z;\n    }\n"
                       "    y[at] = sum * (0x1p0f - sum);\n    row[0] = (real)(at * 2) + sum;\n"
                       "    y[at + H * 2] = -sum * q;\n    sum = fused(q * sum, x[0], sum);\n}\n"
                       "size_t place(const uint product, const uint H)\n{\n    return (size_t)product * H + 1;\n}\n",
    "kernels/admission.cl": "#pragma OPENCL FP_CONTRACT OFF\nkernel void k(global real *y, const real a, const real b)\n{\n"
                            "    const real separate = a * b;\n    y[0] = separate + a;\n}\n",
    "host/platform/platform.h": "#include <carrynet/good.h>\n",
    "host/model/shape.c": "#include \"platform/platform.h\"\n#include \"kernels/arithmetic.h\"\n#include <stdio.h>\n"
                      "int f(char *t) { return snprintf(t, 3, \"x\"); }\n",
    "host/backend/opencl/launch.c": "#include <CL/cl.h>\n#include \"kernels/arithmetic.h\"\n",
    "host/comm/transport_mpi.c": "#include <mpi.h>\n",
    "host/reference/formulas/forward.c": "real f(const real *w, int k, int H, real s)\n{\n    return s + w[k * H + 1];\n}\n",
    "host/cli/main.c": "#include \"platform/platform.h\"\n#include <carrynet/good.h>\nint main(void) { printf(\"\"); return 0; }\n",
}

KERNEL = "#pragma OPENCL FP_CONTRACT OFF\n__kernel void k(__global real *y, real a, real b, int n)\n{\n    %s\n}\n"

# check, file, its text, what the complaint must contain
BAD = [
    ("includes", "host/platform/bad.c", "#include \"model/shape.c\"\n", "stands above"),
    ("includes", "host/platform/bad.c", "#include \"../model/shape.c\"\n", "stands above"),
    ("includes", "include/carrynet/bad.h", "#include \"platform/platform.h\"\n", "stands above"),
    ("includes", "host/cli/bad.c", "#include \"model/shape.c\"\n", "nor open to the program"),
    ("includes", "host/cli/bad.c", "#include \"../model/shape.c\"\n", "nor open to the program"),
    ("includes", "host/model/bad.c", "#include <CL/cl.h>\n", "outside host/backend/opencl"),
    ("includes", "host/model/bad.c", "#include \"CL/opencl.h\"\n", "outside host/backend/opencl"),
    ("includes", "host/engine/bad.c", "#include <mpi.h>\n", "outside host/comm"),
    ("includes", "host/engine/bad.c", "#include \"mpi.h\"\n", "outside host/comm"),
    ("includes", "host/model/bad.c", "#include \"nowhere.h\"\n", "not in the tree"),
    ("includes", "host/attic/bad.c", "int x;\n", "no folder of the architecture"),
    ("includes", "host/model/bad.c", "void f(void) { printf(\"x\"); }\n", "only programs print"),
    ("includes", "host/model/bad.c", "void f(void) { fputs(\"x\", stderr); }\n", "only programs print"),
    ("names", "host/model/good.h", "int x;\n", "taken by"),
    ("arithmetic", "kernels/bad.cl", "__kernel void k(void)\n{\n}\n", "FP_CONTRACT"),
    ("arithmetic", "kernels/bad.cl", "#include \"arithmetic.h\"\n#pragma OPENCL FP_CONTRACT OFF\n", "FP_CONTRACT"),
    ("arithmetic", "kernels/bad.cl", "/*\n#pragma OPENCL FP_CONTRACT OFF\n*/\n__kernel void k(void)\n{\n}\n", "FP_CONTRACT"),
] + [("arithmetic", "kernels/bad.cl", KERNEL % line, word) for line, word in [
    ("y[0] = a * b + a;", "feeds an addition"),
    ("y[0] = a + b * a;", "feeds an addition"),
    ("y[0] = a - y[1] * y[2];", "feeds an addition"),
    ("y[n] += a * b;", "feeds an addition"),
    ("y[n] -= (a * b);", "feeds an addition"),
    ("y[0] = a + (n > 0 ? a * b : a);", "feeds an addition"),
    ("y[0] = a + -(a * b);", "feeds an addition"),
    ("y[0] = a + (real)(a * b);", "feeds an addition"),
    ("y[0] = 0x1p-1f * y[n * 2 + 1] + a;", "feeds an addition"),
    ("y[0] = product(a, b) * a - b;", "feeds an addition"),
    ("y[0] = (real)n * b + a;", "feeds an addition"),
    ("y[0] = y[0] * a / b + a;", "feeds an addition"),
    ("y[0] = fused(a, b, a * b);", "feeds an addend"),
    ("y[0] = fma(a, b, -(a * b));", "feeds an addend"),
    ("const real p = a * b; y[0] = a + p;", "feeds an addition"),
    ("real p; p = n ? a * b : a; y[0] = fused(a, a, p);", "feeds an addend"),
    ("const vreal v = vload4(0, y); vstore4(v * v + v, 0, y);", "feeds an addition"),
    ("while (n-- > 0) a = a + b;", "summed in a loop"),
    ("EACH(e, n) { y[e] = 0; b -= y[e]; }", "summed in a loop"),
    ("for (int k = 0; k < n; ++k) { if (k > 2) for (int i = 0; i < n; ++i) { y[k] = y[i] + y[k]; } }", "summed in a loop"),
    ("for (int i = 0; i < n; ++i) y[0] = y[0] - y[i];", "summed in a loop"),
    ("real sum = 0; for (int i = 0; i < n; ++i) sum = y[i] + sum;", "summed in a loop"),
    ("real sum = 0; for (int i = 0; i < n; ++i) sum += y[i];", "summed in a loop"),
    ("y[0] = exp(a);", "not of the arithmetic"),
    ("y[0] = native_recip(a);", "not of the arithmetic"),
    ("y[0] = half_exp (a);", "not of the arithmetic"),
    ("y[0] = mad(a, b, a);", "not of the arithmetic"),
    ("y[0] = log(a);", "not of the arithmetic"),
    ("y[0] = tanh(a);", "not of the arithmetic"),
    ("y[0] = dot(a, b);", "not of the arithmetic"),
    ("y[0] = length(a);", "not of the arithmetic"),
    ("y[0] = fmin(a, b);", "not of the arithmetic"),
    ("y[0] = fmax(a, b);", "not of the arithmetic"),
    ("y[0] = clamp(a, b, b);", "not of the arithmetic"),
    ("y[0] = rsqrt(a);", "not of the arithmetic"),
    ("volatile real v = a;", "forbidden"),
    ("atomic_add_float(y, a);", "forbidden"),
    ("atomic_cmpxchg(y, a, b);", "forbidden"),
    ("y[0] = work_group_reduce_add(a);", "forbidden"),
    ("y[0] = sub_group_reduce_add(a);", "forbidden"),
    ("y[0] = a * 0.5f;", "decimal"),
    ("y[0] = 1e-3f;", "decimal"),
    ("y[0] = 1.0;", "decimal"),
]] + [
    ("arithmetic", "host/reference/formulas/bad.c", "real f(real a)\n{\n    return a * a + a;\n}\n", "feeds an addition"),
    ("arithmetic", "host/reference/formulas/bad.c", "real f(real a)\n{\n    return expf(a);\n}\n", "not of the arithmetic"),
    ("arithmetic", "kernels/bad.h", "#define LOSS(e) (REAL(0x1p-1) * (e) + (e))\n", "feeds an addition"),
    ("arithmetic", "kernels/bad.cl", "#define STEP(k) \\\n    b += y[k] * a\n" + KERNEL % "STEP(n);", "feeds an addition"),
    ("arithmetic", "kernels/bad.cl", KERNEL % "const real separate = a * b; y[0] = separate + a;", "feeds an addition"),
    ("arithmetic", "kernels/bad.h", "static inline real f(real a)\n{\n    const real exact = a * a;\n    return exact + a;\n}\n", "feeds an addition"),
    ("arithmetic", "kernels/bad.h", "real f(const real x)\n{\n    return native_recip(significand_of(x));\n}\n", "not of the arithmetic"),
    ("arithmetic", "kernels/arithmetic.h", "real f(const real x)\n{\n    return native_recip(significand_of(x));\n}\n"
     "real g(const real x)\n{\n    return native_recip(significand_of(x));\n}\n", "not of the arithmetic"),
    ("arithmetic", "kernels/arithmetic.h", "real f(const real x)\n{\n    return native_recip(x);\n}\n", "not of the arithmetic"),
    ("arithmetic", "kernels/arithmetic.h", "real f(const real x)\n{\n    return native_exp(x);\n}\n", "not of the arithmetic"),
    ("headers", "include/carrynet/bad.h", "size_t f(void);\n", "does not compile alone"),
    ("headers", "include/carrynet/bad.h", "#ifndef B\n#define B\nint f(int class);\nint g(struct bad *class);\n#endif\n",
     "does not compile alone"),
]


# Files without a circle, with a circle of calls, and with one that a table of functions closes.
CIRCLES = [
    {"host/a.c": "int b(void);\nint a(void) { return b(); }\n", "host/b.c": "int b(void) { return 1; }\n"},
    {"host/a.c": "int b(void);\nint a(void) { return b(); }\n", "host/b.c": "int c(void);\nint b(void) { return c(); }\n",
     "host/c.c": "int a(void);\nint c(void) { return a(); }\n"},
    {"host/a.c": "int b(void);\nint a(void) { return b(); }\n",
     "host/b.c": "int a(void);\nint (*const table[])(void) = {a};\nint b(void) { return table[0](); }\n"},
]


def run_check(name, root, cc, cxx):
    if name == "headers":
        return check_headers(root, cc, cxx)
    return {"includes": check_includes, "names": check_names, "arithmetic": check_arithmetic}[name](root)


def self_test(cc, cxx):
    failures = []

    def in_tree(files, name):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            return run_check(name, root, cc, cxx)

    for name in ("includes", "names", "arithmetic", "headers"):
        for problem in in_tree(GOOD, name):
            failures.append(f"{name} complains about the good tree: {problem}")
    for name, path, text, word in BAD:
        problems = in_tree({**GOOD, path: text}, name)
        if not any(word in problem for problem in problems):
            failures.append(f"{name} does not see ({word}) in {path}:\n{text}it says: {problems}")
    for number, files in enumerate(CIRCLES):
        with tempfile.TemporaryDirectory() as root:
            objects = []
            for path, text in files.items():
                objects.append((path, os.path.join(root, f"{len(objects)}.o")))
                subprocess.run([cc, "-x", "c", "-c", "-o", objects[-1][1], "-"], input=text, text=True, check=True)
            if bool(check_circles(objects, "nm", [])) != (number > 0):
                failures.append(f"circles sees {'none' if number > 0 else 'one'} in {files}")
    print(f"{len(BAD) + len(CIRCLES) - 1} bad samples")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["includes", "names", "arithmetic", "headers", "circles", "self-test"])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="")
    parser.add_argument("--build", default="build")
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args()
    if options.check == "self-test":
        problems = self_test(options.cc, options.cxx)
    elif options.check == "circles":
        root = os.path.realpath(options.root)
        problems = check_circles(list(objects_of(root, os.path.realpath(options.build))), options.nm, KNOWN_CIRCLES)
    else:
        problems = run_check(options.check, options.root, options.cc, options.cxx)
    for problem in problems:
        print(problem)
    print(f"{options.check}: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
