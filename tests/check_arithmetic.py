"""Checks kernels/ARITHMETIC.md, sections 1 and 2, in the text of the kernels and of the C loops, for check_source.py.

No product of reals feeds an addition, a subtraction or an addend; no running sum in a loop without plus; no built-in function
that the arithmetic does not know; no decimal constants; contraction off at the top of every kernel file. It reads tokens and
declarations, not the whole language: a value is real if a name in it is declared real in the same function or in a header.
"""

import os
import re

# Calls that ARITHMETIC.md does not know: their result is not one rounding of the exact one.
FORBIDDEN_CALLS = re.compile(
    r"\b((?:a?(?:sin|cos|tan)h?(?:pi)?|atan2|exp(?:2|10|m1)?|log(?:2|10|1p|b)?|powr?|pown|rootn|cbrt|hypot|erfc?"
    r"|tgamma|lgamma|mad|dot|cross|length|distance|normalize|fast_\w+|fmin|fmax|clamp|mix|step|smoothstep"
    r"|rsqrt|native_\w+|half_\w+|fmod|remainder|fdim|ldexp)[fl]?)\s*\(")
# The one call of such a function, and its declaration, by file and line: the seed of a reciprocal, which changes no bit (ARITHMETIC.md 2, rule 7).
SEED = {"kernels/arithmetic.h": "return native_recip(significand_of(x));", "kernels/builtins.h": "float CARRYNET_FUNCTION native_recip(float);"}
# Products that have to feed a sum, by file and name: the start-up vectors try whether one is contracted into the sum after it, and in the
# float fma by way of double it is exact, so that contraction changes nothing.
FEEDS_SUMS = {"kernels/admission.cl": "separate, ", "host/reference/formulas/start_vectors.c": "separate, ", "kernels/arithmetic.h": "exact, "}
FORBIDDEN_WORDS = re.compile(
    r"\b(volatile|atomic_\w*(?:float|double)\w*|atomic_x?chg|atomic_cmpxchg|atom_x?chg|atom_cmpxchg"
    r"|atomic_(?:exchange|compare_exchange\w*|fetch_\w+)|(?:work|sub)_group_(?:reduce|scan)\w*)\b")
DECIMAL = re.compile(r"(?<![\w.])(?:\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)[fFlL]?(?![\w.])")
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
        p for p in files_under(root, ["host/reference/formulas", "host/backend/tiled"], (".c", ".h"))]
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
        lines = code.split("\n")
        seed = next((i for i, line in enumerate(lines) if line.strip() == SEED.get(path)), None)
        for number, line in enumerate(lines, 1):
            if number - 1 == seed:
                continue
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
                path in FEEDS_SUMS and what.startswith(FEEDS_SUMS[path]))]
    return problems
