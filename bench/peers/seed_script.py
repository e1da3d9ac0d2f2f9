#!/usr/bin/env python3
"""The original script 000 as it is: NumPy float64, one problem at a time, 16 hidden units, 8 steps.

    seed_script.py [--windows N] [--seconds S] [--check]

Its loop is a generator here, so that it can be timed, and its prints go to a file; names and statements are the
script's own. --check compares the prints of 5,000 iterations with a transcript."""
import copy
import io
import itertools
import os
import sys

import peer

args = peer.options(__doc__, batch=1)
args.threads = 1
os.environ["OPENBLAS_NUM_THREADS"] = "1"

try:
    import numpy as np  # noqa: E402  (reads the variable)
except ImportError:
    sys.exit("NumPy is missing: pip install numpy, or apt-get install python3-numpy")

TRANSCRIPT = os.path.join(os.path.dirname(peer.GRADIENTS), "000-100000.txt")


def sigmoid(x):
    output = 1/(1+np.exp(-x))
    return output


def sigmoid_output_to_derivative(output):
    return output*(1-output)


def training(file):
    """The script; every next() is one iteration."""
    np.random.seed(0)
    np.set_printoptions(legacy="1.13")
    int2binary = {}
    binary_dim = 8
    largest_number = pow(2, binary_dim)
    binary = np.unpackbits(np.array([range(largest_number)], dtype=np.uint8).T, axis=1)
    for i in range(largest_number):
        int2binary[i] = binary[i]
    alpha = 0.1
    input_dim = 2
    hidden_dim = 16
    output_dim = 1
    synapse_0 = 2*np.random.random((input_dim, hidden_dim)) - 1
    synapse_1 = 2*np.random.random((hidden_dim, output_dim)) - 1
    synapse_h = 2*np.random.random((hidden_dim, hidden_dim)) - 1
    synapse_0_update = np.zeros_like(synapse_0)
    synapse_1_update = np.zeros_like(synapse_1)
    synapse_h_update = np.zeros_like(synapse_h)
    for j in itertools.count():
        a_int = np.random.randint(largest_number/2)
        a = int2binary[a_int]
        b_int = np.random.randint(largest_number/2)
        b = int2binary[b_int]
        c_int = a_int + b_int
        c = int2binary[c_int]
        d = np.zeros_like(c)
        overallError = 0
        layer_2_deltas = list()
        layer_1_values = list()
        layer_1_values.append(np.zeros(hidden_dim))
        for position in range(binary_dim):
            X = np.array([[a[binary_dim - position - 1], b[binary_dim - position - 1]]])
            y = np.array([[c[binary_dim - position - 1]]]).T
            layer_1 = sigmoid(np.dot(X, synapse_0) + np.dot(layer_1_values[-1], synapse_h))
            layer_2 = sigmoid(np.dot(layer_1, synapse_1))
            layer_2_error = y - layer_2
            layer_2_deltas.append((layer_2_error)*sigmoid_output_to_derivative(layer_2))
            overallError += np.abs(layer_2_error[0])
            d[binary_dim - position - 1] = np.round(layer_2[0][0])
            layer_1_values.append(copy.deepcopy(layer_1))
        future_layer_1_delta = np.zeros(hidden_dim)
        for position in range(binary_dim):
            X = np.array([[a[position], b[position]]])
            layer_1 = layer_1_values[-position-1]
            prev_layer_1 = layer_1_values[-position-2]
            layer_2_delta = layer_2_deltas[-position-1]
            layer_1_delta = (future_layer_1_delta.dot(synapse_h.T) + layer_2_delta.dot(synapse_1.T)) * \
                sigmoid_output_to_derivative(layer_1)
            synapse_1_update += np.atleast_2d(layer_1).T.dot(layer_2_delta)
            synapse_h_update += np.atleast_2d(prev_layer_1).T.dot(layer_1_delta)
            synapse_0_update += X.T.dot(layer_1_delta)
            future_layer_1_delta = layer_1_delta
        synapse_0 += synapse_0_update * alpha
        synapse_1 += synapse_1_update * alpha
        synapse_h += synapse_h_update * alpha
        synapse_0_update *= 0
        synapse_1_update *= 0
        synapse_h_update *= 0
        if (j % 1000 == 0):
            print("Error:" + str(overallError), file=file)
            print("Pred:" + str(d), file=file)
            print("True:" + str(c), file=file)
            out = 0
            for index, x in enumerate(reversed(d)):
                out += x*pow(2, index)
            print(str(a_int) + " + " + str(b_int) + " = " + str(out), file=file)
            print("------------", file=file)
        yield


def check():
    file = io.StringIO()
    for _ in itertools.islice(training(file), 5000):
        pass
    with open(TRANSCRIPT, encoding="utf-8") as transcript:
        good = transcript.read().startswith(file.getvalue()) and file.getvalue().count("True:") == 5
    print(f"seed script: {'ok' if good else 'WRONG'}, what it prints in 5000 iterations")
    return 0 if good else 1


def main():
    if args.check:
        sys.exit(check())
    if (args.hidden, args.bits, args.batch) != (16, 8, 1):
        sys.exit("the script has 16 hidden units, 8 steps and one sequence an update")
    with open(os.devnull, "w", encoding="utf-8") as file:
        iterations = training(file)

        def step():
            next(iterations)
            return 1
        peer.report("seed script", f"NumPy {np.__version__}", args, step)


if __name__ == "__main__":
    main()
