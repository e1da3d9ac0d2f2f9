/*
 * Elements, axes, curves and points, as SVG. A chart is as wide as its place on the page, so that its words stay readable on a
 * phone.
 */
function element(name, attributes, ...children) {
  const svg = ['svg', 'g', 'path', 'line', 'rect', 'circle', 'text'].includes(name);
  const made = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const key in attributes)
    made.setAttribute(key, attributes[key]);
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

/* At most `count` round numbers in [least, most]. */
function roundMarks(least, most, count) {
  const marks = [];
  let step = 10 ** Math.floor(Math.log10((most - least) / count));
  for (const factor of [2, 2.5, 2])
    if ((most - least) / step > count)
      step *= factor;
  for (let i = Math.ceil(least / step - 1e-9); i * step <= most + step * 1e-9; ++i)
    marks.push(i * step);
  return marks;
}

/* Powers of ten in [least, most], with 2 and 5 times them where they are few. */
function logarithmicMarks(least, most) {
  const marks = [];
  const factors = Math.log10(most / least) < 2.5 ? [1, 2, 5] : [1];
  for (let k = Math.floor(Math.log10(least)); k <= Math.ceil(Math.log10(most)); ++k)
    for (const factor of factors)
      if (factor * 10 ** k >= least * 0.999 && factor * 10 ** k <= most * 1.001)
        marks.push(factor * 10 ** k);
  return marks;
}

function shortNumber(value) {
  const size = Math.abs(value);
  if (size >= 1e6)
    return Number((value / 1e6).toPrecision(3)) + ' M';
  if (size >= 1e3)
    return Number((value / 1e3).toPrecision(3)) + ' k';
  return String(Number(value.toPrecision(3))).replace('-', '\u2212');
}

/*
 * An axis: {least, most, logarithmic, title}. makeChart returns the svg with `x` and `y`, which place a value.
 */
function makeChart(place, height, xAxis, yAxis, label) {
  const width = Math.max(280, place.clientWidth || 720);
  const left = 52, right = 12, top = 26, bottom = 44;
  const svg = element('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label});
  const scale = (axis, from, to) => {
    const map = axis.logarithmic ? Math.log10 : value => value;
    const low = map(axis.least), span = map(axis.most) - low || 1;
    return value => from + (map(value) - low) / span * (to - from);
  };
  const chart = {svg: svg, width: width, x: scale(xAxis, left, width - right), y: scale(yAxis, height - bottom, top)};
  const marks = (axis, count) =>
      axis.logarithmic ? logarithmicMarks(axis.least, axis.most) : roundMarks(axis.least, axis.most, count);
  for (const mark of marks(xAxis, width < 480 ? 4 : 8)) {
    svg.append(element('path', {class: 'grid', d: `M${chart.x(mark)} ${top}V${height - bottom}`}));
    svg.append(element('text', {x: chart.x(mark), y: height - bottom + 16, 'text-anchor': 'middle'}, shortNumber(mark)));
  }
  for (const mark of marks(yAxis, 6)) {
    svg.append(element('path', {class: 'grid', d: `M${left} ${chart.y(mark)}H${width - right}`}));
    svg.append(element('text', {x: left - 6, y: chart.y(mark) + 4, 'text-anchor': 'end'}, shortNumber(mark)));
  }
  svg.append(element('text', {class: 'title', x: 4, y: 14}, yAxis.title));
  svg.append(element('text', {class: 'title', x: width - right, y: height - 8, 'text-anchor': 'end'}, xAxis.title));
  return chart;
}

/* A curve through [x, y]; it is broken where y is not there, and where x goes back. */
function addCurve(chart, points, className) {
  let path = '', pen = false, before = -Infinity;
  for (const [x, y] of points) {
    const there = Number.isFinite(x) && Number.isFinite(y);
    if (there)
      path += (pen && x >= before ? 'L' : 'M') + chart.x(x).toFixed(1) + ' ' + chart.y(y).toFixed(1);
    pen = there;
    before = there ? x : before;
  }
  chart.svg.append(element('path', {class: 'curve ' + className, d: path}));
}

/* Hidden values from 0 to 1 as bars; above 64 units each is the mean of neighbours. */
function makeBars(values) {
  const units = Math.ceil(values.length / 64), count = Math.ceil(values.length / units);
  const svg = element('svg', {class: 'bars', viewBox: `0 0 ${count * 6} 18`, width: count * 6, height: 18, role: 'img'});
  const said = [];
  for (let i = 0; i < count; ++i) {
    const part = Array.from(values.slice(i * units, (i + 1) * units));
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    const size = Math.max(0.6, 16 * Math.min(1, Math.max(0, mean)));
    svg.append(element('rect', {x: i * 6, y: 17 - size, width: 4.5, height: size}));
    said.push(mean.toFixed(2));
  }
  svg.append(element('path', {class: 'floor', d: `M0 17.5H${count * 6}`}));
  svg.setAttribute('aria-label', said.join(' '));
  return svg;
}

function stateColour(state, states) {
  return states <= 8 ? `var(--s${state})` : `hsl(${Math.round(state * 360 / states)} 65% 50%)`;
}

/* A point: its colour says the automaton's state, filled is a right output bit of 1. */
function makePoint(x, y, radius, state, states, bit) {
  const colour = stateColour(state, states);
  return element('circle', {
    class: 'point', cx: x.toFixed(1), cy: y.toFixed(1), r: radius,
    style: `stroke:${colour};fill:${bit ? colour : 'none'};fill-opacity:.55`,
  });
}

function makeTable(table, heads, rows) {
  table.replaceChildren(
      element('thead', {}, element('tr', {}, ...heads.map(head => element('th', {scope: 'col'}, head)))),
      element('tbody', {}, ...rows.map(cells => element('tr', {}, ...cells.map(cell =>
          cell instanceof Node && cell.nodeName === 'TD' ? cell : element('td', {}, cell))))));
}
