#!/usr/bin/env python3
"""Draws the hidden states of a proved network and the cells of its certificate, as SVG.

    bench/plot_cells.py MODEL CERTIFICATE -o cells.svg [--program build/carrynet]

MODEL holds one network of a task with two states and one output, such as add; CERTIFICATE is the output of `carrynet prove`.
The network steps random words and words with long carry chains, in float64. Every state h that it reaches is a point in the
plane of two linear functions of h. x is a probe for the automaton's state (the carry) after the step, fitted by least
squares with a small ridge, since units that hardly move would otherwise dominate; y is the logit of the output bit just
written, b_y + h w_hy, not orthogonalised to x. Coinciding points are drawn once. Cells are ellipsoids
(host/verify/CERTIFICATE.md), so ellipses here. From a cell every word leads back into a cell once one of the words of the
cell's tree has been read; the states in between may lie in no cell. The cross is h_0.

With --program, `carrynet verify` checks the certificate; its margin is in the title and shown as the grey band, which
contains no step's logit of any word. Cells are wider than the sets mapped into them, and may reach into the band.
Standard output says where the carries lie along the probe and along the line through their means, with the error of the
best threshold on each, and how many of the states that the trees lead into a cell lie in the cell."""
import argparse
import hashlib
import html
import json
import subprocess
import sys

import numpy

WORDS, STEPS, POINTS, RIDGE = 2000, 48, 1500, 0.01
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 600, 66, 18, 104, 52
COLOURS = "#0072b2", "#d55e00"


def read_model(path):
    """The parameters of the file's one network, in float64, the name of its task, and the digest that certificates have."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    metadata, net = header.pop("__metadata__"), {}
    (networks, inputs, hidden), outputs = header["w_xh"]["shape"], header["w_hy"]["shape"][2]
    if networks != 1:
        sys.exit(f"{path}: {networks} networks; a picture is of one")
    bits = int(header["w_xh"]["dtype"][1:])
    for name, tensor in header.items():
        net[name] = numpy.frombuffer(data[slice(*tensor["data_offsets"])], f"<f{bits // 8}").astype(float).reshape(tensor["shape"][1:])
    line = f"carrynet network {bits} {inputs} {hidden} {outputs} {int('b_h' in net)} {int('h_0' in net)}\n"
    for name, size in (("b_h", hidden), ("b_y", outputs), ("h_0", hidden)):
        net.setdefault(name, numpy.zeros(size))
    return net, json.loads(metadata["task"])["name"], hashlib.sha256(line.encode() + data).hexdigest()


def read_certificate(path, digest):
    """The task's table, the cells (state, centre, r B) and the trees of the file's first certificate."""
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file]
    if lines[2] != ["network", digest]:
        sys.exit(f"{path}: the first certificate is of another network")
    inputs, outputs, states, start = map(int, lines[3][1:])
    if (outputs, states) != (1, 2):
        sys.exit(f"{path}: {states} states and {outputs} outputs; a picture is of two states and one output")
    table = [[int(word) for word in line[2:] if word not in ("next", "out")] for line in lines[4:6]]
    hidden, bases, cells, trees = int(lines[6][1]), [], [], []
    for at, line in enumerate(lines):
        if line[0] == "basis":
            bases.append(numpy.array([list(map(float.fromhex, row)) for row in lines[at + 1:at + 1 + hidden]]))
        elif line[0] == "cell":
            cells.append((int(line[1]), numpy.array(list(map(float.fromhex, line[4:]))), float.fromhex(line[3]) * bases[int(line[2])]))
        elif line[0] == "tree":
            trees.append(read_tree(iter(line[1:]), 1 << inputs))
        elif line[0] == "digest":
            break
    return numpy.array(table).reshape(states, 2, -1), start, cells, trees


def read_tree(words, symbols):
    word = next(words)
    return [read_tree(words, symbols) for _ in range(symbols)] if word == "*" else int(word)


def draw_words(random, table):
    """[WORDS][STEPS] symbols: a half at random; a half chains of symbols that keep every state, seldom broken."""
    words = random.integers(table.shape[2], size=(WORDS, STEPS))
    keep = [a for a in range(table.shape[2]) if all(table[q, 0, a] == q for q in range(2))] or range(table.shape[2])
    chains = (numpy.arange(WORDS) % 2 == 1)[:, None] & (random.random((WORDS, STEPS)) < 0.92)
    return numpy.where(chains, random.choice(keep, size=words.shape), words)


def step_words(net, words, table, start, cells, trees):
    """The states h, carries and outputs after every step, and |u| of every state that a tree leads into a cell."""
    bits = numpy.arange(len(net["w_xh"]))
    states, radii, node = [], [], [trees[0]] * len(words)
    h, q = numpy.tile(net["h_0"], (len(words), 1)), numpy.full(len(words), start)
    for symbols in words.T:
        z = net["b_h"] + (symbols[:, None] >> bits & 1) @ net["w_xh"] + h @ net["w_hh"]
        h = 1 / (1 + numpy.exp(-z))
        q, output = table[q, 0, symbols], table[q, 1, symbols]
        states.append((h, q, output))
        node = [tree[symbol] for tree, symbol in zip(node, symbols)]
        for i, cell in enumerate(node):
            if isinstance(cell, int):
                state, centre, basis = cells[cell]
                radii.append(numpy.linalg.norm(numpy.linalg.solve(basis.T, h[i] - centre)) if state == q[i] else numpy.inf)
                node[i] = trees[cell + 1]
    return *(numpy.concatenate(part) for part in zip(*states)), numpy.array(radii)


def separation(name, values, carry):
    """Says where the two carries lie along a line, and the share of states on the wrong side of the best threshold."""
    order = numpy.argsort(values)
    ones = numpy.concatenate(([0], numpy.cumsum(carry[order])))
    wrong = ones + (len(carry) - ones[-1]) - (numpy.arange(len(carry) + 1) - ones)
    sides = [values[carry == q] for q in range(2)]
    spans = (f"{q}: {side.min():.3f} to {side.max():.3f}, mean {side.mean():.3f}" for q, side in enumerate(sides))
    print(f"{name}: {'; '.join(spans)}; error {wrong.min() / len(carry):.2%}")


def text(x, y, words, style=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{words}</text>'


def ticks(low, high):
    step = next(s for s in (10.0 ** e * m for e in range(-6, 7) for m in (1, 2, 5)) if (high - low) / s <= 8)
    return [(step * i, f"{step * i:g}".replace("-", "−")) for i in range(int(numpy.ceil(low / step)), int(high // step) + 1)]


def marks(carry, output, points):
    fill = f'fill="{COLOURS[carry]}" fill-opacity="0.5"' if output else 'fill="#fff"'
    shape = '<circle cx="{:.1f}" cy="{:.1f}" r="3"/>' if output else '<path d="M{:.1f} {:.1f}m-2.6 -2.6h5.2v5.2h-5.2z"/>'
    return f'<g stroke="{COLOURS[carry]}" stroke-width="0.8" {fill}>' + "\n".join(shape.format(*point) for point in points) + "</g>"


def ellipse(state, x, y, rx, ry, turn):
    return (f'<ellipse rx="{rx:.2f}" ry="{ry:.2f}" transform="translate({x:.1f} {y:.1f}) rotate({turn:.2f})" '
            f'fill="{COLOURS[state]}" fill-opacity="0.05" stroke="{COLOURS[state]}" stroke-width="0.9"/>')


def draw(net, task, cells, plane, offset, hidden, carry, output, margin):
    """The picture. plane [H][2] and offset [2] give x and y of a state."""
    points, start = hidden @ plane + offset, net["h_0"] @ plane + offset
    centres, shapes = [c @ plane + offset for _, c, _ in cells], [basis @ plane for _, _, basis in cells]
    halves = numpy.linalg.norm(shapes, axis=1)
    shown = numpy.vstack((points, centres - halves, centres + halves, start))
    low, high = (1.04 * end - 0.04 * other for end, other in ((shown.min(0), shown.max(0)), (shown.max(0), shown.min(0))))
    scale = numpy.array([WIDTH - LEFT - RIGHT, TOP + BOTTOM - HEIGHT]) / (high - low)
    shift = numpy.array([LEFT, HEIGHT - BOTTOM]) - low * scale
    pixels = points * scale + shift
    apart = numpy.unique(numpy.column_stack((numpy.round(pixels), carry, output)), axis=0, return_index=True)[1]
    kept = numpy.random.default_rng(1).permutation(apart)[:POINTS]
    name, right, floor = {"add": "carry", "sub": "borrow"}.get(task, "state"), WIDTH - RIGHT, HEIGHT - BOTTOM
    title = f"Hidden states of a network that is {'proved' if margin else 'trained'} to {html.escape(task)}: {len(cells)} cells"
    halo = f'stroke="{"#eee" if margin else "#fff"}" stroke-width="5" paint-order="stroke"'
    svg = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
           'font-family="sans-serif" font-size="13" fill="#222">', f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
           text(LEFT, 32, title + (f", margin {margin:.3g}" if margin else ""), 'font-size="18"')]
    if margin:
        y = [m * scale[1] + shift[1] for m in (margin, -margin)]
        svg.append(f'<rect x="{LEFT}" y="{y[0]:.1f}" width="{right - LEFT}" height="{y[1] - y[0]:.1f}" fill="#eee"/>')
    middle, end, grid = 'text-anchor="middle"', 'text-anchor="end"', ""
    for x, label in ticks(low[0], high[0]):
        grid += f"M{x * scale[0] + shift[0]:.1f} {floor}V{TOP}"
        svg.append(text(x * scale[0] + shift[0], floor + 18, label, middle))
    for y, label in ticks(low[1], high[1]):
        grid += f"M{LEFT} {y * scale[1] + shift[1]:.1f}H{right}"
        svg.append(text(LEFT - 8, y * scale[1] + shift[1] + 4, label, end))
    svg += [f'<path d="{grid}" stroke="#ddd"/>',
            f'<rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{floor - TOP}" fill="none" stroke="#888"/>',
            text((LEFT + right) / 2, HEIGHT - 12, f"linear probe for the {name} after the step, fitted to −1 and 1", middle),
            text(-(TOP + floor) / 2, 22, "logit of the output bit just written", middle + ' transform="rotate(-90)"')]
    if margin:
        svg.append(text(right - 10, shift[1] + 18, f"margin {margin:.3g}: no word brings an output here", f"{end} {halo}"))
    for (state, _, _), centre, shape in zip(cells, centres * scale + shift, shapes * scale):
        _, radii, axes = numpy.linalg.svd(shape, full_matrices=False)
        svg.append(ellipse(state, *centre, *radii, numpy.degrees(numpy.arctan2(axes[0, 1], axes[0, 0]))))
    x, y = start * scale + shift
    svg += [f'<path d="M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10" stroke="#222" stroke-width="2"/>',
            text(x + 11, y + 4, "h_0, the start", halo)]
    for q in range(2):
        for x, o in ((LEFT, 1), (LEFT + 170, 0)):
            svg += [marks(q, o, [pixels[i] for i in kept if (carry[i], output[i]) == (q, o)]), marks(q, o, [(x + 5, 57 + 22 * q)]),
                    text(x + 16, 61 + 22 * q, f"{name} {q}, output {o}")]
        svg += [ellipse(q, LEFT + 352, 57 + 22 * q, 12, 7, 0), text(LEFT + 371, 61 + 22 * q, f"cell of {name} {q}")]
    return "\n".join(svg + ["</svg>"]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("certificate")
    parser.add_argument("-o", "--output", default="cells.svg")
    parser.add_argument("--program", help="carrynet, to check the certificate")
    args = parser.parse_args()
    net, task, digest = read_model(args.model)
    table, start, cells, trees = read_certificate(args.certificate, digest)
    margin = None
    if args.program:
        out = subprocess.run([args.program, "verify", "--json", args.model, args.certificate], stdout=subprocess.PIPE)
        if out.returncode != 0:
            sys.exit(f"{args.certificate}: not accepted")
        margin = json.loads(out.stdout)["checked"][0]["margin"]
    words = draw_words(numpy.random.default_rng(0), table)
    hidden, carry, output, radii = step_words(net, words, table, start, cells, trees)

    mean = hidden.mean(axis=0)
    spread, wanted = hidden - mean, 2 * carry - 2 * carry.mean()
    probe = numpy.linalg.solve(spread.T @ spread + RIDGE * len(hidden) * numpy.eye(len(mean)), spread.T @ wanted)
    plane = numpy.column_stack((probe, net["w_hy"][:, 0]))
    offset = numpy.array([2 * carry.mean() - 1 - mean @ probe, net["b_y"][0]])
    logits = hidden @ plane[:, 1] + offset[1]
    between = hidden[carry == 1].mean(axis=0) - hidden[carry == 0].mean(axis=0)
    wrong = numpy.sum((logits > 0) != output)
    print(f"{len(hidden)} states of {len(words)} words; {wrong} wrong outputs, least |logit| {abs(logits).min():.3f}")
    print(f"{numpy.sum(radii <= 1)} of {len(radii)} states that the trees lead into a cell lie in it, |u| up to {radii.max():.3f}")
    separation("probe", hidden @ probe + offset[0], carry)
    separation("along the line through the means", spread @ between / numpy.linalg.norm(between), carry)
    with open(args.output, "w", encoding="utf-8") as file:
        file.write(draw(net, task, cells, plane, offset, hidden, carry, output, margin))


if __name__ == "__main__":
    main()
