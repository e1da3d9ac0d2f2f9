#!/usr/bin/env python3
"""Breaks the checker of certificates, one line at a time, and expects its tests to fail.

    mutate_checker.py BUILD [--all] [--only WORD] [--jobs N]

BUILD is a build folder in which libcarrynet.a and the tests test_verify, test_verify_bounds and test_verify_sigmoid are built; only the changed file
is compiled again.
Without --all the mutants of the first list alone, which ctest runs.
"""

import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = {"sigmoid_lines.c": ["test_verify", "test_verify_sigmoid"]}
OTHERWISE = ["test_verify", "test_verify_bounds"]

# file, a line or a part of one that stands in it once, what it becomes
FIRST = [
    ("enclosure.c", "return (double)(hidden + 8) * UNIT * UP * size + TINY;", "return 0 * (double)hidden * size;"),
    ("enclosure.c", "UP * (lines.half + own + ", "UP * (lines.half + "),
    ("enclosure.c", "image->spread[k] = fabs(centre[k]);", "image->spread[k] = centre[k];"),
    ("enclosure.c", "image->spread[k] += fabs(set->rows[i * hidden + k]);", "image->spread[k] += set->rows[i * hidden + k];"),
    ("enclosure.c", "1 - basis->residual - 0x1p-50", "1 - 0x1p-50"),
    ("enclosure.c", "set, basis->inverse, hidden", "set, basis->basis, hidden"),
    ("verify.c", "(uint32_t symbol = 0; symbol < 1u << network->inputs;", "(uint32_t symbol = 1; symbol < 1u << network->inputs;"),
    ("verify.c", "    if (c->cells[cell].state != state)\n", "    if (c->cells[cell].state > 255)\n"),
    ("sigmoid_lines.c", "tilt > 0 ? q - s : p - s", "0"),
]

MORE = [
    ("enclosure.c", "UP * (lines.half + own + ", "UP * (own + "),
    ("enclosure.c", "own + lines.slope * error + ", "own + "),
    ("enclosure.c", "image->ball[j] + image->box[j] + error + 0x1p-50", "image->box[j] + error + 0x1p-50"),
    ("enclosure.c", "image->ball[j] + image->box[j] + error + 0x1p-50", "image->ball[j] + error + 0x1p-50"),
    ("enclosure.c", "image->ball[j] + image->box[j] + error + 0x1p-50", "image->ball[j] + image->box[j] + 0x1p-50"),
    ("enclosure.c", "verify_lines(z - radius, z + radius)", "verify_lines(z - radius, z)"),
    ("enclosure.c", "verify_lines(z - radius, z + radius)", "verify_lines(z, z + radius)"),
    ("enclosure.c", "if (!(fabs(z) + radius <= WIDE))", "if (fabs(z) + radius > WIDE)"),
    ("enclosure.c", "network->row_sizes[j] + image->size[j]", "image->size[j]"),
    ("enclosure.c", "image->spread[k] * fabs(matrix[k * columns + j])", "image->spread[k] * matrix[k * columns + j]"),
    ("enclosure.c", "image->box[j] += fabs(image->rows[i * columns + j]);", "image->box[j] += image->rows[i * columns + j];"),
    ("enclosure.c", "lines.at_low - own -", "lines.at_low -"),
    ("enclosure.c", "lines.at_high + own +", "lines.at_high +"),
    ("enclosure.c", "next->boxes = set->boxes + hidden;", "next->boxes = set->boxes;"),
    ("enclosure.c", "image->slopes[j] * image->rows[i * hidden + j]", "image->rows[i * hidden + j]"),
    ("enclosure.c", "z - reach - network->logit_error[output]", "z - reach"),
    ("enclosure.c", "0x1p-50 * fabs(sum)) - network->logit_error[output]", "0x1p-50 * fabs(sum))"),
    ("enclosure.c", "image->ball[output] + image->box[output] + error", "image->box[output] + error"),
    ("enclosure.c", "image->ball[output] + image->box[output] + error", "image->ball[output] + error"),
    ("enclosure.c", "image->ball[output] + image->box[output] + error", "image->ball[output] + image->box[output]"),
    ("enclosure.c", "w > 0 ? set->low[j] : set->high[j]", "w > 0 ? set->high[j] : set->low[j]"),
    ("enclosure.c", "sign = right ? 1 : -1", "sign = right ? 1 : 1"),
    ("enclosure.c", "fabs(image->centre[j]) + image->box[j]", "image->centre[j] + image->box[j]"),
    ("enclosure.c", "fabs(image->centre[j]) + image->box[j]", "fabs(image->centre[j])"),
    ("enclosure.c", "UP * (apart + UP * sqrt(ball) + TINY)", "UP * (apart + TINY)"),
    ("enclosure.c", "UP * (apart + verify_norm(image->rows, scratch, hidden))", "UP * verify_norm(image->rows, scratch, hidden)"),
    ("enclosure.c", "UP * (apart + verify_norm(image->rows, scratch, hidden))", "UP * apart"),
    ("enclosure.c", "room = radius * (1 -", "room = (1 -"),
    ("enclosure.c", "enum { TIMES = 3 };", "enum { TIMES = 6 };"),
    ("enclosure.c", "norm = UP * sqrt(norm + errors[t]);", "norm = UP * norm + errors[t];"),
    ("enclosure.c", "fabs(one - product[i * n + j]) + rounding(n, one + size[i * n + j])", "rounding(n, one + size[i * n + j])"),
    ("enclosure.c", "set->centre[j] - centre[j];", "set->centre[j] + centre[j];"),
    ("verify.c", "symbol < 1u << network->inputs;", "symbol + 1 < 1u << network->inputs;"),
    ("verify.c", "return verify_inside(", "return true || verify_inside("),
    ("verify.c", "if (depth == 0)", "if (depth == 1000)"),
    ("verify.c", "if (depth == DEPTH)", "if (depth == DEPTH - 1)"),
    ("verify.c", "(check->at == c->trees[node + 1] ||", "(true ||"),
    ("verify.c", "if (check->at >= c->trees[check->node + 1])", "if (check->at > c->trees[check->node + 1])"),
    ("verify.c", ": check->network.h_0, h", ": check->network.row_sizes, h"),
    ("verify.c", "uint32_t node = 0; good &&", "uint32_t node = 1; good &&"),
    ("verify.c", "node <= check->certificate->cell_count", "node < check->certificate->cell_count"),
    ("verify.c", "cell->radius * c->bases", "c->bases"),
    ("verify.c", "cell->state : c->table.start", "c->table.start : c->table.start"),
    ("verify.c", "check_bits(check, depth + 1, c->table.out[state][symbol])", "check_bits(check, depth + 1, c->table.next[state][symbol])"),
    ("verify.c", "if (!(margin > 0))", "if (!(margin > -1))"),
    ("verify.c", "o < network->outputs; ++o) {", "o < 0; ++o) {"),
    ("verify.c", "c->digest) != 0)", "c->digest) == 1000)"),
    ("verify.c", "c->arithmetic != (uint32_t)carrynet_arithmetic_version()", "c->arithmetic == 0"),
    ("verify.c", "strcmp(network, c->network) != 0", "false"),
    ("verify.c", "if (!same_table(&c->table, task))", "if (false && !same_table(&c->table, task))"),
    ("verify.c", "a->start == b->start", "true"),
    ("verify.c", "memcmp(a->next[q], b->next[q], (size_t)1 << b->inputs) == 0", "true"),
    ("verify.c", "memcmp(a->out[q], b->out[q], (size_t)1 << b->inputs) == 0", "true"),
    ("verify.c", "verify_values(values, shape, precision)", "CARRYNET_OK"),
    ("verify.c", "network->row_sizes[j] = fabs(b_h[j]);", "network->row_sizes[j] = -1e300;"),
    ("verify.c", "(a >> bit & 1) != 0 ?", "(a >> bit & 1) == 0 ?"),
    ("bounds.c", "a.unit * state[j] + a.sigmoid", "a.unit * state[j]"),
    ("bounds.c", "a.unit * logit[o] + a.side", "a.unit * logit[o]"),
    ("bounds.c", "add_columns(state, shape->hidden, CARRYNET_B_H,", "add_columns(state, shape->hidden, CARRYNET_W_XH,"),
    ("bounds.c", "!(value >= 0 && value <= 1)", "false"),
    ("bounds.c", "if (!(fabs(value) <= VERIFY_WEIGHT))", "if (fabs(value) > VERIFY_WEIGHT)"),
    ("sigmoid_lines.c", "0x1p-48 * (1 + k * q + (q - p))", "0"),
    ("sigmoid_lines.c", "g_p < g_q ? g_p : g_q", "g_p"),
    ("sigmoid_lines.c", "tilt > 0 ? q - s : p - s", "tilt < 0 ? q - s : p - s"),
    ("sigmoid_lines.c", "least = least < 1 - b ? least : 1 - b;", "least = 1 - b;"),
    ("sigmoid_lines.c", "most = most > 1 - a ? most : 1 - a;", "most = 1 - a;"),
    ("sigmoid_lines.c", "1.0 / 5040", "1.0 / 5041"),
    ("sigmoid_lines.c", "0x1.a39ef35793c76p-33", "0x1.a39ep-33"),
    ("certificate_read.c", "|| (*start == '0' && reader->at > start + 1)", ""),
    ("certificate_read.c", "all < least || all > most", "all < least"),
    ("certificate_read.c", "bits >> 53 != 0 || ", ""),
    ("certificate_read.c", "&& frexp(cell->radius, &exponent) == 0.5", "&& frexp(cell->radius, &exponent) > 0"),
    ("certificate_read.c", "cell->radius >= 0x1p-40", "cell->radius >= 0x1p-60"),
    ("certificate_read.c", "*value = minus ? -size : size;", "*value = size;"),
    ("certificate_read.c", "(point && behind == 0)", "false"),
    ("certificate_read.c", "if (c->cell_count > left(reader) / h)", "if (false)"),
    ("certificate_read.c", "if (c->basis_count > left(reader) / (h * h))", "if (false)"),
]


def libraries():
    return subprocess.run(["pkg-config", "--libs", "criterion", "jansson", "libmd", "mpfr"], check=True, capture_output=True,
                          text=True).stdout.split() + ["-lm"]


def survives(mutant, cc, build, libs):
    """None if a test fails, else what was wrong with the mutant or that it lives."""
    name, old, new = mutant
    path = os.path.join(ROOT, "host/verify", name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        return f"{name}: stands {text.count(old)} times in it: {old}"
    with tempfile.TemporaryDirectory() as folder:
        source, changed = os.path.join(folder, name), os.path.join(folder, "mutant.o")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        flags = ["-std=c11", "-O1", "-w", "-ffp-contract=off", "-D_POSIX_C_SOURCE=200809L"]
        includes = [flag for place in ("include", "host", ".") for flag in ("-I", os.path.join(ROOT, place))]
        compiled = subprocess.run([*cc, *flags, *includes, "-c", source, "-o", changed], capture_output=True, text=True, check=False)
        if compiled.returncode != 0:
            return f"{name}: does not compile: {new}\n{compiled.stderr}"
        for test in TESTS.get(name, OTHERWISE):
            program = os.path.join(folder, test)
            linked = subprocess.run([*cc, os.path.join(build, f"tests/CMakeFiles/{test}.dir/{test}.c.o"), changed,
                                     os.path.join(build, "libcarrynet.a"), "-o", program, *libs], capture_output=True, text=True, check=False)
            if linked.returncode != 0:
                return f"{name}: does not link: {linked.stderr}"
            try:
                ran = subprocess.run([program, "--jobs", "1"], capture_output=True, text=True, timeout=120, check=False)
            except subprocess.TimeoutExpired:
                return None
            if ran.returncode != 0:
                return None
    return f"{name}: lives: {old}  ->  {new}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="", help="mutants whose file or line has this in it")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--flags", default="", help="for compiler and linker, such as -fsanitize=address of the build")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    mutants = [m for m in FIRST + (MORE if options.all else []) if options.only in m[0] + " " + m[1]]
    cc, libs = [options.cc, *options.flags.split()], libraries()
    untouched = survives(("enclosure.c", "#define UNIT 0x1p-53\n", "#define UNIT 0x1p-53\n"), cc, options.build, libs)
    problems = [] if untouched is not None and "lives" in untouched else [f"the tests fail on the checker as it is: {untouched}"]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        problems += [said for said in pool.map(lambda m: survives(m, cc, options.build, libs), mutants) if said is not None]
    for problem in problems:
        print(problem)
    print(f"{len(mutants)} mutants, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
