#!/usr/bin/env python3
"""PyTorch on the CPU, float32: autograd over a sigmoid cell (torch.nn.RNN has none), the same compiled, or hand-written
BPTT with in-place products and sigmoids.

    torch_batched.py --mode autograd|compiled|bptt [--hidden H] [--bits T] [--batch B] [--threads N] [--check]
"""
import ctypes
import os
import sys

import peer

args = peer.options(__doc__, mode=("bptt", "autograd, compiled or bptt"))
os.environ["OMP_NUM_THREADS"] = str(args.threads)

try:
    import torch  # noqa: E402  (reads the variable)
except ImportError:
    sys.exit("PyTorch is missing: pip install torch")

# Memory that is freed stays with the process, as with the allocators that PyTorch's tuning guide recommends: mapping it
# anew for every temporary array halves the speed of autograd.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
    ctypes.CDLL(None).mallopt(parameter, 2 ** 25)

WORDS = ((8, torch.uint8), (16, torch.int16), (32, torch.int32), (64, torch.int64))
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input


class Block:
    """Problems; the gradient is that of a mode."""
    version = f"PyTorch {torch.__version__}" + (", MKL" if torch.backends.mkl.is_available() else "")

    def __init__(self, hidden, bits, size):
        word = next(kind for width, kind in WORDS if bits <= width)
        self.operands = torch.empty(2, size, dtype=word)
        self.mask = 2 ** (bits - 1) - 1
        self.shifts = torch.arange(bits, dtype=word)[:, None]
        self.z = torch.zeros(bits + 1, 2 + hidden, size)  # [t]: x[t] above h[t]
        self.x = self.z[:bits, :2]
        self.target = torch.empty(bits, 1, size)
        self.y = torch.empty(bits, 1, size)
        self.hidden = hidden

    @staticmethod
    def settings(threads):
        return [(threads, block) for block in (256, 1024, 4096)] + [(1, block) for block in (1024, 4096, 16384)]

    @staticmethod
    def use_threads(count):
        torch.set_num_threads(max(count, 1))

    @staticmethod
    def array(values):
        return torch.from_numpy(values)

    def draw(self):
        a, b = self.operands.random_().bitwise_and_(self.mask)
        for rows, numbers in ((self.x[:, 0], a), (self.x[:, 1], b), (self.target[:, 0], a + b)):
            rows.copy_(numbers >> self.shifts & 1)

    def put(self, x, target):
        self.x.copy_(x)
        self.target.copy_(target)


class Autograd(Block):
    name = "torch autograd"

    @staticmethod
    def outputs(w_xh, w_hh, w_hy, x):
        h, y = torch.sigmoid(w_xh @ x[0]), []
        for bits in x[1:]:
            y.append(w_hy @ h)
            h = torch.sigmoid(torch.addmm(w_xh @ bits, w_hh, h))
        return torch.sigmoid(torch.stack([*y, w_hy @ h]))

    def gradient(self, w, w_hy):
        w_xh, w_hh, w_hy = (part.contiguous().requires_grad_() for part in (w[:, :2], w[:, 2:], w_hy.detach()))
        y = self.outputs(w_xh, w_hh, w_hy, self.x)
        loss = -0.5 * (self.target - y).square().sum()
        d_w_xh, d_w_hh, d_w_hy = torch.autograd.grad(loss, (w_xh, w_hh, w_hy))
        self.y = y.detach()
        return torch.cat((d_w_xh, d_w_hh), dim=1), d_w_hy


class Compiled(Autograd):
    name = "torch compiled"
    outputs = staticmethod(torch.compile(Autograd.outputs))

    @staticmethod
    def settings(threads):
        """One: code is compiled for its sizes and number of threads, and that takes minutes at many steps."""
        return [(threads, 2048)]


class Bptt(Block):
    name = "torch BPTT"

    def __init__(self, hidden, bits, size):
        super().__init__(hidden, bits, size)
        self.deltas = torch.empty(hidden, size), torch.empty(hidden, size)

    @torch.no_grad()
    def gradient(self, w, w_hy):
        z, y, (delta, next_delta) = self.z, self.y, self.deltas
        for t in range(len(y)):
            h = z[t + 1, 2:]
            torch.mm(w, z[t], out=h).sigmoid_()
            torch.mm(w_hy, h, out=y[t])
        y.sigmoid_()
        dy = self.target - y
        sigmoid_backward(dy, y, grad_input=dy)
        dw, dw_hy = torch.zeros_like(w), torch.zeros_like(w_hy)
        for t in reversed(range(len(y))):
            h = z[t + 1, 2:]
            dw_hy.addmm_(dy[t], h.T)
            torch.mul(w_hy.T, dy[t], out=delta)
            if t < len(y) - 1:
                delta.addmm_(w[:, 2:].T, next_delta)
            sigmoid_backward(delta, h, grad_input=delta)
            dw.addmm_(delta, z[t].T)
            delta, next_delta = next_delta, delta
        return dw, dw_hy


if __name__ == "__main__":
    modes = {"autograd": Autograd, "compiled": Compiled, "bptt": Bptt}
    if args.mode not in modes:
        sys.exit(f"no mode {args.mode}: {', '.join(modes)}")
    peer.main(modes[args.mode], args)
