#!/usr/bin/env python3
"""Rules of the source that no compiler checks; each is a ctest test, and `self-test` proves that each can fail.

    check_source.py includes    a folder includes only what stands above it in ORDER; OpenCL only in host/opencl; no printing below the program
    check_source.py names       file names are unique in the tree
    check_source.py arithmetic  kernels/ARITHMETIC.md, sections 1 and 2, in the kernels and the reference's loops
    check_source.py headers --cc CC [--cxx CXX]      each public header compiles alone, in C and in C++
    check_source.py self-test --cc CC [--cxx CXX]
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

# A folder may include from itself and from folders above it; kernels/ holds the shared headers, open to all.
ORDER = ["include/carrynet", "kernels", "host/base", "host/task", "host/net", "host/file", "host/reference",
         "host/opencl", "host/ranks", "host/engine", "host/cases", "host/train", "host/replay", "host/prove",
         "host/cli"]

# Calls that ARITHMETIC.md does not know: their result is not one rounding of the exact one.
FORBIDDEN_CALLS = re.compile(
    r"\b((?:a?(?:sin|cos|tan)h?(?:pi)?|atan2|exp(?:2|10|m1)?|log(?:2|10|1p|b)?|powr?|pown|rootn|cbrt|hypot|erfc?"
    r"|tgamma|lgamma|mad|dot|cross|length|distance|normalize|fast_\w+|fmin|fmax|clamp|mix|step|smoothstep"
    r"|rsqrt|native_\w+|half_\w+|fmod|remainder|fdim|ldexp)[fl]?)\s*\(")
# The start-up vectors try whether a product named `separate` is contracted into the sum after it: there it has to feed one.
TRIES_CONTRACTION = ("kernels/admission.cl", "host/reference/loops/start_vectors.c")
FORBIDDEN_WORDS = re.compile(
    r"\b(volatile|atomic_\w*(?:float|double)\w*|atomic_x?chg|atomic_cmpxchg|atom_x?chg|atom_cmpxchg"
    r"|atomic_(?:exchange|compare_exchange\w*|fetch_\w+)|(?:work|sub)_group_(?:reduce|scan)\w*)\b")
DECIMAL = re.compile(r"(?<![\w.])(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)[fFlL]?(?![\w.])")
PRINTING = re.compile(r"(?<![\w.>])(?:printf|vprintf|puts|putchar|perror|exit|_Exit|abort|quick_exit)\s*\(|\b(?:stdout|stderr)\b")
CONTRACTION_OFF = re.compile(r"^\s*#\s*pragma\s+OPENCL\s+FP_CONTRACT\s+OFF\s*$")
REAL_TYPES = r"(?:v?real|v?real\w*|float\d*|double\d*|half\d*)"
TOKEN = re.compile(r"0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*(?:[pP][-+]?\d+)?\w*|\d[\w.]*(?:(?<=[eE])[-+]\d+\w*)?|[A-Za-z_]\w*"
                   r"|->|\+\+|--|<<=?|>>=?|[-+*/%&|^<>=!]=|&&|\|\||\S")
QUALIFIERS = r"const|restrict|__?global|__?local|__?constant|__?private|global|local|constant|private"
KEYWORDS = {"return", "case", "else", "do", "sizeof", "if", "while", "for", "goto", "switch"}
OTHER_TYPES = re.compile(r"^(void|char|short|int|long|unsigned|signed|bool|_Bool|u?(?:char|short|int|long)\d*|v?word|vbits|const"
                         r"|" + QUALIFIERS + r"|\w+_t|carrynet_\w+)$")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def code_of(text):
    """The text with comments and the insides of strings blanked, line numbers kept."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + " " * (len(found) - 2) + found[-1]
        return re.sub(r"[^\n]", " ", found)
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def files_under(root, folders, endings):
    for folder in folders:
        for where, directories, names in os.walk(os.path.join(root, folder)):
            directories[:] = sorted(d for d in directories if not d.startswith(".") and not d.startswith("build"))
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(where, name), root)


def room_of(path):
    """The entry of ORDER that a path belongs to, or None."""
    for room in ORDER:
        if path.startswith(room + "/"):
            return room
    return None


# ---- includes ------------------------------------------------------------------------------------------------------

def check_includes(root):
    problems = []
    for path in files_under(root, ["include", "kernels", "host"], (".c", ".h", ".cl")):
        room, text = room_of(path), read(os.path.join(root, path))
        if room is None:
            problems.append(f"{path}: in no folder of the order (tests/check_source.py, ORDER)")
            continue
        for number, line in enumerate(re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text,
                                             flags=re.S).split("\n"), 1):
            found = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>|(\w+))', line)
            if not found:
                continue
            quoted, system, _ = found.groups()
            if system is not None and not system.startswith("carrynet/"):
                if re.match(r"(CL|OpenCL)/", system) and room != "host/opencl":
                    problems.append(f"{path}:{number}: <{system}> outside host/opencl")
                continue
            name = quoted or system
            if name is None:
                problems.append(f"{path}:{number}: an include through a macro cannot be checked")
                continue
            if quoted is not None and re.match(r"(CL|OpenCL)/", quoted) and room != "host/opencl":
                problems.append(f"{path}:{number}: \"{quoted}\" outside host/opencl")
                continue
            places = [os.path.join("include", name)] if quoted is None else [
                os.path.join(os.path.dirname(path), name), os.path.join("host", name), name, os.path.join("include", name)]
            target = next((os.path.normpath(p) for p in places if os.path.isfile(os.path.join(root, p))), None)
            if target is None:
                problems.append(f"{path}:{number}: \"{name}\" is not in the tree")
            elif room_of(target) is None:
                problems.append(f"{path}:{number}: \"{name}\" is in no folder of the order")
            elif room_of(target) != "kernels" and ORDER.index(room_of(target)) > ORDER.index(room):
                problems.append(f"{path}:{number}: {room} may not include {target}: it stands below")
        if room != "host/cli" and room.startswith("host/"):
            for number, line in enumerate(code_of(text).split("\n"), 1):
                found = PRINTING.search(line)
                if found:
                    problems.append(f"{path}:{number}: '{found.group(0)}': only host/cli prints or exits")
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


# ---- arithmetic ----------------------------------------------------------------------------------------------------

def tokens_of(code):
    """(text, line) of every token outside of directives, and the same of the body of every macro."""
    tokens, macros, lines = [], [], code.split("\n")
    number = 0
    while number < len(lines):
        directive = re.match(r"\s*#\s*(\w+)", lines[number])
        body = tokens
        if directive:
            body = []
            if directive.group(1) == "define":
                macros.append(body)
        more = True
        while more and number < len(lines):
            line = lines[number]
            number += 1
            more = directive is not None and line.endswith("\\")
            line = line.rstrip("\\") if directive else line
            body += [(t, number) for t in TOKEN.findall(re.sub(r"^\s*#\s*define\s+\w+(\([^)]*\))?", "", line))]
    return tokens, macros


def functions_of(tokens):
    """Ranges of the file's top-level pieces: a piece ends with the brace or semicolon that brings the depth back to 0."""
    start, depth, pieces = 0, 0, []
    for i, (token, _) in enumerate(tokens):
        depth += (token in "([{") - (token in ")]}")
        if depth == 0 and token in ("}", ";"):
            pieces.append((start, i + 1))
            start = i + 1
    return pieces + ([(start, len(tokens))] if start < len(tokens) else [])


def declared(tokens, is_type):
    """Names declared with a type that is_type accepts, pointers and arrays included, and functions that return one."""
    names, i = set(), 0
    while i < len(tokens):
        if not is_type(tokens[i][0]):
            i += 1
            continue
        i += 1
        while i < len(tokens):
            while i < len(tokens) and (tokens[i][0] == "*" or OTHER_TYPES.match(tokens[i][0])):
                i += 1
            if i >= len(tokens) or not re.match(r"[A-Za-z_]", tokens[i][0]):
                break
            names.add(tokens[i][0])
            depth = 0
            i += 1
            if i < len(tokens) and tokens[i][0] == "(":
                break  # a function: its parameters are declarations of their own
            while i < len(tokens):  # to the comma that ends this declarator, or to the end of the declaration
                token = tokens[i][0]
                if depth == 0 and token in (",", ";", ")", "{", "}"):
                    break
                depth += (token in "([{") - (token in ")]}")
                i += 1
            after = [t for t, _ in tokens[i + 1:i + 3]]
            if i >= len(tokens) or tokens[i][0] != "," or len(after) < 2 or after[1] not in ("=", "[", ",", ";"):
                break
            i += 1
    return names


def is_real_type(name):
    return re.fullmatch(REAL_TYPES, name) is not None


def is_other_type(name):
    return OTHER_TYPES.match(name) is not None and not re.fullmatch(QUALIFIERS, name)


def matching(tokens, i):
    """The index of the bracket that closes, or opens, the one at i."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    step = 1 if tokens[i][0] in pairs else -1
    depth = 0
    while 0 <= i < len(tokens):
        depth += (tokens[i][0] in "([{") - (tokens[i][0] in ")]}")
        if depth == 0:
            return i
        i += step
    return i


class Piece:
    """One function (or declaration) and the names that are real in it."""

    def __init__(self, tokens, reals):
        self.tokens = tokens
        self.reals = reals

    def text(self, i):
        return self.tokens[i][0] if 0 <= i < len(self.tokens) else ";"

    def ends_operand(self, i):
        t = self.text(i)
        if t in (")", "]"):
            if t == ")":
                inside = [x for x, _ in self.tokens[matching(self.tokens, i) + 1:i]]
                if inside and all(OTHER_TYPES.match(x) or re.fullmatch(REAL_TYPES, x) or x in ("*", "struct") for x in inside):
                    return False  # a cast
            return True
        return bool(re.match(r"\w", t)) and t not in KEYWORDS and not OTHER_TYPES.match(t) and not (
            re.fullmatch(REAL_TYPES, t)) and self.text(i - 1) != "struct"

    def operand_left(self, i):
        """The first index of the operand that ends at i, unary operators and casts included."""
        while True:
            t = self.text(i)
            if t in (")", "]"):
                i = matching(self.tokens, i)
                if re.match(r"[A-Za-z_)\]]", self.text(i - 1)) and self.text(i - 1) not in KEYWORDS and (
                        self.ends_operand(i - 1)):
                    i -= 1
                    continue
            elif self.text(i - 1) in (".", "->"):
                i -= 2
                continue
            break
        while True:
            if self.text(i - 1) == ")" and not self.ends_operand(i - 1):
                i = matching(self.tokens, i - 1)
            elif self.text(i - 1) in ("-", "+", "!", "~", "*", "&") and not self.ends_operand(i - 2):
                i -= 1
            else:
                return i

    def operand_right(self, i):
        """The last index of the operand that starts at i."""
        while self.text(i) in ("-", "+", "!", "~", "*", "&", "++", "--"):
            i += 1
        while self.text(i) == "(" and not self.ends_operand(matching(self.tokens, i)):
            i = matching(self.tokens, i) + 1
        if self.text(i) in ("(", "["):
            i = matching(self.tokens, i)
        while self.text(i + 1) in ("(", "[", ".", "->"):
            i = matching(self.tokens, i + 1) if self.text(i + 1) in ("(", "[") else i + 2
        return i

    def is_real(self, first, last):
        """Whether the tokens first..last make a real value; indices and arguments do not count."""
        i = first
        while i <= last:
            t = self.text(i)
            if t == "[":
                i = matching(self.tokens, i)
            elif t == "sizeof":
                i = self.operand_right(i + 1)
            elif re.match(r"0[xX]", t) and re.search(r"[pP]", t) or re.match(r"\d+\.", t):
                return True
            elif re.fullmatch(REAL_TYPES, t):
                return True  # a cast
            elif re.match(r"[A-Za-z_]", t):
                if t in self.reals and self.text(i + 1) not in (".", "->"):
                    return True
                if self.text(i + 1) == "(":
                    end = matching(self.tokens, i + 1)
                    if t in ("fma", "fmaf", "sqrt", "sqrtf", "REAL") or re.match(r"(convert|as)_(float|double)", t):
                        return True
                    if re.match(r"v(load|half)|select|min|max|fabs", t) and self.is_real(i + 2, end - 1):
                        return True
                    i = end
            i += 1
        return False

    def products(self):
        """(first, last) of every chain of real factors."""
        i, found = 0, []
        while i < len(self.tokens):
            if self.text(i) == "*" and self.ends_operand(i - 1):
                first, last = self.operand_left(i - 1), self.operand_right(i + 1)
                while self.text(first - 1) in ("*", "/", "%") and self.ends_operand(first - 2):
                    first = self.operand_left(first - 2)
                while self.text(last + 1) in ("*", "/", "%"):
                    last = self.operand_right(last + 2)
                if (first, last) not in found and self.is_real(first, last):
                    found.append((first, last))
            i += 1
        return found

    def feeds(self, first, last):
        """What a value at first..last is used in: "addition", "addend", ("name", variable) or None."""
        while True:
            before, after = self.text(first - 1), self.text(last + 1)
            if before in ("*", "/") and self.ends_operand(first - 2) or after in ("*", "/", "%"):
                return None  # a factor of a larger product, which is looked at itself
            if before in ("+", "-", "+=", "-=") and (before in ("+=", "-=") or self.ends_operand(first - 2)):
                return "addition"
            if after in ("+", "-"):
                return "addition"
            if before in ("+", "-"):
                first -= 1
                continue
            if before == "=" and after in (";", ","):
                return ("name", self.text(first - 2)) if re.match(r"[A-Za-z_]", self.text(first - 2)) else None
            # Up to the enclosing bracket, through the branches of a conditional.
            opening, depth, commas = first - 1, 0, 0
            while opening >= 0 and (depth or self.text(opening) not in "([{"):
                depth += (self.text(opening) in ")]}") - (self.text(opening) in "([{")
                if depth == 0 and self.text(opening) in (";", "="):
                    break
                commas += depth == 0 and self.text(opening) == ","
                opening -= 1
            if self.text(opening) == "=" and before in ("?", ":"):
                return ("name", self.text(opening - 1)) if re.match(r"[A-Za-z_]", self.text(opening - 1)) else None
            if self.text(opening) != "(" or not (before in ("(", "?", ":", ",") and after in (")", ":", ",")):
                return None
            if self.ends_operand(opening - 1):
                return "addend" if self.text(opening - 1) in ("fused", "fma", "fmaf") and commas == 2 else None
            first, last = opening, matching(self.tokens, opening)
            while self.text(first - 1) == ")" and not self.ends_operand(first - 1):
                first = matching(self.tokens, first - 1)

    def loop_around(self, i):
        """The first token of the body of the innermost loop around token i, or None. EACH is the kernels' loop over work-items."""
        best = None
        for start, (token, _) in enumerate(self.tokens[:i]):
            if token == "do":
                body = start + 1
            elif token in ("for", "while", "EACH") and self.text(start + 1) == "(":
                body = matching(self.tokens, start + 1) + 1
            else:
                continue
            end = body
            while self.text(end) in ("for", "while", "if", "EACH"):  # a body without braces: heads of inner statements
                end = matching(self.tokens, end + 1) + 1
            if self.text(end) == "{":
                end = matching(self.tokens, end)
            else:
                while self.text(end) != ";":
                    end = matching(self.tokens, end) + 1 if self.text(end) in "([{" else end + 1
            if body <= i <= end:
                best = body
        return best

    def running_sums(self):
        """(line, problem) of every real to which a loop adds: compilers that vectorize take such a sum in another order."""
        pointers = {t for i, (t, _) in enumerate(self.tokens) if self.text(i - 1) == "*" and not self.ends_operand(i - 2)}
        for i, (token, line) in enumerate(self.tokens):
            if token not in ("=", "+=", "-=") or not self.ends_operand(i - 1):
                continue
            first = self.operand_left(i - 1)
            while self.text(first) == "*":
                first += 1
            total = [t for t, _ in self.tokens[first:i]]
            if not self.is_real(first, i - 1) or len(total) == 1 and total[0] in pointers:
                continue
            body = self.loop_around(i)
            if body is None or total[0] in declared(self.tokens[body:first], is_real_type):
                continue
            end = i
            while self.text(end) not in (";", ")", "}"):
                end = matching(self.tokens, end) + 1 if self.text(end) in "([{" else end + 1
            right = [t for t, _ in self.tokens[i + 1:end]]
            added = right[:len(total)] == total and right[len(total):len(total) + 1] in (["+"], ["-"]) or (
                right[-len(total):] == total and right[-len(total) - 1:-len(total)] == ["+"])
            if token != "=" or added:
                yield line, f"{' '.join(total)} is summed in a loop: use plus, which keeps the order"

    def check(self):
        """(line, problem) of every product that an addition could swallow."""
        named = {}
        for first, last in self.products():
            use = self.feeds(first, last)
            shown = " ".join(t for t, _ in self.tokens[first:last + 1])
            if use in ("addition", "addend"):
                yield self.tokens[first][1], f"the product {shown} feeds an {use}: use fused or product"
            elif use:
                named.setdefault(use[1], (self.tokens[first][1], shown))
        for i, (token, line) in enumerate(self.tokens):
            if token in named and line >= named[token][0] and self.text(i - 1) not in (".", "->") and (
                    self.text(i + 1) not in ("=", "(", "[")):
                use = self.feeds(i, i)
                if use in ("addition", "addend"):
                    yield line, f"{token}, the product {named[token][1]} of line {named[token][0]}, feeds an {use}"


def check_arithmetic(root):
    problems = []
    paths = [p for p in files_under(root, ["kernels"], (".cl", ".h"))] + [
        p for p in files_under(root, ["host/reference/loops"], (".c", ".h"))]
    if not any(p.endswith(".cl") for p in paths):
        problems.append("kernels/: no kernel found")
    shared = set()
    for path in paths:
        if path.endswith(".h"):
            tokens, _ = tokens_of(code_of(read(os.path.join(root, path))))
            for start, end in functions_of(tokens):  # names of functions and of fields, not of parameters and locals
                opening = next((i for i in range(start, end) if tokens[i][0] in "({"), end)
                shared |= declared(tokens[start:opening + 1] if opening < end and tokens[opening][0] == "("
                                   else tokens[start:end], is_real_type)
    for path in paths:
        text = read(os.path.join(root, path))
        code = code_of(text)
        for number, line in enumerate(code.split("\n"), 1):
            for pattern, what in ((FORBIDDEN_CALLS, "not of the arithmetic"), (FORBIDDEN_WORDS, "forbidden"),
                                  (DECIMAL, "a decimal constant: write it in hexadecimal")):
                for found in pattern.finditer(line):
                    problems.append(f"{path}:{number}: '{found.group(0).strip()}': {what}")
        if path.endswith(".cl"):
            first = next((line for line in code.split("\n") if line.strip()), "")
            if not CONTRACTION_OFF.match(first):
                problems.append(f"{path}: does not begin with #pragma OPENCL FP_CONTRACT OFF")
        tokens, macros = tokens_of(code)
        pieces = [Piece(body, shared | declared(tokens, is_real_type)) for body in macros]
        for start, end in functions_of(tokens):
            part = tokens[start:end]
            pieces.append(Piece(part, shared - declared(part, is_other_type) | declared(part, is_real_type)))
        for piece in pieces:
            sums = list(piece.running_sums()) if path.startswith("kernels/") and piece.tokens not in macros else []
            problems += [f"{path}:{line}: {what}" for line, what in list(piece.check()) + sums if not (
                path in TRIES_CONTRACTION and what.startswith("separate, "))]
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


# ---- the checks must be able to fail -------------------------------------------------------------------------------

GOOD = {
    "include/carrynet/good.h": "#ifndef G\n#define G\n#ifdef __cplusplus\nextern \"C\" {\n#endif\nint carrynet_f(void);\n"
                               "#ifdef __cplusplus\n}\n#endif\n#endif\n",
    "kernels/arithmetic.h": "static inline vreal product(vreal a, vreal b)\n{\n    return fused(a, b, REAL(0x0p0));\n}\n",
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
    "host/base/base.h": "#include <carrynet/good.h>\n",
    "host/net/net.c": "#include \"base/base.h\"\n#include \"kernels/arithmetic.h\"\n#include <stdio.h>\n"
                      "int f(char *t) { return snprintf(t, 3, \"x\"); }\n",
    "host/opencl/launch.c": "#include <CL/cl.h>\n#include \"kernels/arithmetic.h\"\n",
    "host/reference/loops/forward.c": "real f(const real *w, int k, int H, real s)\n{\n    return s + w[k * H + 1];\n}\n",
    "host/cli/main.c": "#include \"net/net.c\"\nint main(void) { printf(\"\"); return 0; }\n",
}

KERNEL = "#pragma OPENCL FP_CONTRACT OFF\n__kernel void k(__global real *y, real a, real b, int n)\n{\n    %s\n}\n"

# check, file, its text, what the complaint must contain
BAD = [
    ("includes", "host/base/bad.c", "#include \"net/net.c\"\n", "stands below"),
    ("includes", "host/base/bad.c", "#include \"../net/net.c\"\n", "stands below"),
    ("includes", "include/carrynet/bad.h", "#include \"base/base.h\"\n", "stands below"),
    ("includes", "host/net/bad.c", "#include <CL/cl.h>\n", "outside host/opencl"),
    ("includes", "host/net/bad.c", "#include \"CL/opencl.h\"\n", "outside host/opencl"),
    ("includes", "host/net/bad.c", "#include \"nowhere.h\"\n", "not in the tree"),
    ("includes", "host/attic/bad.c", "int x;\n", "no folder of the order"),
    ("includes", "host/net/bad.c", "void f(void) { printf(\"x\"); }\n", "only host/cli prints"),
    ("includes", "host/net/bad.c", "void f(void) { fputs(\"x\", stderr); }\n", "only host/cli prints"),
    ("names", "host/net/good.h", "int x;\n", "taken by"),
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
    ("arithmetic", "host/reference/loops/bad.c", "real f(real a)\n{\n    return a * a + a;\n}\n", "feeds an addition"),
    ("arithmetic", "host/reference/loops/bad.c", "real f(real a)\n{\n    return expf(a);\n}\n", "not of the arithmetic"),
    ("arithmetic", "kernels/bad.h", "#define LOSS(e) (REAL(0x1p-1) * (e) + (e))\n", "feeds an addition"),
    ("arithmetic", "kernels/bad.cl", "#define STEP(k) \\\n    b += y[k] * a\n" + KERNEL % "STEP(n);", "feeds an addition"),
    ("arithmetic", "kernels/bad.cl", KERNEL % "const real separate = a * b; y[0] = separate + a;", "feeds an addition"),
    ("headers", "include/carrynet/bad.h", "size_t f(void);\n", "does not compile alone"),
    ("headers", "include/carrynet/bad.h", "#ifndef B\n#define B\nint f(int class);\nint g(struct bad *class);\n#endif\n",
     "does not compile alone"),
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
    print(f"{len(BAD)} bad samples")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["includes", "names", "arithmetic", "headers", "self-test"])
    parser.add_argument("--root", default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="")
    options = parser.parse_args()
    if options.check == "self-test":
        problems = self_test(options.cc, options.cxx)
    else:
        problems = run_check(options.check, options.root, options.cc, options.cxx)
    for problem in problems:
        print(problem)
    print(f"{options.check}: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
