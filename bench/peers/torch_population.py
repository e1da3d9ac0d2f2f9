#!/usr/bin/env python3
"""A population in PyTorch on the CPU, float32: hand-written forward and BPTT with torch.bmm, one matrix per network.

    torch_population.py [--nets N] [--hidden H] [--bits T] [--batch B] [--threads N] [--check]

All weights of a network are one matrix, with the rows of the units above the row of the output. A step, forward or
backward, is then one batched product over the networks, and Adam updates all weights at once:

    w [H + 1][2 + H] = (w_xh^T w_hh^T ; 0 w_hy^T)        (h[t+1] ; y[t-1]) = sigmoid(w (x[t] ; h[t]))"""
import ctypes
import os
import sys

import population

args = population.options(__doc__)
os.environ["OMP_NUM_THREADS"] = str(args.threads)

try:
    import torch  # noqa: E402  (reads the variable)
except ImportError:
    sys.exit("PyTorch is missing: pip install torch")

# Memory that is freed stays with the process, as in torch_batched.py.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
    ctypes.CDLL(None).mallopt(parameter, 2 ** 25)

WORDS = ((8, torch.uint8), (16, torch.int16), (32, torch.int32))
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
torch.set_grad_enabled(False)


class Group:
    name = "torch population"
    version = f"PyTorch {torch.__version__}" + (", MKL" if torch.backends.mkl.is_available() else "")

    def __init__(self, nets, hidden, bits, batch, seed):
        word = next(kind for width, kind in WORDS if bits <= width)
        self.hidden, self.bits, self.batch = hidden, bits, batch
        self.generator = torch.Generator().manual_seed(seed)
        self.operands = torch.empty(2, nets, batch, dtype=word)
        self.shifts = torch.arange(bits, dtype=word)[:, None, None]
        self.w = torch.empty(nets, hidden + 1, 2 + hidden).uniform_(-1, 1, generator=self.generator)
        self.w[:, hidden, :2] = 0
        self.dw, self.m, self.v, self.scratch = (torch.zeros_like(self.w) for _ in range(4))
        self.updates = 0
        self.z = torch.zeros(bits + 1, nets, 2 + hidden, batch)  # [t]: x[t] above h[t]
        self.target = torch.empty(bits, nets, batch)
        self.y = torch.empty(bits, nets, batch)
        self.sums = torch.empty(nets, hidden + 1, batch)
        self.deltas = torch.empty(nets, hidden + 1, batch)  # those of the units of a step above dy of the one before
        self.back = torch.empty(nets, hidden, batch)

    @staticmethod
    def settings(threads):
        return [(threads, group) for group in (32, 64, 128, 256)] + [(1, group) for group in (256, 1024)]

    @staticmethod
    def use_threads(count):
        torch.set_num_threads(max(count, 1))
        torch.set_grad_enabled(False)

    def draw(self):
        torch.randint(2 ** (self.bits - 1), self.operands.shape, generator=self.generator, out=self.operands)
        a, b = self.operands
        for rows, numbers in ((self.z[:-1, :, 0], a), (self.z[:-1, :, 1], b), (self.target, a + b)):
            rows.copy_(numbers >> self.shifts & 1)

    def forward(self):
        z, y, hidden = self.z, self.y, self.hidden
        for t in range(self.bits + 1):
            torch.bmm(self.w, z[t], out=self.sums)
            if t < self.bits:
                torch.sigmoid(self.sums[:, :hidden], out=z[t + 1, :, 2:])
            if t > 0:
                torch.sigmoid(self.sums[:, hidden], out=y[t - 1])

    def backward(self):
        """The mean gradient into dw."""
        z, y, dw, deltas, hidden = self.z, self.y, self.dw, self.deltas, self.hidden
        dy = (self.target - y).div_(self.batch)
        sigmoid_backward(dy, y, grad_input=dy)
        w_back = self.w[:, :, 2:].mT
        dw.zero_()
        deltas.zero_()
        for t in reversed(range(self.bits)):
            deltas[:, hidden] = dy[t]
            dw.baddbmm_(deltas, z[t + 1].mT)
            torch.bmm(w_back, deltas, out=self.back)
            sigmoid_backward(self.back, z[t + 1, :, 2:], grad_input=deltas[:, :hidden])
        deltas[:, hidden] = 0
        dw.baddbmm_(deltas, z[0].mT)
        dw[:, hidden, :2] = 0  # the output sees no input

    def adam(self):
        self.updates += 1
        root = (1 - population.BETA2 ** self.updates) ** 0.5
        self.m.lerp_(self.dw, 1 - population.BETA1)
        self.v.mul_(population.BETA2).addcmul_(self.dw, self.dw, value=1 - population.BETA2)
        torch.sqrt(self.v, out=self.scratch).add_(population.EPSILON * root)
        self.w.addcdiv_(self.m, self.scratch, value=population.RATE * root / (1 - population.BETA1 ** self.updates))

    def train(self, updates):
        for _ in range(updates):
            self.draw()
            self.forward()
            self.backward()
            self.adam()

    def parts(self, w):
        """Of the one matrix: w_xh, w_hh, w_hy."""
        return w[:, :self.hidden, :2].mT, w[:, :self.hidden, 2:].mT, w[:, self.hidden, 2:]

    @property
    def weights(self):
        return self.parts(self.w)

    def put(self, weights):
        for part, values in zip(self.parts(self.w), weights):
            part.copy_(torch.from_numpy(values))

    def problems(self):
        self.draw()
        return self.z[:-1, :, :2].transpose(0, 1), self.target.transpose(0, 1)

    def gradient(self, x, target):
        self.z[:-1, :, :2] = torch.from_numpy(x).transpose(0, 1)
        self.target[:] = torch.from_numpy(target).transpose(0, 1)
        self.forward()
        self.backward()
        return self.parts(self.dw)

    def update(self, x, target):
        self.gradient(x, target)
        self.adam()


if __name__ == "__main__":
    population.main(Group, args)
