/*
 * The page: reads its data, says and draws it, and runs the network step by step. With a fragment such as #test=93,38 it types
 * these and steps to the end, by the same inputs and buttons as a person. Attributes of the root say data-errors, how often
 * the script failed, data-different, how many values are not Carrynet's, and data-tested, what came out.
 */
const root = document.documentElement;
root.dataset.errors = '0';
function countError() {
  root.dataset.errors = String(Number(root.dataset.errors) + 1);
}
window.addEventListener('error', countError);
window.addEventListener('unhandledrejection', countError);

const data = JSON.parse(byId('data').textContent);
const task = data.task, shape = data.shape, states = data.states;
const fixed = value => value === null ? NaN : shape.bits === 32 ? fround(value) : value;
const network = makeNetwork(shape, data.parameters);
const stateWord = {add: 'carry', add3: 'carry', times3: 'carry', sub: 'borrow'}[task.name] || 'state';
const operandName = i => String.fromCharCode(97 + i);
const grouped = number => Number(number).toLocaleString('en');
const bitsOf = (word, count) => Array.from({length: count}, (_, i) => word >> i & 1).join('');
const equals = task.sign ? ' = ' : ' \u2192 ';
const problems = task.sign === '+' ? 'sums' : task.sign === '-' ? 'differences' : 'problems';

/* ---- what was found ---- */

function paragraph(className, text) {
  return element('p', {class: className}, text);
}

function sayFindings() {
  const e = data.evaluation, p = data.proof;
  byId('summary').textContent = `Task ${task.name}: ${shape.hidden} hidden units, fp${shape.bits}, seed ${data.seed}, ` +
      `${grouped(data.updates)} updates` + (data.networks > 1 ? `; network ${data.network} of ${data.networks}` : '');
  byId('evaluation').append(
      paragraph('head ' + (e.wrong ? 'bad' : 'good'), `${grouped(e.problems - e.wrong)} of ${grouped(e.problems)} ${e.what} right`),
      paragraph('', `${e.operand_bits}-bit operands, ${e.bits} steps: ` + (e.exhaustive ?
          'every problem there is' : 'random problems, carry chains, constant and alternating bits')));
  if (e.wrong)
    byId('evaluation').append(paragraph('', `${grouped(e.wrong)} wrong, with ${grouped(e.wrong_bits)} wrong bits. First wrong: ${e.first_wrong}`));
  const kind = {proved: 'good', refuted: 'bad', unknown: 'open'}[p.verdict];
  p.text.split('\n').forEach((line, i) => {
    if (i === 0 && p.verdict === 'unknown')
      byId('verdict').append(paragraph('head open', 'UNKNOWN'), paragraph('', 'Neither proved nor refuted: ' + line.replace('UNKNOWN: ', '')));
    else
      byId('verdict').append(paragraph(i === 0 ? 'head ' + kind : '', line));
  });
  if (p.verdict === 'proved')
    byId('verdict').append(paragraph('small', 'For numbers of every length, in the arithmetic of kernels/ARITHMETIC.md.'));
  for (const note of data.notes)
    byId('notes').append(element('li', {}, note));
  byId('notes').hidden = data.notes.length === 0;
}

function saySettings() {
  const rows = Object.entries(data.settings).map(([name, value]) => [name.replace(/_/g, ' '), value === null ? 'none' : String(value)]);
  rows.push(['network', `${data.network} of ${data.networks}, seed ${data.seed}`], ['updates made', grouped(data.updates)],
            ['SHA-256 of the network', data.digest], ['checked on', data.device]);
  byId('settings').replaceChildren(element('tbody', {}, ...rows.map(([name, value]) =>
      element('tr', {}, element('th', {scope: 'row'}, name), element('td', {}, value)))));
  byId('made').textContent = `Made by carrynet report, version ${data.version}, from ${data.model}` +
      (data.log ? ` and ${data.log}.` : '.') + ' This file needs no other and asks no server for anything.';
}

/* ---- the course of the training ---- */

function drawCourse() {
  const course = data.course;
  byId('course').hidden = !course;
  if (!course)
    return;
  const bySequences = course.sequences.every(value => value !== null);
  const x = bySequences ? course.sequences : course.updates;
  const xAxis = {least: 0, most: Math.max(...x, 1), title: bySequences ? 'training sequences' : 'updates'};
  const place = byId('course-charts');
  place.replaceChildren();
  const draw = (title, axis, curves) => {
    const box = element('figure', {class: 'chart'});
    place.append(box);
    const chart = makeChart(box, 220, xAxis, axis, title);
    curves.forEach((curve, i) => addCurve(chart, curve.map((y, k) => [x[k], y === null || (axis.logarithmic && y <= 0) ? NaN : y]),
                                          i === 0 ? '' : 'other'));
    box.append(chart.svg);
    return box;
  };
  const losses = course.loss.filter(value => value > 0);
  if (losses.length)
    draw('Loss', {least: Math.min(...losses), most: Math.max(...losses) * 1.0001, logarithmic: true, title: course.loss_name}, [course.loss]);
  const curves = [course.wrong], heldOut = course.held_out.some(value => value !== null);
  if (heldOut)
    curves.push(course.held_out);
  const box = draw('Share of wrong sequences', {least: 0, most: 1, title: 'share of wrong sequences'}, curves);
  if (heldOut)
    box.append(element('figcaption', {}, 'Blue: of the batch; orange: of the problems that are held out.'));
  if (course.several && course.exact.some(value => value !== null))
    draw('Share of networks exact', {least: 0, most: 1, title: 'share of networks exact'}, [course.exact]);
}

/* ---- steps in a table, as `carrynet show` prints them ---- */

function stepHeads() {
  const heads = ['bit'];
  for (let i = 0; i < task.inputs; ++i)
    heads.push(operandName(i));
  heads.push(stateWord, 'hidden units');
  for (let o = 0; o < task.outputs; ++o)
    heads.push('y');
  return heads.concat('out', '');
}

function stepRow(t, symbol, state, h, y, bits, target) {
  const cells = [String(t)];
  for (let i = 0; i < task.inputs; ++i)
    cells.push(String(symbol >> i & 1));
  cells.push(String(state), makeBars(h));
  for (const value of y)
    cells.push(Number.isFinite(value) ? value.toFixed(3) : 'NaN');
  const right = bits === target;
  return cells.concat(bitsOf(bits, task.outputs), element('td', {class: right ? 'left good' : 'left bad'}, right ? 'right' : 'WRONG'));
}

function showSamples() {
  byId('samples-text').textContent = `Bit 0 is the lowest. ${stateWord}: after the step. A bar is a hidden unit, from 0 to 1` +
      (shape.hidden > 64 ? ` (the mean of ${Math.ceil(shape.hidden / 64)}).` : '.') + ' Numbers as Carrynet computed them.';
  for (const sample of data.samples) {
    const table = element('table', {});
    makeTable(table, stepHeads(), sample.symbols.map((symbol, t) =>
        stepRow(t, symbol, sample.states[t], sample.h[t], sample.y[t].map(fixed), sample.bits[t], sample.targets[t])));
    const right = sample.right === sample.given;
    const words = sample.question + equals + sample.right + (right ? ', and so says the network.' : `, but the network says ${sample.given}.`);
    byId('samples').append(element('div', {class: 'sample'}, element('h3', {class: right ? '' : 'bad'}, words),
                                   element('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Steps of ' + sample.question}, table)));
  }
}

/* ---- the network at work ---- */

const DIGITS = 300; /* of a number that is typed: more steps than that nobody reads */
const live = {symbols: [], steps: [], state: 0, h: null, probe: 0, output: 0, inputs: []};

function probeTitle(probe) {
  if (probe.of === 'symbol')
    return 'probe for the symbol that was read';
  if (probe.state !== undefined)
    return `probe for ${stateWord} ${probe.state} (1) or another (0)`;
  return `probe for the ${stateWord}`;
}

function probeValue(h) {
  const weights = states.probes[live.probe].weights;
  let sum = weights[shape.hidden];
  for (let j = 0; j < shape.hidden; ++j)
    sum += weights[j] * h[j];
  return sum;
}

function drawStates() {
  const place = byId('live-chart'), at = states.probes[live.probe].at, O = task.outputs;
  const z = states.states.map((_, p) => states.z[p * O + live.output]);
  const path = live.steps.map(step => [probeValue(step.h), step.z[live.output], step.state]).filter(spot => spot.slice(0, 2).every(Number.isFinite));
  const xs = at.concat(path.map(point => point[0])).filter(Number.isFinite), ys = z.concat(path.map(point => point[1]), 0).filter(Number.isFinite);
  const range = values => {
    const least = values.reduce((a, b) => Math.min(a, b), Infinity), most = values.reduce((a, b) => Math.max(a, b), -Infinity);
    const room = (most - least || 1) * 0.05;
    return {least: least - room, most: most + room};
  };
  const output = O > 1 ? ` of output ${live.output}` : '';
  const chart = makeChart(place, 400, {...range(xs), title: probeTitle(states.probes[live.probe])},
                          {...range(ys), title: `logit${output} (output direction): the bit is 1 above 0`},
                          'Hidden states of many problems, and the path of the network at work');
  chart.svg.append(element('path', {class: 'zero', d: `M52 ${chart.y(0)}H${chart.width - 12}`}));
  at.forEach((x, p) => {
    if (x !== null && Number.isFinite(z[p]))
      chart.svg.append(makePoint(chart.x(x), chart.y(z[p]), 3, states.states[p], task.states, states.right[p] >> live.output & 1));
  });
  const spots = path.map(([x, y, state]) => [chart.x(x), chart.y(y), state]);
  if (spots.length > 1)
    chart.svg.append(element('path', {class: 'path', d: 'M' + spots.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}));
  spots.forEach((spot, t) => {
    if (t + 1 < spots.length) {
      chart.svg.append(element('circle', {class: 'stop', cx: spot[0], cy: spot[1], r: 3}));
      return;
    }
    const here = makePoint(spot[0], spot[1], 8, spot[2], task.states, 1);
    here.setAttribute('class', 'here');
    here.style.stroke = '';
    here.style.fillOpacity = '1';
    chart.svg.append(here);
  });
  place.replaceChildren(chart.svg);
}

function sayStates() {
  const probe = states.probes[live.probe], points = states.states.length;
  const target = probe.of === 'symbol' ? 'symbol' : stateWord;
  const legend = element('ul', {class: 'legend'});
  const entry = (point, words) => {
    const svg = element('svg', {viewBox: '0 0 10 10', 'aria-hidden': 'true'}, point);
    legend.append(element('li', {}, svg, words));
    return point;
  };
  for (let state = 0; state < Math.min(task.states, 16); ++state)
    entry(makePoint(5, 5, 4, state, task.states, 1), `${stateWord} ${state}`);
  const output = task.outputs > 1 ? ` of output ${live.output}` : '';
  entry(makePoint(5, 5, 4, 0, 1, 1), `filled: the right bit${output} is 1`).style.cssText = 'stroke:var(--soft);fill:var(--soft)';
  entry(makePoint(5, 5, 4, 0, 1, 0), 'hollow: it is 0').style.cssText = 'stroke:var(--soft);fill:none';
  byId('states-caption').replaceChildren(legend, `${grouped(points)} hidden states, after each of ${states.steps} steps of ${grouped(states.sequences)} ${problems} that were drawn. ` +
      `The probe, linear in the hidden units and fitted by least squares, is nearer to another ${target} for ${grouped(probe.errors)} of them. ` +
      'The large point is the network above, the line its way so far.');
}

function sayLive() {
  const total = live.symbols.length, done = live.steps.length, ended = done === total && total > 0;
  const words = live.steps.map(step => step.bits), right = live.steps.map(step => step.target);
  byId('live-step').disabled = byId('live-end').disabled = total === 0 || ended;
  byId('live-start').disabled = done === 0;
  byId('live-question').textContent = live.question + equals;
  byId('live-result').textContent = ended ? answerText(task, words) : '…';
  const judgement = byId('live-judgement');
  judgement.textContent = '';
  judgement.className = '';
  if (total > 0 && !ended)
    judgement.textContent = `${done} of ${total} steps`;
  if (ended) {
    const all = words.every((word, t) => word === right[t]);
    judgement.textContent = all ? 'right' : `wrong: it is ${answerText(task, right)}`;
    judgement.className = all ? 'good' : 'bad';
  }
  makeTable(byId('live-table'), stepHeads(), live.steps.map((step, t) => stepRow(t, step.symbol, step.state, step.h, step.y, step.bits, step.target)));
  byId('live-table').hidden = done === 0;
  drawStates();
}

function stepLive() {
  const t = live.steps.length;
  if (t >= live.symbols.length)
    return;
  const symbol = live.symbols[t], at = network.step(live.h, symbol);
  const target = task.out[live.state][symbol];
  let bits = 0;
  at.z.forEach((z, o) => { bits |= (z > 0 ? 1 : 0) << o; });
  live.state = task.next[live.state][symbol];
  live.h = at.h;
  live.steps.push({symbol: symbol, state: live.state, h: at.h, z: at.z, y: at.y, bits: bits, target: target});
}

function restartLive() {
  live.steps = [];
  live.state = task.start;
  live.h = network.start();
  sayLive();
}

/* What is typed, as symbols; a message where it is no problem of the task. */
function readLive() {
  const message = byId('live-message');
  const texts = live.inputs.map(input => input.value.trim());
  let wrong = '';
  live.symbols = [];
  live.question = texts.join(task.sign ? ` ${task.sign} ` : ' ');
  if (byId('live-as') && byId('live-as').value === 'symbols') {
    if (/^[01]{1,1000}$/.test(texts[0]))
      live.symbols = Array.from(texts[0], Number).concat(task.closing);
    else
      wrong = 'Type symbols, 0 or 1, the first one to be read first: 1 to 1,000 of them.';
  } else if (!texts.every(text => /^[0-9]+$/.test(text) && text.length <= DIGITS)) {
    wrong = `Type whole numbers of 1 to ${DIGITS} digits.`;
  } else {
    const numbers = texts.map(text => BigInt(text));
    if (task.not_less && numbers[0] < numbers[1])
      wrong = `For ${task.name} the first number must not be less than the second: exchange them.`;
    else
      live.symbols = packNumbers(task, numbers);
  }
  message.textContent = wrong;
  message.hidden = wrong === '';
  live.inputs.forEach(input => input.setAttribute('aria-invalid', String(wrong !== '')));
  restartLive();
}

function addSelect(place, id, title, options) {
  const select = element('select', {id: id}, ...options.map(([value, words]) => element('option', {value: value}, words)));
  place.append(element('label', {for: id}, title, select));
  return select;
}

function prepareLive() {
  const first = data.samples.find(sample => sample.right === sample.given) || data.samples[0];
  const typed = first ? first.question.match(/\d+/g) : [];
  for (let i = 0; i < task.inputs; ++i) {
    const input = element('input', {id: `live-${operandName(i)}`, inputmode: 'numeric', autocomplete: 'off', spellcheck: 'false'});
    input.value = typed && typed.length === task.inputs ? typed[i] : '0';
    input.addEventListener('input', readLive);
    live.inputs.push(input);
    byId('live-inputs').append(element('label', {for: input.id}, task.inputs === 1 ? 'Input' : `Number ${operandName(i)}`, input));
  }
  if (task.inputs === 1)
    addSelect(byId('live-inputs'), 'live-as', 'Typed as', [['number', 'a whole number'], ['symbols', 'symbols, first to last']])
        .addEventListener('change', readLive);
  if (states.probes.length > 1)
    addSelect(byId('live-selects'), 'live-probe', 'Across', states.probes.map((probe, i) => [i, probeTitle(probe)]))
        .addEventListener('change', event => { live.probe = Number(event.target.value); sayStates(); drawStates(); });
  if (task.outputs > 1)
    addSelect(byId('live-selects'), 'live-output', 'Upwards', Array.from({length: task.outputs}, (_, o) => [o, `logit of output ${o}`]))
        .addEventListener('change', event => { live.output = Number(event.target.value); sayStates(); drawStates(); });
  byId('live-form').addEventListener('submit', event => { event.preventDefault(); stepLive(); sayLive(); });
  byId('live-end').addEventListener('click', () => {
    while (live.steps.length < live.symbols.length)
      stepLive();
    sayLive();
  });
  byId('live-start').addEventListener('click', restartLive);
  if (data.proof.wrong && data.proof.wrong.operands.every(number => number.length <= DIGITS)) {
    byId('live-wrong').hidden = false;
    byId('live-wrong').addEventListener('click', () => {
      data.proof.wrong.operands.forEach((number, i) => { live.inputs[i].value = number; });
      if (byId('live-as'))
        byId('live-as').value = 'number';
      readLive();
    });
  }
}

function sayArithmetic() {
  const compared = compareWithSamples(network, data.samples);
  root.dataset.different = String(compared.different);
  let words;
  if (shape.bits === 64)
    words = 'Here the network runs in plain doubles of the browser, without fused multiply-adds: near to the arithmetic that Carrynet proves for, ' +
        `but not the same. Of ${grouped(compared.values)} values of the samples below the largest difference is ${compared.most.toExponential(1)}.`;
  else if (compared.different === 0)
    words = 'Here the network runs in the float32 arithmetic of kernels/ARITHMETIC.md, rebuilt in the browser. ' +
        `All ${grouped(compared.values)} values of the samples below come out the same, bit for bit, as Carrynet computed them; what is typed here is not checked so.`;
  else
    words = `Caution: in this browser ${grouped(compared.different)} of ${grouped(compared.values)} values of the samples below differ from Carrynet's, ` +
        `by ${compared.most.toExponential(1)} at most. What runs here is not the arithmetic that Carrynet proves for.`;
  byId('arithmetic').textContent = words;
}

/* Types each of the problems of "93,38;5,6" and steps through it; "s101" is typed as symbols. */
function test(problems) {
  const said = [];
  for (const typed of problems.split(';')) {
    if (byId('live-as')) {
      byId('live-as').value = typed.startsWith('s') ? 'symbols' : 'number';
      byId('live-as').dispatchEvent(new Event('change'));
    }
    typed.replace('s', '').split(',').forEach((text, i) => {
      live.inputs[i].value = text;
      live.inputs[i].dispatchEvent(new Event('input'));
    });
    for (let most = 10000; most > 0 && !byId('live-step').disabled; --most)
      byId('live-step').click();
    said.push(byId('live-result').textContent + ' ' + byId('live-judgement').textContent);
  }
  root.dataset.tested = said.join('; ');
}

sayFindings();
saySettings();
showSamples();
sayArithmetic();
prepareLive();
sayStates();
readLive();
drawCourse();
let drawnWidth = document.body.clientWidth;
window.addEventListener('resize', () => {
  if (document.body.clientWidth === drawnWidth)
    return;
  drawnWidth = document.body.clientWidth;
  drawStates();
  drawCourse();
});
const asked = /^#test=([0-9,;s]+)$/.exec(location.hash);
if (asked)
  test(asked[1]);
