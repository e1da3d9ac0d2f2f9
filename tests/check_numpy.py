#!/usr/bin/env python3
"""Carrynet and NumPy: what `carrynet states` writes opens with numpy.load and is right, and what NumPy writes imports.

    check_numpy.py PROGRAM

The states are compared with the same network computed here, in NumPy, from the model file's own bytes. Without NumPy it
prints SKIP.
"""

import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError:
    print("SKIP: NumPy is needed. Debian, Ubuntu: apt-get install python3-numpy")
    sys.exit(0)

PROGRAM = os.path.abspath(sys.argv[1])


def run(*words, code=0, says=""):
    result = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False,
                            env={**os.environ, "CARRYNET_DEVICE": "reference"})
    text = result.stdout + result.stderr
    # Messages are folded: compared without their line ends.
    assert result.returncode == code, f"carrynet {' '.join(words)}: exit code {result.returncode}, not {code}\n{text}"
    assert says in " ".join(text.split()), f"carrynet {' '.join(words)}: no '{says}' in\n{text}"
    return result.stdout


def read_model(path):
    """The tensors of a safetensors file."""
    with open(path, "rb") as file:
        data = file.read()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + size])
    types = {"F32": "<f4", "F64": "<f8"}
    return {name: np.frombuffer(data[8 + size:][slice(*info["data_offsets"])], types[info["dtype"]]).reshape(info["shape"])
            for name, info in header.items() if name != "__metadata__"}


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def check_states(model, network, steps, words):
    """The states of an adder against NumPy's own, in float64."""
    run("states", model, "-o", "h.npz", "--bits", str(steps), *words)
    states = np.load("h.npz")
    weights = {name: array[network].astype(np.float64) for name, array in read_model(model).items()}
    x, h, y = states["x"], states["h"], states["y"]
    count, hidden = len(x), weights["w_hh"].shape[0]
    assert sorted(states.files) == sorted(["h", "h_0", "y", "x", "target", "state", "operands"])
    assert (x.shape, h.shape, y.shape) == ((count, steps, 2), (count, steps, hidden), (count, steps, 1))
    assert states["state"].shape == (count, steps) and states["operands"].shape == (count, 2)
    assert x.dtype == np.uint8 and states["operands"].dtype == np.uint64
    a, b = states["operands"].astype(object).T  # Python's numbers, whose sums have 65 bits
    for t in range(steps):
        mask = (1 << t) - 1
        assert np.array_equal(x[:, t, 0], a >> t & 1) and np.array_equal(x[:, t, 1], b >> t & 1)
        assert np.array_equal(states["target"][:, t, 0], (a + b) >> t & 1)
        assert np.array_equal(states["state"][:, t], ((a & mask) + (b & mask)) >> t & 1), "the carry"
    before = np.broadcast_to(weights.get("h_0", np.zeros(hidden)), (count, hidden))
    assert np.array_equal(states["h_0"], before[0])
    for t in range(steps):
        after = sigmoid(x[:, t] @ weights["w_xh"] + before @ weights["w_hh"] + weights.get("b_h", 0))
        assert np.abs(h[:, t] - after).max() < 1e-6
        before = h[:, t].astype(np.float64)
        assert np.abs(y[:, t] - sigmoid(before @ weights["w_hy"] + weights.get("b_y", 0))).max() < 1e-6
    return count, h.dtype


def check_import(random):
    """One network by every way NumPy has to write it."""
    weights = {"rnn.weight_ih_l0": random.normal(size=(5, 2)), "rnn.weight_hh_l0": random.normal(size=(5, 5)),
               "rnn.bias_ih_l0": random.normal(size=5), "rnn.bias_hh_l0": random.normal(size=5),
               "fc.weight": random.normal(size=(1, 5)), "fc.bias": random.normal(size=1)}
    for kind in ("<f4", "<f8"):
        first = None
        ways = [("savez", lambda v: v), ("savez_compressed", lambda v: v), ("savez", np.asfortranarray),
                ("savez_compressed", lambda v: v.astype(v.dtype.newbyteorder(">")))]
        for write, change in ways:
            getattr(np, write)("n.npz", **{name: change(value.astype(kind)) for name, value in weights.items()})
            run("import", "n.npz", "--cell", "tanh", "-o", "n")
            with open("n", "rb") as file:
                made = file.read()
            assert made == (first or made), f"{write} of {kind} makes another model"
            first = made
        model = read_model("n")
        assert np.array_equal(model["w_hh"][0], (4 * weights["rnn.weight_hh_l0"].T).astype(kind))
        bias = weights["rnn.bias_ih_l0"].astype(kind).astype(float) + weights["rnn.bias_hh_l0"].astype(kind).astype(float)
        bias = 2 * (bias - weights["rnn.weight_hh_l0"].astype(kind).astype(float).sum(axis=1))
        assert np.abs(model["b_h"][0] - bias).max() < 1e-6 and (model["h_0"] == 0.5).all()
        check_states("n", 0, 6, [])
    # Other types, and arrays without names.
    names = ("rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "rnn.bias_hh_l0", "fc.weight", "fc.bias")
    half = {name: value.astype("<f2") for name, value in weights.items()}
    np.savez("n.npz", **half, epoch=3, config=np.array({"a": 1}, dtype=object), chars=np.array(["0", "1"]))
    run("import", "n.npz", "--cell", "tanh", "-o", "n", says="Passed over, as no part of the network: epoch, config, chars")
    assert np.array_equal(read_model("n")["w_xh"][0], 2 * half["rnn.weight_ih_l0"].T.astype("<f4"))
    np.savez("n.npz", *[half[name] for name in names])
    run("import", "n.npz", "--cell", "tanh", "-o", "o", says="Arrays without names, in order")
    assert all(np.array_equal(array, read_model("n")[name]) for name, array in read_model("o").items())
    whole = {name: np.rint(3 * value).astype(int) for name, value in weights.items()}
    np.savez("n.npz", **whole)
    run("import", "n.npz", "--cell", "sigmoid", "-o", "n")
    assert np.array_equal(read_model("n")["w_hh"][0], whole["rnn.weight_hh_l0"].T.astype("<f4"))
    for kind, says in (("V2", "two raw bytes, as NumPy saves bfloat16"), ("<c8", "descr is '<c8'"), ("O", "is an object")):
        change = (lambda v: v.astype("<f2").view("V2")) if kind == "V2" else (lambda v, kind=kind: v.astype(kind))
        np.savez("bad.npz", **{name: change(value) for name, value in weights.items()})
        run("import", "bad.npz", "--cell", "tanh", "-o", "bad", code=4, says=says)
    np.save("bad.npy", weights["fc.weight"])
    run("import", "bad.npy", "--cell", "tanh", "-o", "bad", code=4, says="a lone NumPy array")
    assert not os.path.exists("bad"), "a bad file left a model behind"


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run("train", "--seed", "3", "--nets", "2", "--bias", "--updates", "60", "-q", "-o", "m")
        assert check_states("m", 0, 8, []) == (16384, np.float32)
        assert check_states("m", 1, 20, ["--net", "1"]) == (1024, np.float32)
        assert check_states("m", 1, 65, ["--net", "1", "--problems", "7"])[0] == 7
        run("states", "m", "--bits", "66", "--problems", "3", "-o", "h.npz")
        assert "operands" not in np.load("h.npz").files, "operands of 65 bits"
        run("train", "--seed", "3", "--precision", "fp64", "--updates", "20", "-q", "-o", "m64")
        assert check_states("m64", 0, 4, []) == (64, np.float64)
        check_import(np.random.default_rng(7))
    print(f"NumPy {np.__version__} and Carrynet read one another's files")


if __name__ == "__main__":
    main()
