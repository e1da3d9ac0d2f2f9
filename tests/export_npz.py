#!/usr/bin/env python3
"""README's NumPy program, as it stands there, adds with an exported NPZ file; and numpy.load gives arrays of the right names and shapes.

    export_npz.py PROGRAM README

Where NumPy is missing, the Python that CARRYNET_PYTHON names is tried, and else the test is skipped.
"""

import os
import re
import subprocess
import sys
import tempfile

try:
    import numpy as np
except ImportError as missing:
    python = os.environ.get("CARRYNET_PYTHON", "")
    if python and "CARRYNET_PYTHON_TRIED" not in os.environ:
        os.execve(python, [python] + sys.argv, {**os.environ, "CARRYNET_PYTHON_TRIED": "1"})
    print(f"SKIP: README's NumPy program is not run: {missing}. apt-get install python3-numpy")
    sys.exit(0)

PROGRAM, README = (os.path.abspath(path) for path in sys.argv[1:3])
SUMS = [(93, 38), (0, 0), (127, 1), (127, 127), (64, 63), (5, 120)]


def carrynet(*words):
    subprocess.run([PROGRAM, *words], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CARRYNET_DEVICE": "reference"})


def main():
    with open(README, encoding="utf-8") as file:
        found = [text for text in re.findall(r"^```python\n(.*?)^```$", file.read(), re.S | re.M) if "add.npz" in text]
    assert len(found) == 1, f"{README}: {len(found)} NumPy programs, not one"
    lines = found[0].count("\n")
    assert lines <= 10, f"{README}: the NumPy program has {lines} lines"
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        carrynet("train", "--seed", "1", "-q", "-o", "add.safetensors")
        carrynet("export", "add.safetensors", "-o", "add.npz")
        with np.load("add.npz") as net:
            shapes = {name: (net[name].shape, net[name].dtype.name) for name in net}
        assert shapes == {"w_xh": ((2, 16), "float32"), "w_hh": ((16, 16), "float32"), "w_hy": ((16, 1), "float32")}, shapes
        with open("add.py", "w", encoding="utf-8") as file:
            file.write(found[0])
        for a, b in SUMS:
            said = subprocess.run([sys.executable, "add.py", str(a), str(b)], check=True, stdout=subprocess.PIPE, text=True).stdout
            assert said == f"{a} + {b} = {a + b}\n", said
        carrynet("train", "--bias", "--precision", "fp64", "--hidden", "5", "--nets", "2", "--updates", "3", "-q", "-o", "two.safetensors")
        carrynet("export", "two.safetensors", "--net", "1", "-o", "two.npz")
        with np.load("two.npz") as net:
            shapes = {name: (net[name].shape, net[name].dtype.name) for name in net}
        sizes = {"w_xh": (2, 5), "w_hh": (5, 5), "w_hy": (5, 1), "b_h": (5,), "b_y": (1,)}
        assert shapes == {name: (size, "float64") for name, size in sizes.items()}, shapes
        os.chdir("/")
    print(f"{lines} lines of NumPy, {len(SUMS)} sums right")


main()
