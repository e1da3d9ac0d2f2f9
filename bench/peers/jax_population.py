#!/usr/bin/env python3
"""A population in JAX on the CPU, float32: one network's update, its gradient by jax.grad, vmapped and compiled.

    jax_population.py [--nets N] [--hidden H] [--bits T] [--batch B] [--threads N] [--check]

Each Python thread has one XLA thread, which is faster than XLA's threads within each operation; eight steps of a
sequence are unrolled; a call makes several updates."""
import functools
import os
import sys

import population

args = population.options(__doc__)
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"

try:
    import jax  # noqa: E402  (reads the variables)
    import jax.numpy as jnp
except ImportError:
    sys.exit("JAX is missing: pip install jax")

WORDS = ((8, jnp.uint8), (16, jnp.uint16), (32, jnp.uint32))


# ---- one network -----------------------------------------------------------------------------------------------------

def draw(key, bits, batch):
    """New problems: x [bits][2][batch], target [bits][batch]. Random words are cut where operands are narrower."""
    word = next(kind for width, kind in WORDS if bits <= width)
    size = jnp.dtype(word).itemsize
    words = jax.random.bits(key, (-(-2 * batch * size // 4), 1), jnp.uint32)
    numbers = jax.lax.bitcast_convert_type(words[:, 0], word).reshape(-1)[:2 * batch]
    a, b = (numbers & word(2 ** (bits - 1) - 1)).reshape(2, batch)
    rows = jnp.stack((a, b, a + b)) >> jnp.arange(bits, dtype=word)[:, None, None] & word(1)
    return rows[:, :2].astype(jnp.float32), rows[:, 2].astype(jnp.float32)


def error(weights, x, target):
    w_xh, w_hh, w_hy = weights

    def cell(h, bits):
        h = jax.nn.sigmoid(w_hh.T @ h + w_xh.T @ bits)
        return h, w_hy @ h
    h_0 = jnp.zeros((len(w_hy), target.shape[1]))
    _, z = jax.lax.scan(cell, h_0, x, unroll=8)
    return 0.5 * jnp.square(target - jax.nn.sigmoid(z)).sum() / target.shape[1]


def descent(weights, x, target):
    return jax.tree.map(jnp.negative, jax.grad(error)(weights, x, target))


def adam(state, gradient):
    u = state["updates"] + 1
    rate = population.RATE / (1 - population.BETA1 ** u)
    root = jnp.sqrt(1 - population.BETA2 ** u)
    m = jax.tree.map(lambda m, g: population.BETA1 * m + (1 - population.BETA1) * g, state["m"], gradient)
    v = jax.tree.map(lambda v, g: population.BETA2 * v + (1 - population.BETA2) * g * g, state["v"], gradient)
    weights = jax.tree.map(lambda w, m, v: w + rate * root * m / (jnp.sqrt(v) + population.EPSILON * root),
                           state["weights"], m, v)
    return {"key": state["key"], "updates": u, "weights": weights, "m": m, "v": v}


def update(state, x, target):
    return adam(state, descent(state["weights"], x, target))


def step(state, bits, batch):
    key, problems = jax.random.split(state["key"])
    return update({**state, "key": key}, *draw(problems, bits, batch))


# ---- many ------------------------------------------------------------------------------------------------------------

@functools.partial(jax.jit, static_argnums=(1, 2, 3), donate_argnums=0)
def train(state, updates, bits, batch):
    steps = jax.vmap(functools.partial(step, bits=bits, batch=batch))
    return jax.lax.fori_loop(0, updates, lambda _, state: steps(state), state)


class Group:
    name = "JAX population"
    version = f"JAX {jax.__version__}"

    def __init__(self, nets, hidden, bits, batch, seed):
        self.bits, self.batch = bits, batch
        keys = jax.random.split(jax.random.key(seed), 4)
        weights = tuple(jax.random.uniform(key, (nets, *shape), minval=-1)
                        for key, shape in zip(keys, ((2, hidden), (hidden, hidden), (hidden,))))
        self.state = {"key": jax.random.split(keys[3], nets), "updates": jnp.zeros(nets), "weights": weights,
                      "m": jax.tree.map(jnp.zeros_like, weights), "v": jax.tree.map(jnp.zeros_like, weights)}

    @staticmethod
    def settings(threads):
        return [(threads, group) for group in (32, 64, 128, 256)]

    @staticmethod
    def use_threads(count):
        """Always one in XLA."""

    def train(self, updates):
        self.state = jax.block_until_ready(train(self.state, updates, self.bits, self.batch))

    @property
    def weights(self):
        return self.state["weights"]

    def put(self, weights):
        self.state["weights"] = tuple(map(jnp.array, weights))

    def problems(self):
        keys, problems = jnp.moveaxis(jax.vmap(jax.random.split)(self.state["key"]), 1, 0)
        self.state["key"] = keys
        return jax.vmap(lambda key: draw(key, self.bits, self.batch))(problems)

    def gradient(self, x, target):
        return jax.vmap(descent)(self.weights, x, target)

    def update(self, x, target):
        self.state = jax.vmap(update)(self.state, x, target)


if __name__ == "__main__":
    population.main(Group, args)
