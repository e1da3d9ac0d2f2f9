/*
 * The network, computed in the page. In binary32 every operation is the one that kernels/ARITHMETIC.md specifies, in its order:
 * +, - and / of two float32 values are right when they are rounded once more from double; fma is rounded to odd in double
 * first, so that the second rounding cannot err. In binary64 there is no fma to be had, and plain doubles stand in.
 */
'use strict';

const fround = Math.fround;
const wide = new Float64Array(1), halves = new Uint32Array(wide.buffer);
const narrow = new Float32Array(1), pattern = new Int32Array(narrow.buffer);
wide[0] = 1;
const LOW = halves[0] === 0 ? 0 : 1, HIGH = 1 - LOW;

/* a b + c of float32 values, rounded once. */
function fma(a, b, c) {
  const p = a * b, s = p + c; /* the product is exact in double */
  const t = s - p;
  const rest = (p - (s - t)) + (c - t); /* s + rest is the exact sum */
  if (rest !== 0 && rest === rest) {
    wide[0] = s;
    if ((halves[LOW] & 1) === 0) { /* of the two doubles around the sum, the odd one */
      if ((rest > 0) === (s > 0)) {
        halves[LOW] |= 1;
      } else {
        halves[HIGH] -= halves[LOW] === 0 ? 1 : 0;
        halves[LOW] -= 1;
      }
    }
    return fround(wide[0]);
  }
  return fround(s);
}

function flush32(x) {
  narrow[0] = x;
  return (pattern[0] & 0x7fffffff) < 0x2b800000 ? 0 : x; /* below 2^-40 */
}

function sigmoid32(x) {
  const minusLog2E = -0x1715476 * 2 ** -24, magic = 0x18000fe / 2;
  const c = x < -27 ? -27 : x > 40 ? 40 : x;
  const m = fma(c, minusLog2E, magic);
  const n = fround(m - magic);
  const f = fma(c, minusLog2E, -n);
  let p = 0x15bda4 * 2 ** -30;
  p = fma(p, f, 0x13ce8ac * 2 ** -31);
  p = fma(p, f, 0x1c6b6d8 * 2 ** -29);
  p = fma(p, f, 0x1ebf9c2 * 2 ** -27);
  p = fma(p, f, 0x162e42a * 2 ** -25);
  p = fma(p, f, 1);
  narrow[0] = m;
  pattern[0] <<= 23;
  return fround(1 / fma(p, narrow[0], 1));
}

const operations = {
  32: {fma: fma, add: (a, b) => fround(a + b), sigmoid: sigmoid32, flush: flush32},
  64: {fma: (a, b, c) => a * b + c, add: (a, b) => a + b, sigmoid: x => 1 / (1 + Math.exp(-x)), flush: x => x},
};

/* A network of the page's data: start() gives h, step(h, symbol) gives {h, z, y}. */
function makeNetwork(shape, parameters) {
  const I = shape.inputs, H = shape.hidden, O = shape.outputs;
  const exact = operations[shape.bits];
  const array = list => shape.bits === 32 ? Float32Array.from(list) : Float64Array.from(list);
  const w_xh = array(parameters.w_xh), w_hh = array(parameters.w_hh), w_hy = array(parameters.w_hy);
  const b_h = array(parameters.b_h), b_y = array(parameters.b_y), h_0 = array(parameters.h_0);

  function start() {
    return h_0.length ? h_0.slice() : array(new Array(H).fill(0));
  }

  function step(h, symbol) {
    const next = start(), z = [], y = [];
    for (let j = 0; j < H; ++j) {
      let sum = b_h.length ? b_h[j] : 0;
      for (let i = 0; i < I; ++i)
        if (symbol >> i & 1)
          sum = exact.add(sum, w_xh[i * H + j]);
      for (let k = 0; k < H; ++k)
        sum = exact.fma(h[k], w_hh[k * H + j], sum);
      next[j] = exact.flush(exact.sigmoid(sum));
    }
    for (let o = 0; o < O; ++o) {
      const stripe = new Array(16).fill(0);
      for (let j = 0; j < H; ++j)
        stripe[j % 16] = exact.fma(next[j], w_hy[j * O + o], stripe[j % 16]);
      for (let width = 8; width >= 1; width /= 2)
        for (let k = 0; k < width; ++k)
          stripe[k] = exact.add(stripe[k], stripe[k + width]);
      z.push(b_y.length ? exact.add(b_y[o], stripe[0]) : stripe[0]);
      y.push(exact.flush(exact.sigmoid(z[o])));
    }
    return {h: next, z: z, y: y};
  }

  return {start: start, step: step};
}

/* The page's numbers against those that Carrynet computed: how many there are, how many differ, by how much. */
function compareWithSamples(network, samples) {
  const result = {values: 0, different: 0, most: 0};
  const compare = (mine, theirs) => {
    ++result.values;
    if (mine !== theirs) {
      ++result.different;
      result.most = Math.max(result.most, Math.abs(mine - theirs));
    }
  };
  for (const sample of samples) {
    let h = network.start();
    sample.symbols.forEach((symbol, t) => {
      const at = network.step(h, symbol);
      h = at.h;
      h.forEach((value, j) => compare(value, fixed(sample.h[t][j])));
      at.y.forEach((value, o) => compare(value, fixed(sample.y[t][o])));
    });
  }
  return result;
}

/* ---- the task: a bit automaton, and problems of it ---- */

/* The symbols of whole numbers (BigInt, one an operand), lowest bit first, closing symbols included. */
function packNumbers(task, numbers) {
  const length = Math.max(1, ...numbers.map(number => number === 0n ? 1 : number.toString(2).length));
  const symbols = new Array(length).fill(0);
  numbers.forEach((number, i) => {
    const digits = number.toString(2);
    for (let t = 0; t < digits.length; ++t)
      symbols[t] |= Number(digits[digits.length - 1 - t]) << i;
  });
  return symbols.concat(task.closing);
}

/* Output o of a list of output words as a number. */
function unpackNumber(words, o) {
  let digits = '';
  for (const word of words)
    digits = (word >> o & 1) + digits;
  return digits === '' ? 0n : BigInt('0b' + digits);
}

function answerText(task, words) {
  const numbers = [];
  for (let o = 0; o < task.outputs; ++o)
    numbers.push(unpackNumber(words, o).toString());
  return numbers.join(' ');
}
