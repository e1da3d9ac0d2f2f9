#!/usr/bin/env python3
"""On demand: adders trained in PyTorch, imported, evaluated, proved; its numbers against those of PyTorch.

    import_torch.py PROGRAM [--networks 20] [--seed 0] [--hidden 8] [--keep FOLDER]

PROGRAM is the carrynet program. Trains nn.RNN (tanh) with a linear head on sums of 7-bit numbers, float32, a network a
seed, saves each as safetensors and by numpy.savez_compressed, imports both, and checks that they are one network, that
`eval` finds as many wrong sums as PyTorch itself, that y agrees to 1e-5 over all 16,384 sums (`carrynet states`), and
what `prove --arithmetic any` says. Needs PyTorch and NumPy; without them it prints SKIP and ends with 0.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"SKIP: {error}: PyTorch and NumPy are needed (pip install torch numpy)")
    sys.exit(0)

BITS = 7
STEPS = BITS + 1


class Adder(torch.nn.Module):
    """What a user would write: an nn.RNN without options, and a linear head that gives the logit of a bit."""

    def __init__(self, hidden):
        super().__init__()
        self.rnn = torch.nn.RNN(2, hidden, batch_first=True)
        self.fc = torch.nn.Linear(hidden, 1)

    def forward(self, x):
        return self.fc(self.rnn(x)[0])


def problems():
    """All sums: inputs [16384, 8, 2] and bits of the sum [16384, 8, 1], lowest bit first."""
    a, b = np.divmod(np.arange(4**BITS), 2**BITS)
    bits = np.arange(STEPS)
    x = np.stack([a[:, None] >> bits & 1, b[:, None] >> bits & 1], axis=2)
    y = ((a + b)[:, None] >> bits & 1)[:, :, None]
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32), a, b


def train(seed, hidden, x, y, most=3000):
    """Trains until every sum is right, and half as long again, so that it is not just so; returns the network and its updates."""
    torch.manual_seed(seed)
    net = Adder(hidden)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    loss = torch.nn.BCEWithLogitsLoss()
    end = most
    for update in range(most):
        if update == end:
            break
        rows = torch.randint(len(x), (64,))
        optimizer.zero_grad()
        loss(net(x[rows]), y[rows]).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        if end == most and update % 50 == 49:
            with torch.no_grad():
                if ((net(x) > 0) == (y > 0)).all():
                    end = min(most, update + update // 2)
    return net, update


def save_safetensors(path, state):
    """The format in ten lines, so that no package is needed: length, JSON header, data."""
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in state.items():
        array = tensor.numpy().astype("<f4")
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + data)


def run(program, *words, codes=(0,)):
    result = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                            env={**os.environ, "CARRYNET_DEVICE": "reference"})
    if result.returncode not in codes:
        sys.exit(f"carrynet {' '.join(words)}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--networks", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the first network")
    parser.add_argument("--hidden", type=int, default=8)
    parser.add_argument("--keep", metavar="FOLDER", help="leave the files there")
    options = parser.parse_args()
    program = os.path.abspath(options.program)
    torch.set_num_threads(1)
    x, y, a, b = problems()
    verdicts, worst, failed = [], 0.0, 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or temporary
        os.makedirs(folder, exist_ok=True)
        for seed in range(options.seed, options.seed + options.networks):
            net, updates = train(seed, options.hidden, x, y)
            name = os.path.join(folder, f"adder-{seed}")
            save_safetensors(name + ".torch.safetensors", net.state_dict())
            np.savez_compressed(name + ".npz", **{k: v.numpy() for k, v in net.state_dict().items()})
            said = run(program, "import", name + ".torch.safetensors", "--cell", "tanh", "-o", name + ".safetensors")
            run(program, "import", name + ".npz", "--cell", "tanh", "-o", name + ".2")
            run(program, "states", name + ".safetensors", "-o", name + ".states.npz")
            run(program, "states", name + ".2", "-o", name + ".states.2.npz")
            states, again = np.load(name + ".states.npz"), np.load(name + ".states.2.npz")
            same = all(np.array_equal(states[key], again[key]) for key in states.files)
            with torch.no_grad():
                z = net(x)
                wrong = int(((z > 0) != (y > 0)).any(dim=1).sum())
                theirs = torch.sigmoid(z).numpy()
            order = states["operands"] @ np.array([2**BITS, 1], dtype=np.uint64)
            difference = float(np.abs(states["y"] - theirs[order]).max())
            found = json.loads(run(program, "eval", name + ".safetensors", "--json", codes=(0, 1)).stdout)["wrong"]
            proof = json.loads(run(program, "prove", name + ".safetensors", "--arithmetic", "any", "--json",
                                   codes=(0, 1, 5)).stdout)
            verdict = proof["networks"][0]["verdict"]
            good = same and found == wrong and difference < 1e-5 and "any` speaks of" in said.stdout
            failed += not good
            worst = max(worst, difference)
            verdicts.append(verdict)
            print(f"seed {seed}: {updates} updates, {wrong} wrong sums in PyTorch, {found} in Carrynet, largest "
                  f"difference of y {difference:.2g}, {verdict}{'' if good else '  FAILED'}", flush=True)
    print(f"{options.networks} networks, {failed} failed; largest difference of y {worst:.2g}; "
          + ", ".join(f"{verdicts.count(v)} {v}" for v in sorted(set(verdicts))))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
