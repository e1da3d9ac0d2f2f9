#!/usr/bin/env python3
"""NumPy in batches, float32: every step is a few matrix products (OpenBLAS) and in-place passes, on blocks of sequences
that fit in the cache. Each core has one Python thread with one BLAS thread, which is faster than threads in BLAS.

    numpy_batched.py [--hidden H] [--bits T] [--batch B] [--threads N] [--check]

A step of the recurrence is one product: input bits are stacked above hidden values, and the weights side by side."""
import os
import sys

import peer

args = peer.options(__doc__)
os.environ["OPENBLAS_NUM_THREADS"] = "1"

try:
    import numpy  # noqa: E402  (reads the variable)
except ImportError:
    sys.exit("NumPy is missing: pip install numpy, or apt-get install python3-numpy libopenblas0")


def blas_version():
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"] if numpy.__version__ >= "1.26" else {}
    return f"{blas.get('name', 'BLAS of the system')} {blas.get('version', '')}".strip()


def sigmoid_of_minus(z):
    """1 / (1 + exp(z)), in place."""
    numpy.exp(z, out=z)
    numpy.add(z, 1, out=z)
    numpy.reciprocal(z, out=z)


class Block:
    name = "numpy"
    version = f"NumPy {numpy.__version__}, {blas_version()}"

    def __init__(self, hidden, bits, size):
        word = next(kind for kind in (numpy.uint8, numpy.uint16, numpy.uint32, numpy.uint64)
                    if bits <= 8 * numpy.dtype(kind).itemsize)
        self.rng = numpy.random.Generator(numpy.random.SFC64())
        self.mask = word(2 ** (bits - 1) - 1)
        self.places = numpy.array([2 ** t for t in range(bits)], word)[:, None]
        self.z = numpy.zeros((bits + 1, 2 + hidden, size), numpy.float32)  # [t]: x[t] above h[t]
        self.x = self.z[:bits, :2]
        self.target = numpy.empty((bits, 1, size), numpy.float32)
        self.y = numpy.empty((bits, 1, size), numpy.float32)
        self.delta = numpy.empty((hidden, size), numpy.float32)
        self.scratch = numpy.empty((hidden, size), numpy.float32)

    @staticmethod
    def settings(threads):
        return [(threads, block) for block in (128, 256, 512, 1024, 2048)]

    @staticmethod
    def use_threads(count):
        """Always one in BLAS."""

    @staticmethod
    def array(values):
        return values

    def draw(self):
        size = self.target.shape[2]
        words = numpy.frombuffer(self.rng.bytes(2 * size * self.mask.itemsize), self.mask.dtype) & self.mask
        a, b = words[:size], words[size:]
        for rows, numbers in ((self.x[:, 0], a), (self.x[:, 1], b), (self.target[:, 0], a + b)):
            rows[:] = numbers & self.places != 0

    def put(self, x, target):
        self.x[:], self.target[:] = x, target

    def gradient(self, w, w_hy):
        z, y, delta, scratch = self.z, self.y, self.delta, self.scratch
        minus_w, minus_w_hy, w_hh_back, w_hy_back = -w, -w_hy, numpy.ascontiguousarray(w[:, 2:].T), w_hy.T
        dw, dw_hy = numpy.zeros_like(w), numpy.zeros_like(w_hy)
        for t in range(len(y)):
            h = z[t + 1, 2:]
            numpy.matmul(minus_w, z[t], out=h)
            sigmoid_of_minus(h)
            numpy.matmul(minus_w_hy, h, out=y[t])
        sigmoid_of_minus(y)
        dy = (self.target - y) * y * (1 - y)
        for t in reversed(range(len(y))):
            h = z[t + 1, 2:]
            dw_hy += dy[t] @ h.T
            if t == len(y) - 1:
                numpy.multiply(w_hy_back, dy[t], out=delta)
            else:
                numpy.matmul(w_hh_back, delta, out=scratch)
                numpy.multiply(w_hy_back, dy[t], out=delta)
                numpy.add(delta, scratch, out=delta)
            numpy.multiply(h, h, out=scratch)
            numpy.subtract(h, scratch, out=scratch)
            numpy.multiply(delta, scratch, out=delta)
            dw += delta @ z[t].T
        return dw, dw_hy


if __name__ == "__main__":
    peer.main(Block, args)
