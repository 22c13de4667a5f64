// One table, kept from refresh to refresh: cells are rewritten only where their text has changed, rows move only when the order has.
// Everything that comes from outside is written with textContent or as a number.

const SORTED_BY_NUMBER = { last: 0, change: 1, percent: 2, volume: 3 };
const FLASH_MS = 250;
const SVG = "http://www.w3.org/2000/svg";

const views = new WeakMap();
const decoder = new TextDecoder();

export default function ({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view?.table.isConnected) {
    view = open(parentElement);
    views.set(parentElement, view);
  }
  view.choose = (row) => setTriggerValue("chosen", [row.symbol, row.source]);
  show(view, JSON.parse(decoder.decode(data)));
}

function open(parent) {
  const table = parent.querySelector("table");
  const view = {
    parent,
    table,
    body: table.tBodies[0],
    filter: parent.querySelector("#filter"),
    count: parent.querySelector(".count"),
    rows: new Map(),
    sort: null,
    current: null,
  };
  view.filter.addEventListener("input", () => arrange(view));
  for (const button of table.querySelectorAll("thead button")) {
    button.addEventListener("click", () => sortBy(view, button.dataset.sort));
  }
  view.body.addEventListener("click", (event) => choose(view, event.target.closest("tr")));
  view.body.addEventListener("focusin", (event) => stand(view, event.target.closest("tr")));
  view.body.addEventListener("keydown", (event) => walk(view, event));
  return view;
}

function show(view, shown) {
  const left = new Set(view.rows.keys());
  for (const each of shown.rows) {
    const row = read(each, shown.at);
    left.delete(row.key);
    const known = view.rows.get(row.key);
    if (known) {
      write(known, row, shown);
    } else {
      const made = make(row.key);
      view.rows.set(row.key, made);
      write(made, row, { ...shown, motion: false });
    }
  }
  for (const key of left) {
    view.rows.get(key).tr.remove();
    view.rows.delete(key);
  }
  const chosen = shown.chosen && keyOf(...shown.chosen);
  for (const [key, row] of view.rows) mark(row, key === chosen);
  if (!view.body.matches(":hover") || view.body.rows.length !== view.rows.size) arrange(view); // a row must not slip from under the pointer
}

function keyOf(symbol, source) {
  return JSON.stringify([symbol, source]);
}

function read([symbol, source, name, feed, last, change, percent, volume, side, spark, received, sort], at) {
  const age = Math.max(0, (at - received) / 1000);
  return { key: keyOf(symbol, source), symbol, source, name, feed, last, change, percent, volume, side, spark, age, sort };
}

function make(key) {
  const tr = document.createElement("tr");
  tr.tabIndex = -1;
  tr.dataset.key = key;
  const cells = {};
  for (const name of ["symbol", "name", "last", "change", "percent", "volume", "spark", "age", "feed"]) {
    const cell = document.createElement(name === "symbol" ? "th" : "td");
    if (name === "symbol") cell.scope = "row";
    cell.className = name;
    cells[name] = cell;
    tr.append(cell);
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 -5 100 110");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "polyline");
  svg.append(line);
  cells.spark.append(svg);
  return { tr, cells, line, values: null };
}

function write(row, values, { stale_s, motion }) {
  const { cells } = row;
  const before = row.values;
  row.values = values;
  for (const name of ["symbol", "name", "last", "change", "percent", "volume"]) text(cells[name], values[name]);
  text(cells.age, duration(values.age));
  text(cells.feed, `${values.feed.toUpperCase()} ${values.source}`);
  for (const name of ["symbol", "name", "feed"]) hint(cells[name], cells[name].textContent);
  const side = ["fall", "level", "rise"][values.side + 1];
  row.tr.className = values.age > stale_s ? "old" : side;
  draw(row.line, values.spark);
  if (before && before.last !== values.last && motion) flash(cells.last, values.sort[0] > before.sort[0] ? "--rise" : "--fall");
}

function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

function hint(node, value) {
  if (node.title !== value) node.title = value;
}

function draw(line, heights) {
  const step = 100 / Math.max(1, heights.length - 1);
  const points = heights.map((height, index) => `${(index * step).toFixed(1)},${100 - height}`).join(" ");
  if (line.getAttribute("points") !== points) line.setAttribute("points", points);
}

function flash(cell, colour) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const value = getComputedStyle(cell).getPropertyValue(colour);
  cell.animate({ backgroundColor: [value, "transparent"] }, FLASH_MS);
}

// As `dashboard.figures.duration` writes it.
function duration(seconds) {
  const whole = Math.floor(seconds);
  const [minutes, hours, days] = [60, 3600, 86400].map((each) => Math.floor(whole / each));
  if (whole < 120) return `${whole} s`;
  if (minutes < 120) return `${minutes} min`;
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return days < 60 ? `${days} d ${hours % 24} h` : `${days} d`;
}

function mark(row, chosen) {
  const value = String(chosen);
  if (row.tr.getAttribute("aria-selected") !== value) row.tr.setAttribute("aria-selected", value);
}

function sortBy(view, column) {
  const falling = column in SORTED_BY_NUMBER; // figures begin with the greatest, names with A, ages with the newest
  if (view.sort?.column !== column) view.sort = { column, falling };
  else if (view.sort.falling === falling) view.sort.falling = !falling;
  else view.sort = null;
  for (const button of view.table.querySelectorAll("thead button")) {
    const sorted = view.sort?.column === button.dataset.sort;
    const heading = button.closest("th");
    if (sorted) heading.setAttribute("aria-sort", view.sort.falling ? "descending" : "ascending");
    else heading.removeAttribute("aria-sort");
  }
  arrange(view);
}

function arrange(view) {
  const wanted = view.filter.value.trim().toLocaleLowerCase();
  const rows = [...view.rows.values()];
  let matching = 0;
  for (const { tr, values } of rows) {
    tr.hidden = !`${values.symbol} ${values.name} ${values.source} ${values.feed}`.toLocaleLowerCase().includes(wanted);
    if (!tr.hidden) matching += 1;
  }
  text(view.count, wanted ? `${matching} of ${rows.length}` : `${rows.length} instruments`);
  if (view.sort) rows.sort(order(view.sort));
  move(view, rows.map((row) => row.tr));
  const visible = [...view.body.rows].filter((tr) => !tr.hidden);
  if (!visible.includes(view.current)) stand(view, visible.find((tr) => tr.ariaSelected === "true") ?? visible[0]);
}

function order({ column, falling }) {
  const sign = falling ? -1 : 1;
  const value = ({ values }) => (column in SORTED_BY_NUMBER ? values.sort[SORTED_BY_NUMBER[column]] : values[column]);
  return (left, right) => {
    const [a, b] = [value(left), value(right)];
    if (a === null || b === null) return (a === null) - (b === null); // what is not known comes last either way
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
  };
}

function move(view, wanted) {
  const focused = view.parent.activeElement;
  wanted.forEach((tr, index) => {
    if (view.body.rows[index] !== tr) view.body.insertBefore(tr, view.body.rows[index] ?? null);
  });
  if (focused && view.parent.activeElement !== focused) focused.focus({ preventScroll: true });
}

function stand(view, tr) {
  if (view.current) view.current.tabIndex = -1;
  view.current = tr ?? null;
  if (tr) tr.tabIndex = 0;
}

function choose(view, tr) {
  const row = tr && view.rows.get(tr.dataset.key);
  if (!row) return;
  for (const each of view.rows.values()) mark(each, each === row);
  view.choose(row.values);
}

function walk(view, event) {
  const rows = [...view.body.rows].filter((tr) => !tr.hidden);
  const at = rows.indexOf(event.target.closest("tr"));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: rows.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    rows[Math.min(rows.length - 1, Math.max(0, to))]?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(view, rows[at]);
  }
}
