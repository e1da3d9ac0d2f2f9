"""Shared by the peers for populations: many networks with their own weights and problems, in groups; and their check.

A peer is a class Group: `nets` networks that go through all steps together. The class has

    name, version, settings         settings(threads): the (workers, networks per group) worth trying
    Group(nets, hidden, bits, batch, seed)      random weights
    use_threads(count)              number of threads that the library uses for calls by this thread
    train(updates)                  each on new random problems: operands below 2^(bits - 1), bits at most 32
    weights, put(weights)           w_xh [nets][2][H], w_hh [nets][H][H], w_hy [nets][H], in a tuple
    problems()                      new ones: x [nets][bits][2][batch], target [nets][bits][batch]
    gradient(x, target)             descent direction, mean over the batch, in the shapes of the weights
    update(x, target)               one update on given problems

The last four are for the check. The groups are distributed among `workers` Python threads; a thread makes UPDATES updates
of a group before the next group, since networks are independent. An update is: problems, forward, BPTT of the squared
error, mean over the batch, Adam:

    m = beta1 m + (1 - beta1) g         v = beta2 v + (1 - beta2) g^2           u: updates so far, including this one
    w = w + rate (m / (1 - beta1^u)) / (sqrt(v / (1 - beta2^u)) + epsilon)
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import peer

RATE, BETA1, BETA2, EPSILON = 0.01, 0.9, 0.999, 1e-8
UPDATES = 8


def options(doc):
    args = peer.options(doc, batch=64, nets=(1024, "networks"))
    if not 2 <= args.bits <= 32:
        sys.exit("populations of 2 to 32 bits")
    return args


class Training:
    """A population in groups of at most `group` networks on `workers` threads.

    Where these do not divide the number that is asked for, the nearest one that they divide takes its place."""

    def __init__(self, group_class, args, workers, group):
        groups = max(1, round(args.nets / (workers * group)))
        self.nets = workers * group * groups
        self.batch = args.batch
        self.parts = [[group_class(group, args.hidden, args.bits, args.batch, seed=worker * groups + i)
                       for i in range(groups)] for worker in range(workers)]
        self.pool = ThreadPoolExecutor(workers, initializer=group_class.use_threads,
                                       initargs=(args.threads // workers,))

    @staticmethod
    def share(groups):
        for group in groups:
            group.train(UPDATES)

    def step(self):
        list(self.pool.map(self.share, self.parts))
        return self.nets * self.batch * UPDATES


def best_training(group_class, args):
    """The fastest of the settings, by short windows."""
    best = (0, None, None)
    seen = set()
    for workers, group in group_class.settings(args.threads):
        workers = min(workers, args.nets)
        group = min(group, args.nets // workers)
        if (workers, group) in seen:
            continue
        seen.add((workers, group))
        training = Training(group_class, args, workers, group)
        training.step()
        speed = peer.window(training.step, args.seconds / 2)
        if speed > best[0]:
            best = (speed, training, {"workers": workers, "group": group, "nets": training.nets})
    return best[1:]


# ---- the check -------------------------------------------------------------------------------------------------------

def plain_gradient(w_xh, w_hh, w_hy, x, target):
    """One network, binary64, sequence in the last dimension, mean over the batch: the equations as they stand."""
    import numpy
    h, y = [numpy.zeros((len(w_hy), x.shape[2]))], []
    for bits in x:
        h.append(1 / (1 + numpy.exp(-(w_xh.T @ bits + w_hh.T @ h[-1]))))
        y.append(1 / (1 + numpy.exp(-(w_hy @ h[-1]))))
    dw_xh, dw_hh, dw_hy = numpy.zeros_like(w_xh), numpy.zeros_like(w_hh), numpy.zeros_like(w_hy)
    dh = numpy.zeros_like(h[0])
    for t in reversed(range(len(x))):
        dy = (target[t] - y[t]) * y[t] * (1 - y[t])
        dh = (w_hh @ dh + numpy.outer(w_hy, dy)) * h[t + 1] * (1 - h[t + 1])
        dw_hy += h[t + 1] @ dy
        dw_hh += h[t] @ dh.T
        dw_xh += x[t] @ dh.T
    return [dw / x.shape[2] for dw in (dw_xh, dw_hh, dw_hy)]


def wide(arrays):
    import numpy
    return [numpy.array(values, numpy.float64) for values in arrays]


def check_gradients(group_class, case):
    """A known case between two networks with other weights and other problems."""
    import numpy
    rng = numpy.random.default_rng(1)
    group = group_class(3, case["hidden"], case["steps"], case["batch"], seed=1)
    weights = [rng.uniform(-1, 1, values.shape).astype(numpy.float32) for values in group.weights]
    x, target = (rng.integers(0, 2, values.shape).astype(numpy.float32) for values in group.problems())
    for values, known in zip(weights, ("w_xh", "w_hh", "w_hy")):
        values[1] = case[known].reshape(values[1].shape)
    x[1], target[1] = case["x"], case["target"][:, 0]
    group.put(weights)
    got = wide(group.gradient(x, target))
    good = True
    names = ("grad_w_xh", "grad_w_hh", "grad_w_hy")
    for net in range(3):
        expected = plain_gradient(*(values[net] for values in wide((*weights, x, target))))
        expected = dict(zip(names, expected), name=f"{case['name']}, network {net}")
        if net == 1:
            expected.update({name: case[name].reshape(expected[name].shape) / case["batch"] for name in names})
        good &= peer.compare(group_class.name, expected, {name: values[net] for name, values in zip(names, got)})
    return good


def check_adam(group_class):
    """Three updates on given problems."""
    import numpy
    group = group_class(4, 16, 8, 64, seed=2)
    weights = wide(group.weights)
    m, v = ([numpy.zeros_like(values) for values in weights] for _ in range(2))
    for u in range(1, 4):
        x, target = (numpy.array(values) for values in group.problems())
        group.update(x, target)
        nets = [plain_gradient(*(values[net] for values in (*weights, *wide((x, target))))) for net in range(4)]
        for i, g in enumerate(map(numpy.stack, zip(*nets))):
            m[i] = BETA1 * m[i] + (1 - BETA1) * g
            v[i] = BETA2 * v[i] + (1 - BETA2) * g * g
            weights[i] += RATE * (m[i] / (1 - BETA1 ** u)) / (numpy.sqrt(v[i] / (1 - BETA2 ** u)) + EPSILON)
    worst = max(numpy.abs(got - values).max() for got, values in zip(wide(group.weights), weights))
    good = bool(worst <= peer.TOLERANCE)
    print(f"{group_class.name}: three updates: {'ok' if good else 'WRONG'}, largest difference {worst:.1e}")
    return good


def check_problems(group_class, bits):
    import numpy
    group = group_class(20, 16, bits, 50, seed=3)
    drawn = [[numpy.array(values, numpy.uint64) for values in group.problems()] for _ in range(2)]
    x, target = (numpy.concatenate(values) for values in zip(*drawn))
    places = numpy.arange(bits, dtype=numpy.uint64)[:, None]
    a, b, c = ((rows << places).sum(axis=1) for rows in (x[:, :, 0], x[:, :, 1], target))
    good = bool((a + b == c).all() and max(a.max(), b.max()) < 2 ** (bits - 1) < c.max() and
                len(set(zip(a.ravel().tolist(), b.ravel().tolist()))) > 1800)
    print(f"{group_class.name}: drawn problems of {bits} bits: {'ok' if good else 'WRONG'}")
    return good


def check_training(group_class):
    """Every network on its own problems must learn."""
    import numpy
    group = group_class(4, 16, 8, 64, seed=4)

    def errors():
        x, target = group.problems()
        w_xh, w_hh, w_hy = wide(group.weights)
        wrong = []
        for net, bits in enumerate(wide([x])[0]):
            h, y = numpy.zeros((16, 64)), []
            for column in bits:
                h = 1 / (1 + numpy.exp(-(w_xh[net].T @ column + w_hh[net].T @ h)))
                y.append(1 / (1 + numpy.exp(-(w_hy[net] @ h))))
            wrong.append(numpy.abs(numpy.array(target[net]) - y).sum() / 64)
        return numpy.array(wrong)
    before = errors()
    for _ in range(100):
        group.train(UPDATES)
    after = errors()
    good = bool((after < before / 2).all())
    print(f"{group_class.name}: training: {'ok' if good else 'WRONG'}, errors a sequence {before.round(2)}, "
          f"after {100 * UPDATES} updates {after.round(2)}")
    return good


def main(group_class, args):
    if args.check:
        good = [check_gradients(group_class, case) for case in peer.known_cases()]
        good += [check_adam(group_class), check_problems(group_class, 8), check_problems(group_class, 32),
                 check_training(group_class)]
        sys.exit(0 if all(good) else 1)
    training, setting = best_training(group_class, args)
    peer.report(group_class.name, group_class.version, args, training.step, nets=args.nets, setting=setting)
