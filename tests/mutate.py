#!/usr/bin/env python3
"""Changes kernels, reference and host code, one constant, order, rounding or bound at a time, and expects a named test to fail.

    mutate.py BUILD [--all] [--only WORD] [--jobs N] [--cc CC]

BUILD is a build folder with the program and the tests that the mutants name (`--tests` lists them). Nothing in the tree is written: a changed
kernel lies in a folder of its own (CARRYNET_KERNEL_DIR); a changed C file is compiled there and linked before the library, into the test or the
program. Without --all the first list alone, which ctest runs; all take some minutes, most of which OpenCL compiles.

A test is "case NAME SHAPE", that case of `carrynet compare` (of the backend host where SHAPE is host); or "test_x" or "test_x:FILTER", a Criterion program of tests/. mutate_checker.py does the
same for the checker of certificates, with more mutants.
"""

import argparse
import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# file, a part of it that stands there once, what it becomes, the tests of which one must fail
FIRST = [
    ("kernels/arithmetic.h", "p = fused(p, f, REAL(0x1.c6b6d8p-5));", "p = fused(p, f, REAL(0x1.c6b8d8p-5));", ["test_arithmetic:arithmetic/bits*"]),
    ("host/reference/formulas/training_step.c", "product(mu_rest, G)", "product(mu, G)", ["test_edges:edges/updates"]),
    ("host/engine/rates.c", "power(settings->decay, update + 1)", "power(settings->decay, update)", ["test_edges:edges/rates"]),
    ("host/model/shape.c", "flush(uniform(c[i % 4], (float)scale))", "uniform(c[i % 4], (float)scale)", ["test_edges:edges/initial*"]),
]

MORE = [
    # ---- scalar functions that both sides share ----
    ("kernels/arithmetic.h", "(b & BITS(0x7fffffff)) < BITS(0x2b800000)", "(b & BITS(0x7fffffff)) <= BITS(0x2b800000)", ["test_arithmetic:arithmetic/flush*"]),
    ("kernels/arithmetic.h", "low = REAL(-0x1.bp4), high", "low = REAL(-0x1.cp4), high", ["test_arithmetic:arithmetic/sigmoid_is*"]),
    ("kernels/arithmetic.h", "high = REAL(0x1.4p5), minus", "high = REAL(0x1.ep3), minus", ["test_arithmetic:arithmetic/sigmoid*"]),
    ("kernels/arithmetic.h", "((bits_of(b) & BITS(0x007fffff)) + BITS(1)) >> 23", "((bits_of(b) & BITS(0x007fffff)) + BITS(0)) >> 23", ["test_arithmetic:arithmetic/quotient_is_right_for_the*", "test_arithmetic:arithmetic/quotient*"]),
    ("kernels/arithmetic.h", "    r = fused(fused(-x, r, one), r, r);\n    r = fused(fused(-x, r, one), r, r);\n", "    r = fused(fused(-x, r, one), r, r);\n", ["test_arithmetic:arithmetic/reciprocal_by*"]),
    ("kernels/arithmetic.h", "((bits_of(x) & BITS(0x007fffff)) + BITS(1)) >> 23", "((bits_of(x) & BITS(0x007fffff)) + BITS(0)) >> 23", ["test_arithmetic:arithmetic/reciprocal_by*"]),
    ("kernels/arithmetic.h", "((bits_of(x) & BITS(0x7f800000)) - BITS(0x3f800000))", "((bits_of(x) & BITS(0x7f800000)) - BITS(0x3f000000))", ["test_arithmetic:arithmetic/reciprocal_by*"]),
    ("kernels/arithmetic.h", "((bits_of(x) & BITS(0x7f800000)) - BITS(0x3f800000))", "((bits_of(x) & BITS(0x07800000)) - BITS(0x07800000))", ["test_arithmetic:arithmetic/reciprocal_by*"]),
    ("kernels/arithmetic.h", "(bits_of(x) & BITS(0x007fffff)) | BITS(0x3f800000)", "(bits_of(x) & BITS(0x003fffff)) | BITS(0x3f800000)", ["test_arithmetic:arithmetic/reciprocal_of*"]),
    ("kernels/arithmetic.h", "return fused(fused(-b, q, a), r, q);", "return q;", ["test_arithmetic:arithmetic/quotient_is_right_for_random*"]),
    ("kernels/arithmetic.h", "(bits - ((bits ^ error_bits) >> 63)) | 1;", "(bits - ((bits ^ error_bits) >> 63)) | 0;", ["test_host:host/float*"]),
    ("kernels/arithmetic.h", "odd = error > 0 ? odd : error < 0 ? odd : sum;", "", ["test_host:host/float*"]),
    ("kernels/arithmetic.h", "s = fused(fused(-s, s, x), product(REAL(0x1p-1), r), s);", "", ["test_arithmetic:arithmetic/square*"]),
    ("kernels/arithmetic.h", "p = fused(p, z, REAL(0x1.24924ap-3));", "p = fused(p, z, REAL(0x1.24934ap-3));", ["test_arithmetic:arithmetic/bits*"]),
    ("kernels/arithmetic.h", "ln2_low = REAL(-0x1.05c61p-29);", "ln2_low = REAL(0x1.05c61p-29);", ["test_arithmetic:arithmetic/bits*"]),
    ("kernels/arithmetic.h", "return x == x ? result : x;", "return result;", ["test_arithmetic:arithmetic/nan*"]),
    ("kernels/arithmetic.h", "round < 10;", "round < 9;", ["test_arithmetic:arithmetic/philox_known*"]),
    ("kernels/arithmetic.h", "key_high += (vword)(0xbb67ae85u);", "key_high += (vword)(0xbb67ae87u);", ["test_arithmetic:arithmetic/philox_known*"]),
    ("kernels/arithmetic.h", "p = fused(p, f, REAL(0x1.ffcbee3a4c898p-17));", "p = fused(p, f, REAL(0x1.ffcbee3a4c8a8p-16));", ["test_arithmetic_64:arithmetic_64/bits*"]),
    # ---- several devices ----
    ("host/backend/reduction_tree.c", "while (part < count - part)", "while (2 * part < count - part)", ["test_parallel:parallel/partials*"]),
    ("host/backend/data_parallel.c", "part.first_sequence += first;", "", ["test_parallel:parallel/few*"]),
    ("host/backend/data_parallel_reduce.c", "dp->counts[n] += dp->replicas[i].counts[n];", "dp->counts[n] = dp->replicas[i].counts[n];", ["test_parallel:parallel/few*"]),
    ("host/backend/population_parallel.c", "pp->place[pp->numbers[i][n]] = n;", ";", ["test_parallel:parallel/populations*"]),
    ("host/backend/population_parallel.c", "renumbered[from[n]] = n;", "renumbered[n] = n;", ["test_parallel:parallel/populations*"]),
    # ---- kernels ----
    ("kernels/problems.h", "d |= d >> 16;", "", ["test_problem_kernel"]),
    ("kernels/generated.cl", "& ~low)) >> 31;", "& low)) >> 31;", ["test_problem_kernel"]),
    ("kernels/generated.cl", "less |= differs & ~decided & ~not_zero(s & difference);", "less |= differs & ~not_zero(s & difference);", ["test_problem_kernel", "case subtract cpu"]),
    ("kernels/generated.cl", "t < pass->steps; ++t) {\n        const uint closing", "t + 1 < pass->steps; ++t) {\n        const uint closing", ["test_edges:edges/closing*"]),
    ("kernels/generate.cl", "pass.first_sequence + first)", "first)", ["test_made_gradient"]),
    ("kernels/generate.cl", "pass.first_sequence + place)", "place)", ["test_made_gradient"]),
    ("kernels/staged.cl", "return word >> (bits * (step % per_word))", "return word >> (bits * (step % (per_word - 1)))", ["case long gpu"]),
    ("kernels/simd_block.cl", "acc[r][v] = fma(x, w[v], acc[r][v]);", "acc[r][v] = x * w[v] + acc[r][v];", ["case odd cpu"]),
    ("kernels/simd_block.cl", "return HALVE_2(part[0], part[1]);", "return HALVE_2(part[1], part[0]);", ["case odd cpu"]),
    ("kernels/simd_block.cl", "-logarithm(right < least ? least : right));", "-logarithm(right));", ["test_edges:edges/saturated*"]),
    ("kernels/sum_tree.h", "for (uint level = 0; (count) >> level != 0; ++level)", "for (uint level = 32; level-- > 0;)", ["case blocks cpu", "case many-blocks cpu"]),
    ("kernels/simd_block.cl", "counts->sequences += wrong[s] > 0;", "counts->sequences += wrong[s] > 1;", ["case one-step cpu"]),
    ("kernels/layout.h", "2 * block * H, n->gap", "block * H, n->gap", ["test_guards:guards/*scratch"]),
    ("kernels/layout.h", "s.dy = carrynet_array(&s.end, pass->steps * n->outputs", "s.dy = carrynet_array(&s.end, (pass->steps - 1) * n->outputs", ["test_guards:guards/*scratch"]),
    ("kernels/simd_pack.cl", "to[PACKED_HY * LANES + o * COLUMNS + j] = j < H ?", "to[PACKED_HY * LANES + o * COLUMNS + j] = j + 1 < H ?", ["case odd cpu"]),
    ("kernels/simd_rows.cl", "flush(acc[r][v] * (x * (REAL(0x1p0) - x)))", "acc[r][v] * (x * (REAL(0x1p0) - x))", ["case tiny-weights cpu"]),
    ("kernels/simd_rows.cl", "row[v] = flush(row[v] + CARRYNET_PASTE(vload, LANES)(v, noise));", "row[v] = row[v] + CARRYNET_PASTE(vload, LANES)(v, noise);", ["test_edges:edges/flushed*"]),
    ("kernels/simd_rows.cl", "high[i] = (uint)(base >> 32) + (lows[i] < (uint)base ? 1 : 0);", "high[i] = 0;", ["test_edges:edges/noise*"]),
    ("kernels/simd_forward.cl", "hidden + (pass.steps % 2) * step, sequences", "hidden + ((pass.steps + 1) % 2) * step, sequences", ["case odd cpu"]),
    ("kernels/simd_interleaved_block.cl", "if (k + width < H)\n                partial[k] = plus(partial[k], partial[k + width]);", "if (k + width <= H)\n                partial[k] = plus(partial[k + width], partial[k]) * REAL(0x1.000002p0);", ["case abreast cpu"]),
    ("kernels/simd_interleaved.cl", "#define NEIGHBOURS(v) ((v).even + (v).odd)", "#define NEIGHBOURS(v) ((v).lo + (v).hi)", ["case abreast cpu", "case many-blocks cpu"]),
    ("kernels/simd_networks.cl", "i < first + RUN && i < trained; ++i)", "i < first + RUN - 1 && i < trained; ++i)", ["case networks cpu"]),
    ("kernels/simd_train.cl", "now.first_rate = u * pass.networks * CARRYNET_RATES;", "now.first_rate = 0;", ["case default cpu"]),
    ("kernels/sum_tree.h", "part = plus((levels)[(size_t)level * (stride)], part);", "part = plus(part, part);", ["test_edges:edges/three*"]),
    ("kernels/update.cl", "squares <= limit ? squares : nan", "squares", ["test_edges:edges/updates_on_the_device"]),
    ("kernels/update.cl", "most = REAL(0x1p60), g", "most = REAL(0x1p59), g", ["test_edges:edges/updates_on_the_device"]),
    ("kernels/update.cl", "return next > most ? most : next;", "return next;", ["test_edges:edges/updates_on_the_device"]),
    ("kernels/update.cl", "g = flush(g * (vreal)(factors[network]));", "g = g * (vreal)(factors[network]);", ["test_edges:edges/updates_on_the_device"]),
    ("kernels/update.cl", "i * CARRYNET_LANES + lane < step->trained; ++lane)", "i * CARRYNET_LANES + lane <= step->trained; ++lane)", ["case start-state cpu"]),
    ("kernels/update.cl", "decay > 0 ? fma(-decay, old, old) : old;", "decay > 0 ? old - decay * old : old;", ["case weight-decay cpu"]),
    ("kernels/update.cl", "return scaled_step(kept, numerator,", "return scaled_step(old, numerator,", ["case weight-decay gpu"]),
    ("kernels/simd_networks.cl", "gathered(&n, now + CARRYNET_WEIGHT_DECAY, CARRYNET_RATES)", "gathered(&n, now + CARRYNET_EPSILON, CARRYNET_RATES)", ["case decay-networks cpu"]),
    ("kernels/simt_block.cl", "for (int width = OUTPUT_PARTIALS / 2; width > 0; width /= 2)", "for (int width = OUTPUT_PARTIALS / 2; width > 1; width /= 2)", ["case odd gpu"]),
    ("kernels/simt_block.cl", "for (int k = H / 4 * 4; k < H; ++k)", "for (int k = H / 4 * 4; k + 1 < H; ++k)", ["case odd gpu"]),
    ("kernels/simt_sequences.cl", "flush(sum[0] * (x.s0 * (one - x.s0)))", "flush(sum[0] * x.s0 * (one - x.s0))", ["case odd gpu"]),
    ("kernels/simt_gradient.cl", "(T - 1) % 2 * SEQUENCES * O, b->count", "(T - 1) % 2 * SEQUENCES * O, b->count - 1", ["case odd gpu"]),
    ("kernels/simt_gradient.cl", "if (chained)\n            sum_weights", "if (chained && t > 1)\n            sum_weights", ["case odd gpu"]),
    ("kernels/simt_gradient.cl", "symbols[s] == symbol ? *to : 0", "symbols[s] >= symbol ? *to : 0", ["case odd gpu"]),
    ("kernels/simt_stages.cl", "(pass.initial_state ? T : T - 1) * panels", "T * panels", ["case wide-64 gpu"]),
    ("kernels/simt_stages.cl", "s = n % panels * DEPTH;", "s = (panels - 1 - n % panels) * DEPTH;", ["case wide-93 gpu"]),
    ("kernels/simt_stages.cl", "symbols[t % 2][s] == a ? d : 0", "symbols[t % 2][s] >= a ? d : 0", ["case wide-64 gpu"]),
    ("kernels/simt_stages.cl", "pass->chunk_block + 1);", "pass->chunk_block);", ["case fp64-blocks gpu"]),
    ("kernels/admission.cl", "bits_of(seed) - right + CARRYNET_SEED_ULP;", "bits_of(seed) - right - CARRYNET_SEED_ULP;", ["test_reciprocal:reciprocal/the_seed*"]),
    # ---- the reference ----
    ("host/reference/formulas/training_step.c", "return norm <= c ? one : quotient(c, norm);", "return quotient(c, norm);", ["test_edges:edges/updates"]),
    ("host/reference/formulas/training_step.c", "if (t > 0 || q->has_start)\n                add_outer", "if (t > 0)\n                add_outer", ["test_differences"]),
    ("host/reference/formulas/training_step.c", "partial[k] += partial[k + width];", "partial[k] += partial[2 * width - 1 - k];", ["case odd host"]),
    ("host/reference/formulas/training_step.c", "p < least ? least : p", "p", ["test_edges:edges/saturated*"]),
    ("host/reference/formulas/training_step.c", "for (size_t level = 0; level < TREE_LEVELS; ++level) {", "for (size_t level = TREE_LEVELS; level-- > 0;) {", ["test_edges:edges/three*"]),
    ("host/reference/formulas/training_step.c", "most = REAL(0x1p60), g", "most = REAL(0x1p59), g", ["test_edges:edges/updates"]),
    ("host/reference/formulas/training_step.c", "return next > most ? most : next;", "return next;", ["test_edges:edges/updates"]),
    ("host/reference/formulas/training_step.c", "if (!(S <= REAL(0x1p100)))", "if (!(S <= REAL(0x1p110)))", ["test_edges:edges/updates"]),
    ("host/reference/formulas/training_step.c", "h_next[j] = flush(sigmoid(s[j]));", "h_next[j] = flush(s[j] / 4 + REAL(0x1p-1));", ["test_fixtures"]),
    ("host/reference/formulas/training_step.c", "* 4 * ((n->H + 3) / 4);", "* n->H;", ["case noise-odd host"]),
    ("host/reference/formulas/training_step.c", "wrong += (q->z[t * O + o] > 0) != target;", "wrong += (q->z[t * O + o] >= 0) != target;", ["test_edges:edges/saturated*"]),
    ("host/reference/formulas/training_step.c", "return flush(e * (y * (one - y)));", "return flush(e * y * (one - y));", ["case odd host"]),
    ("host/reference/formulas/training_step.c", "first < trained; first += RUN", "first < trained; first += 2 * RUN", ["test_edges:edges/updates"]),
    ("host/reference/formulas/training_step.c", "return d > 0 ? fused(-d, w, w) : w;", "return fused(-d, w, w);", ["test_edges:edges/rates"]),
    ("host/reference/formulas/training_step.c", "return d > 0 ? fused(-d, w, w) : w;", "return d > 0 ? w - d * w : w;", ["test_edges:edges/updates"]),
    ("host/reference/formulas/batches.c", "unpack(q->target, pass->targets + s * pass->target_words, n->O, pass->steps);", "unpack(q->target, pass->targets + s * pass->symbol_words, n->O, pass->steps);", ["case odd host", "test_fixtures"]),
    # ---- the backend host ----
    ("host/backend/tiled/update_network.c", "return norm <= c ? REAL(0x1p0) : quotient(c, norm);", "return quotient(c, norm);", ["test_edges:edges/updates_on_the_host"]),
    ("host/backend/tiled/update_network.c", "return decay > 0 ? fused(-decay, w, w) : w;", "return decay > 0 ? w - decay * w : w;", ["test_edges:edges/updates_on_the_host"]),
    ("host/backend/tiled/backward_block.c", "first + steps < b->T || b->start ? pairs : pairs - S;", "first + steps < b->T ? pairs : pairs - S;", ["test_differences"]),
    ("host/backend/tiled/forward_block.c", "partial[k] += partial[k + OUTPUT_PARTIALS / 4];", "partial[k] += partial[OUTPUT_PARTIALS / 2 - 1 - k];", ["case odd host"]),
    ("host/backend/tiled/forward_block.c", "right < least ? least : right", "right", ["test_edges:edges/saturated*"]),
    ("host/backend/tiled/batch_passes.c", "for (real *top = next_partial(partials, size, blocks) - size; top > partials; top -= size)\n        add_values(top - size, top, size);", "for (real *top = partials + size; top < next_partial(partials, size, blocks); top += size)\n        add_values(partials, top, size);", ["test_edges:edges/three*"]),
    ("host/backend/tiled/update_network.c", "most = REAL(0x1p60), g", "most = REAL(0x1p59), g", ["test_edges:edges/updates_on_the_host"]),
    ("host/backend/tiled/update_network.c", "return next > most ? most : next;", "return next;", ["test_edges:edges/updates_on_the_host"]),
    ("host/backend/tiled/update_network.c", "if (!(squares <= REAL(0x1p100)))", "if (!(squares <= REAL(0x1p110)))", ["test_edges:edges/updates_on_the_host"]),
    ("host/backend/tiled/forward_block.c", "next[i] = flush(sigmoid(next[i]));", "next[i] = flush(next[i] / 4 + REAL(0x1p-1));", ["test_fixtures"]),
    ("host/backend/tiled/forward_block.c", "* 4 * ((H + 3) / 4), config);", "* H, config);", ["case noise-odd host"]),
    ("host/backend/tiled/forward_block.c", "wrong += (b->z[i] > 0) != (target == 1);", "wrong += (b->z[i] >= 0) != (target == 1);", ["test_edges:edges/saturated*"]),
    ("host/backend/tiled/backward_block.c", "return e * (y * (1 - y));", "return e * y * (1 - y);", ["case odd host"]),
    ("host/backend/tiled/update_network.c", "for (uint64_t n = runs; n & 1; n >>= 1)", "for (uint64_t n = runs; n & 3; n >>= 2)", ["test_edges:edges/updates_on_the_host"]),
    # ---- the rest of the host ----
    ("host/engine/rates.c", "if (rates.decay < 0x1p-40)", "if (rates.decay < 0x1p-41)", ["test_edges:edges/rates"]),
    ("host/engine/rates.c", "settings->weight_decay * rates.rate;", "settings->weight_decay * rate;", ["test_edges:edges/rates"]),
    ("host/engine/rates.c", "if (rates.epsilon < 0x1p-40)", "if (rates.epsilon < 0x1p-50)", ["test_edges:edges/rates"]),
    ("host/engine/rates.c", "for (int n = 22; n >= 2; n -= 2)", "for (int n = 12; n >= 2; n -= 2)", ["test_edges:edges/rates"]),
    ("host/backend/opencl/admission.c", "*right = status == CARRYNET_OK && count == 0;", "*right = status == CARRYNET_OK;", ["test_reciprocal:reciprocal/a_seed*"]),
    ("host/backend/opencl/admission.c", "count += differing[i];", "count = differing[i];", ["test_reciprocal:reciprocal/a_seed*"]),
    ("host/backend/opencl/kernels.c", '? " -DCARRYNET_RECIPROCAL_BY_SEED" : ""', '? "" : ""', ["test_reciprocal:reciprocal/bits*"]),
    ("host/backend/opencl/trainer.c", " && !options->reciprocal_by_quotient;", ";", ["test_reciprocal:reciprocal/the_seed*"]),
    ("host/task/problem.c", "base = index * 4 * ((uint64_t)drawn / 4 + 2);", "base = index * 4 * ((uint64_t)drawn / 4 + 1);", ["test_problem_kernel:problem_kernel/evaluation*"]),
    ("host/task/problem.c", "return (symbols[w] & difference) == 0;", "return (symbols[w] & difference) != 0;", ["test_tasks"]),
    ("host/task/problem.c", "return digest >= (uint64_t)(split->fraction * 0x1p32);", "return digest > (uint64_t)(split->fraction * 0x1p31);", ["test_held_out"]),
    ("host/train/population.c", "return updates + (updates < 4 ? 1 : updates / 4);", "return updates + (updates < 4 ? 1 : updates / 5);", ["test_until_proved"]),
    ("host/train/attempts.c", "DOUBLINGS = 3", "DOUBLINGS = 2", ["test_until_proved"]),
    ("host/train/population.c", "outcome.diverged = outcome.diverged || !all_finite(values, precision, bytes);", "", ["test_population"]),
    ("host/model/safetensors.c", "if (covered != data_size)", "if (covered > data_size)", ["test_hostile_files"]),
    ("host/model/safetensors.c", "if (length > size - LENGTH_BYTES)", "if (length > size)", ["test_hostile_files"]),
]


# ---- building ------------------------------------------------------------------------------------------------------

FLAGS = ["-std=c11", "-O2", "-w", "-ffp-contract=off", "-fno-math-errno", "-D_POSIX_C_SOURCE=200809L", "-DCL_TARGET_OPENCL_VERSION=120",
         '-DCARRYNET_VERSION="mutant"']
PACKAGES = ["criterion", "jansson", "libmd", "libzip", "libxxhash", "libprotobuf-c", "mpfr", "OpenCL"]


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, **more)


def libraries(build):
    """With those that have no module of pkg-config: MPI's, which the build knows."""
    with open(os.path.join(build, "carrynet.pc"), encoding="utf-8") as file:
        others = [word for line in file if line.startswith("Libs.private:") for word in line.split() if word.startswith("/")]
    return run(["pkg-config", "--libs", *PACKAGES]).stdout.split() + others + ["-lm", "-ldl", "-lpthread"]


def processor_has_fma():
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            return any(line.startswith("flags") and " fma " in line and " avx2" in line for line in file)
    except OSError:
        return False


class Failed(Exception):
    """A mutant that could not be tried."""


class Mutant:
    """One change, in a folder of its own."""

    def __init__(self, mutant, options, folder):
        self.path, self.old, self.new, self.tests = mutant
        self.options, self.folder = options, folder
        with open(os.path.join(ROOT, self.path), encoding="utf-8") as file:
            text = file.read()
        if text.count(self.old) != 1:
            raise Failed(f"stands {text.count(self.old)} times in it")
        self.kernels = os.path.join(folder, "kernels")
        shutil.copytree(os.path.join(ROOT, "kernels"), self.kernels)
        self.changed = os.path.join(folder, self.path)
        os.makedirs(os.path.dirname(self.changed), exist_ok=True)
        with open(self.changed, "w", encoding="utf-8") as file:
            file.write(text.replace(self.old, self.new))
        self.is_kernel = self.path.startswith("kernels/")
        self.objects = [] if self.is_kernel else self.compile_changed()

    def compile(self, source, name, more):
        made = os.path.join(self.folder, name)
        # The changed kernels' headers before the tree's.
        includes = ["-I" + place for place in (self.folder, os.path.join(ROOT, "include"), os.path.join(ROOT, "host"), ROOT,
                                               os.path.join(ROOT, "tests"))]
        done = run([self.options.cc, *FLAGS, *more, *includes, "-c", source, "-o", made])
        if done.returncode != 0:
            raise Failed(f"does not compile:\n{done.stderr}")
        return made

    def compile_changed(self):
        if not self.path.startswith(("host/reference/formulas/", "host/backend/tiled/")):
            return [self.compile(self.changed, "changed.o", ["-DCARRYNET_X86_FMA"] if self.options.fma else [])]
        variant = ["-DC_VARIANT=fma", "-mfma", "-mavx2"] if self.options.fma else ["-DC_VARIANT=portable"]
        return [self.compile(self.changed, f"changed-{bits}.o", [*variant, f"-DCARRYNET_REAL_BITS={bits}"]) for bits in (32, 64)]

    def link(self, name, objects):
        program = os.path.join(self.folder, name)
        done = run([self.options.cc, *objects, *self.objects, os.path.join(self.options.build, "libcarrynet.a"), *self.options.libraries,
                    "-o", program])
        if done.returncode != 0:
            raise Failed(f"does not link:\n{done.stderr}")
        return program

    def program(self):
        if self.is_kernel:
            return os.path.join(self.options.build, "carrynet")
        objects = [path for target in ("program_objects", "carrynet")
                   for path in glob.glob(os.path.join(self.options.build, f"CMakeFiles/{target}.dir/**/*.o"), recursive=True)]
        return self.link("carrynet", objects)

    def test_program(self, name):
        if self.is_kernel and not self.path.endswith(".h"):
            return os.path.join(self.options.build, "tests", name)
        if not self.is_kernel:
            return self.link(name, [os.path.join(self.options.build, f"tests/CMakeFiles/{name}.dir/{name}.c.o")])
        places = [f'-DTESTS_DIR="{ROOT}/tests"', f'-DCARRYNET_PROGRAM="{self.options.build}/carrynet"',
                  f'-DCARRYNET_CHECKER="{self.options.build}/carrynet-verify"', f'-DCARRYNET_CC="{self.options.cc}"']
        return self.link(name, [self.compile(os.path.join(ROOT, "tests", name + ".c"), name + ".o", places)])

    def fails(self, test):
        """Whether the test sees the change."""
        environment = dict(os.environ, CARRYNET_KERNEL_DIR=self.kernels) if self.is_kernel else None
        if test.startswith("case "):
            _, case, shape = test.split()
            where = ["--device", "host"] if shape == "host" else ["--device", self.options.device, "--kernel-shape", shape]
            words = [self.program(), "compare", "--case", case, *where]
        else:
            name, _, only = test.partition(":")
            words = [self.test_program(name), "--jobs", "1", *(["--filter", only] if only else [])]
        try:
            done = run(words, env=environment, timeout=300, cwd=self.folder)
        except subprocess.TimeoutExpired:
            return True
        if "does not build" in done.stderr + done.stdout:
            raise Failed(f"the kernel does not build:\n{done.stderr}")
        if "SKIP:" in done.stdout:
            raise Failed(f"{test} was skipped")
        if done.returncode < 0:  # it crashed
            return True
        if done.returncode not in (0, 1, 3) or (test.startswith("case ") and done.returncode != 3 and test.split()[1] not in done.stdout):
            raise Failed(f"{test} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.returncode != 0


def tried(mutant, options):
    """(what was said, None if a test failed else what was wrong)."""
    where = f"{mutant[0]}: {mutant[1]}  ->  {mutant[2]}"
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            one = Mutant(mutant, options, folder)
            for test in mutant[3]:
                if one.fails(test):
                    return f"{test} fails ({time.monotonic() - start:.0f} s): {where}", None
        except Failed as failed:
            return None, f"{where}\n    {failed}"
    return None, f"LIVES, {', '.join(mutant[3])} pass: {where}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", default="", help="mutants whose file or change has this in it")
    parser.add_argument("--tests", action="store_true", help="list the tests that are run, and stop")
    parser.add_argument("--device", default="0:0")
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.libraries, options.fma = libraries(options.build), processor_has_fma()
    mutants = [m for m in FIRST + (MORE if options.all else []) if options.only in " ".join(m[:3])]
    if options.tests:
        print("\n".join(sorted({test.partition(":")[0] for m in mutants for test in m[3]})))
        return 0
    problems = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for said, problem in pool.map(lambda m: tried(m, options), mutants):
            print(said or problem, flush=True)
            problems += [problem] if problem else []
    print(f"{len(mutants)} mutants, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
