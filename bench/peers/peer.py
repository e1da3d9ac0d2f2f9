"""Shared by the Python peers: options, training steps over a pool of threads, windows, JSON lines and the check.

A peer is a class Block: `size` sequences that go through all steps together, in arrays with the sequences in the last
dimension. The class has

    name, version, settings         settings(threads): the (workers, sequences per block) worth trying
    Block(hidden, bits, size)
    use_threads(count)              number of threads that the library uses for calls by this thread
    array(numpy_array)              the peer's own kind of array, float32
    draw()                          new random problems: operands below 2^(bits - 1)
    put(x, target)                  given problems: x [bits][2][size], target [bits][1][size]
    x, target                       the problems, in the shapes of put
    gradient(w, w_hy)               descent direction, summed over the block, of w [H][2 + H] (input and hidden weights
                                    side by side, a row per unit) and of w_hy [1][H]

The batch is distributed among `workers` Python threads, each of which processes its share block by block; libraries
release Python's lock while they work. A training step is: problems, forward, BPTT, mean over the batch, update.
"""
import argparse
import json
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor

RATE = 0.1
TOLERANCE = 1e-4
GRADIENTS = os.path.join(os.path.dirname(__file__), "..", "..", "tests", "data", "gradients.json")


def options(doc, **defaults):
    """Reads the command line. Comes before the import of NumPy or PyTorch, which reads the number of threads."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hidden", type=int, default=16)
    parser.add_argument("--bits", type=int, default=8, help="steps of a sequence")
    parser.add_argument("--batch", type=int, default=defaults.pop("batch", 4096), help="sequences an update")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a window")
    parser.add_argument("--wait", action="store_true", help="say when ready, then measure a window for every line read")
    parser.add_argument("--check", action="store_true", help="compare with known answers, measure nothing")
    for name, (value, text) in defaults.items():
        parser.add_argument("--" + name, default=value, type=type(value), help=text)
    return parser.parse_args()


class Training:
    """A network and its steps; the batch in blocks of at most `block` sequences on `workers` threads.

    Where these do not divide the batch that is asked for, the nearest one that they divide takes its place."""

    def __init__(self, block_class, args, workers, block):
        import numpy
        block = min(block, args.batch // workers)
        self.blocks = round(args.batch / (workers * block))
        self.batch = workers * block * self.blocks
        rng = numpy.random.default_rng()
        self.w = block_class.array(rng.uniform(-1, 1, (args.hidden, 2 + args.hidden)).astype(numpy.float32))
        self.w_hy = block_class.array(rng.uniform(-1, 1, (1, args.hidden)).astype(numpy.float32))
        self.parts = [block_class(args.hidden, args.bits, block) for _ in range(workers)]
        self.pool = ThreadPoolExecutor(workers, initializer=block_class.use_threads,
                                       initargs=(args.threads // workers,))

    def share_gradient(self, part):
        part.draw()
        dw, dw_hy = part.gradient(self.w, self.w_hy)
        for _ in range(1, self.blocks):
            part.draw()
            more, more_hy = part.gradient(self.w, self.w_hy)
            dw += more
            dw_hy += more_hy
        return dw, dw_hy

    def step(self, rate=RATE):
        for dw, dw_hy in list(self.pool.map(self.share_gradient, self.parts)):
            self.w += dw * (rate / self.batch)
            self.w_hy += dw_hy * (rate / self.batch)
        return self.batch


def window(step, seconds):
    """Sequences a second; step() does some and says how many."""
    sequences, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        sequences += step()
    return sequences / (time.perf_counter() - start)


def report(name, version, args, step, **more):
    """Measures windows as the options say and prints a JSON line: all windows in one, or one for every line read."""
    def line(windows):
        print(json.dumps({
            "peer": name, "hidden": args.hidden, "bits": args.bits, "batch": args.batch, "threads": args.threads,
            "sequences_per_second": statistics.median(windows) if windows else None, "windows": windows,
            "version": version, **more}), flush=True)
    window(step, args.seconds / 4)
    if args.wait:
        line([])
        for _ in sys.stdin:
            line([window(step, args.seconds)])
    else:
        line([window(step, args.seconds) for _ in range(args.windows)])


def best_training(block_class, args):
    """The fastest of the settings, by short windows."""
    best = (0, None, None)
    seen = set()
    for workers, block in block_class.settings(args.threads):
        block = min(block, args.batch // workers)
        if (workers, block) in seen:
            continue
        seen.add((workers, block))
        training = Training(block_class, args, workers, block)
        training.step()
        training.step()
        speed = window(training.step, args.seconds / 4)
        if speed > best[0]:
            best = (speed, training, {"workers": workers, "block": block, "batch": training.batch})
    return best[1:]


def known_cases():
    """The cases of gradients.json that the peers can do; x and target as [bits][rows][batch]."""
    import numpy
    with open(GRADIENTS, encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        hidden, steps, batch = case["hidden"], case["steps"], case["batch"]
        if (case["inputs"], case["outputs"], case["loss"]) != (2, 1, "squared"):
            continue
        numbers = {key: numpy.array([float.fromhex(value) for value in case[key]]) for key in case
                   if key.startswith(("w_", "grad_"))}
        bit = [[[value >> step & 1 for value in case[key]] for step in range(steps)] for key in "abc"]
        yield {
            "name": case["name"], "hidden": hidden, "steps": steps, "batch": batch,
            "x": numpy.array(bit[:2], numpy.float32).transpose(1, 0, 2),
            "target": numpy.array(bit[2:], numpy.float32).transpose(1, 0, 2),
            "w_xh": numbers["w_xh"].reshape(2, hidden), "w_hh": numbers["w_hh"].reshape(hidden, hidden),
            "w_hy": numbers["w_hy"].reshape(1, hidden),
            "grad_w_xh": numbers["grad_w_xh"].reshape(2, hidden),
            "grad_w_hh": numbers["grad_w_hh"].reshape(hidden, hidden),
            "grad_w_hy": numbers["grad_w_hy"].reshape(1, hidden)}


def compare(name, case, got):
    """Whether gradients agree with the binary64 ones: difference against the largest value of each array."""
    import numpy
    worst = max(float(numpy.abs(got[key] - case[key]).max() / numpy.abs(case[key]).max()) for key in got)
    good = worst <= TOLERANCE
    print(f"{name}: {case['name']}: {'ok' if good else 'WRONG'}, relative difference {worst:.1e}")
    return good


def check(block_class, args):
    """Gradients of the known cases, problems drawn at the sizes given, and a short training that must learn."""
    import numpy
    good = True
    for case in known_cases():
        block = block_class(case["hidden"], case["steps"], case["batch"])
        block.put(block_class.array(case["x"]), block_class.array(case["target"]))
        w = numpy.ascontiguousarray(numpy.vstack([case["w_xh"], case["w_hh"]]).T.astype(numpy.float32))
        dw, dw_hy = block.gradient(block_class.array(w), block_class.array(case["w_hy"].astype(numpy.float32)))
        dw = numpy.array(dw, numpy.float64)
        good &= compare(block_class.name, case, {"grad_w_xh": dw[:, :2].T, "grad_w_hh": dw[:, 2:].T,
                                                 "grad_w_hy": numpy.array(dw_hy, numpy.float64)})

    for bits in (8, 32, 64):
        block = block_class(16, bits, 1000)
        block.draw()
        a, b, c = (numpy.array(rows, numpy.uint64) << numpy.arange(bits, dtype=numpy.uint64)[:, None]
                   for rows in (block.x[:, 0], block.x[:, 1], block.target[:, 0]))
        a, b, c = (rows.sum(axis=0) for rows in (a, b, c))
        right = (a + b == c).all() and max(a.max(), b.max()) < 2 ** (bits - 1) < c.max() and \
            len(set(zip(a.tolist(), b.tolist()))) > 900
        print(f"{block_class.name}: drawn problems of {bits} bits: {'ok' if right else 'WRONG'}")
        good &= bool(right)

    args.hidden, args.bits, args.batch = 16, 8, 64
    training = Training(block_class, args, workers=2, block=16)

    def error():
        block = training.parts[0]
        wrong = 0
        for _ in range(50):
            block.draw()
            block.gradient(training.w, training.w_hy)
            wrong += numpy.abs(numpy.array(block.target - block.y)).sum()
        return wrong / (50 * 16)
    before = error()
    for _ in range(3000):
        training.step(rate=4.0)
    after = error()
    good &= bool(after < before / 2)
    print(f"{block_class.name}: training: {'ok' if after < before / 2 else 'WRONG'}, "
          f"error a sequence {before:.2f}, after 3000 updates {after:.2f}")
    return 0 if good else 1


def main(block_class, args):
    if args.check:
        sys.exit(check(block_class, args))
    training, setting = best_training(block_class, args)
    report(block_class.name, block_class.version, args, training.step, setting=setting)
