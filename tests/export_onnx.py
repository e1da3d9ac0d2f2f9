#!/usr/bin/env python3
"""Exported ONNX models, read by ONNX's checker and run by ONNX Runtime, against Carrynet's own bits.

    export_onnx.py PROGRAM CC

Every 8-bit sum of an exact adder, and networks of other shapes, with biases, an h_0, three inputs and float64 (which ONNX
Runtime's RNN does not have: ONNX's reference evaluator runs it). Carrynet's z come from the exported C file, which
test_export.c holds to the reference bit by bit. Where the packages onnx, onnxruntime and numpy are missing, the Python that
CARRYNET_PYTHON names is tried, and else the test is skipped.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    import onnxruntime
    from onnx.reference import ReferenceEvaluator
    from onnx.reference.ops.op_rnn import RNN_14
except ImportError as missing:
    python = os.environ.get("CARRYNET_PYTHON", "")
    if python and "CARRYNET_PYTHON_TRIED" not in os.environ:
        os.execve(python, [python] + sys.argv, {**os.environ, "CARRYNET_PYTHON_TRIED": "1"})
    print(f"SKIP: ONNX models are not run: {missing}. pip install onnx onnxruntime numpy, and name that Python in CARRYNET_PYTHON")
    sys.exit(0)

PROGRAM, CC = os.path.abspath(sys.argv[1]), sys.argv[2]

DRIVER = r"""
#include "net.c"
#include <stdio.h>
int main(void)
{
    REAL h[NET_HIDDEN], z[NET_OUTPUTS];
    for (int c = getchar(); c != EOF; c = getchar())
        if (c == 255) {
            net_start(h);
        } else {
            net_forward(z, h, (unsigned)c);
            if (fwrite(z, sizeof z, 1, stdout) != 1)
                return 1;
        }
    return 0;
}
"""


class RNN(RNN_14):
    """ONNX's reference evaluator knows tanh alone."""
    op_domain = ""

    def choose_act(self, name, alpha, beta):
        assert name == "Sigmoid", name
        return lambda x: 1 / (1 + np.exp(-x))


def carrynet(*words):
    subprocess.run([PROGRAM, *words], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "CARRYNET_DEVICE": "reference"})


def add_start(path):
    """Puts an h_0 into a model file: safetensors, a length, a JSON header and the values."""
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    networks, _, hidden = header["w_xh"]["shape"]
    wide = header["w_xh"]["dtype"] == "F64"
    values = np.random.default_rng(3).uniform(0, 1, networks * hidden).astype("<f8" if wide else "<f4").tobytes()
    header["h_0"] = {"dtype": header["w_xh"]["dtype"], "shape": [networks, hidden], "data_offsets": [len(data), len(data) + len(values)]}
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data + values)


def logits(symbols, outputs, precision):
    """Carrynet's z [time][batch][outputs] for symbols [batch][time], from net.c."""
    with open("driver.c", "w", encoding="utf-8") as file:
        file.write(DRIVER)
    real = {"fp32": "float", "fp64": "double"}[precision]
    subprocess.run([CC, "-std=c99", "-O2", f"-DREAL={real}", "driver.c", "-o", "driver", "-lm"], check=True)
    batch, time = symbols.shape
    anew = np.full((batch, 1), 255, np.uint8)
    run = subprocess.run(["./driver"], check=True, stdout=subprocess.PIPE, input=np.hstack([anew, symbols]).tobytes())
    return np.frombuffer(run.stdout, np.float32 if precision == "fp32" else np.float64).reshape(batch, time, outputs).transpose(1, 0, 2)


def check_model(label, model, task, precision, shape):
    """What the file says of itself."""
    onnx.checker.check_model(model, full_check=True)
    hidden, bias, start = shape
    kind = onnx.TensorProto.FLOAT if precision == "fp32" else onnx.TensorProto.DOUBLE
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights = np.load("net.npz")
    said = {entry.key: entry.value for entry in model.metadata_props}
    rnn, = [node for node in model.graph.node if node.op_type == "RNN"]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in rnn.attribute}
    assert model.producer_name == "carrynet" and model.producer_version and model.opset_import[0].version >= 14, label
    assert json.loads(said["task"])["name"] == task and said["arithmetic"] == "1" and said["precision"] == precision, label
    assert attributes == {"activations": [b"Sigmoid"], "direction": b"forward", "hidden_size": hidden, "layout": 0}, label
    for put in (model.graph.input[0], model.graph.output[0]):
        assert put.type.tensor_type.elem_type == kind and put.doc_string, label
        assert [d.dim_param for d in put.type.tensor_type.shape.dim[:2]] == ["time", "batch"], label
    assert f"(task {task})" in model.doc_string and "least significant" in model.doc_string, label
    assert set(weights) == {"w_xh", "w_hh", "w_hy"} | ({"b_h", "b_y"} if bias else set()) | ({"h_0"} if start else set()), label
    assert np.array_equal(arrays["W"][0], weights["w_xh"].T) and np.array_equal(arrays["R"][0], weights["w_hh"].T), label
    assert np.array_equal(arrays["w_hy"], weights["w_hy"]) and ("B" in arrays) == bias and ("h_0" in arrays) == start, label
    if bias:
        assert np.array_equal(arrays["B"][0], np.concatenate([weights["b_h"], 0 * weights["b_h"]])), label
        assert np.array_equal(arrays["b_y"], weights["b_y"]), label
    if start:
        assert np.array_equal(arrays["h_0"], weights["h_0"][None, None]), label


def compare(label, task, precision, shape, operand_bits, options, tolerance):
    """Every problem with operands of so many bits: the same bits, and the largest difference of y."""
    hidden, bias, start = shape
    carrynet("train", "--task", task, "--precision", precision, "--hidden", str(hidden), *(["--bias"] if bias else []), "-q",
             "-o", "net.safetensors", *options)
    if start:
        add_start("net.safetensors")
    for name in ("net.onnx", "net.npz", "net.c"):
        carrynet("export", "net.safetensors", "-o", name)
    model = onnx.load("net.onnx")
    check_model(label, model, task, precision, shape)
    table = json.loads({entry.key: entry.value for entry in model.metadata_props}["task"])
    inputs, steps = table["inputs"], operand_bits + len(table["closing"])
    problems = np.arange(1 << inputs * operand_bits)
    symbols = np.empty((len(problems), steps), np.uint8)
    for t in range(operand_bits):
        symbols[:, t] = problems >> inputs * t & (1 << inputs) - 1
    symbols[:, operand_bits:] = table["closing"]
    z = logits(symbols, table["outputs"], precision)
    x = (symbols.T[..., None] >> np.arange(inputs) & 1).astype(z.dtype)
    if precision == "fp32":
        session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
        def run(part):
            return session.run(["y"], {"x": part})[0]
    else:
        evaluator = ReferenceEvaluator(model, new_ops=[RNN])
        def run(part):
            return evaluator.run(["y"], {"x": part})[0]
    y, right = run(x), 1 / (1 + np.exp(-z.astype(np.float64)))
    assert y.shape == z.shape and y.dtype == z.dtype, (label, y.shape, y.dtype)
    wrong, difference = np.count_nonzero((y > 0.5) != (z > 0)), np.abs(y - right).max()
    print(f"{label}: {len(problems)} problems of {steps} steps, {wrong} other bits, largest difference {difference:.2e}; "
          f"nearest y to 1/2: {np.abs(right - 0.5).min():.2e}")
    assert wrong == 0 and difference < tolerance < np.abs(right - 0.5).min(), label
    # Time and batch are free: one short sequence alone.
    assert np.abs(run(x[:3, 5:6]) - y[:3, 5:6]).max() < tolerance, label
    return symbols, z


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        symbols, z = compare("add", "add", "fp32", (16, False, False), 8, ["--bits", "9", "--seed", "1"], 1e-5)
        weights = 1 << np.arange(9)
        a, b = ((symbols >> i & 1) @ weights for i in range(2))
        assert np.array_equal((z[..., 0] > 0).T @ weights, a + b), "a sum is wrong"
        compare("biases", "sub", "fp32", (7, True, False), 6, ["--updates", "300"], 1e-5)
        compare("three inputs and a start", "add3", "fp32", (20, False, True), 4, ["--updates", "300"], 1e-4)
        compare("biases and a start, fp64", "add", "fp64", (9, True, True), 5, ["--updates", "100"], 1e-12)
        os.chdir("/")
    print("the same bits")


main()
