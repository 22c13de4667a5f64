// Makes what the page shows: elements, tables, times. Text only ever becomes text, never markup.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const badge = (text, mood = "") => element("span", { className: `badge ${mood}` }, text);

export const link = (text, href, inside = false) => {
  const made = element("a", { href }, text);
  if (inside) made.dataset.inside = "";
  return made;
};

// A table of `rows`; each of `columns` is [heading, cell of a row, kind], where kind is "", "text", "number" or "time".
export function table(columns, rows) {
  const heads = columns.map(([heading, , kind = ""]) => element("th", { scope: "col", className: kind }, heading));
  const lines = rows.map((row) => element("tr", {}, ...columns.map(([, cell, kind = ""]) => element("td", { className: kind }, cell(row)))));
  return element("table", {}, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...lines));
}

// Puts a panel of the answer in place: its rows as `draw` shows them, or the one line that says why there are none.
export function show(place, panel, empty, draw) {
  if (panel.why !== undefined) place.replaceChildren(element("p", {}, `Cannot be told: ${panel.why}`));
  else if (panel.rows.length === 0) place.replaceChildren(...(empty ? [element("p", {}, empty)] : []));
  else place.replaceChildren(draw(panel.rows));
}

export function figure(title, big, ...under) {
  const lines = under.filter(Boolean).map((line) => element("p", {}, line));
  return element("div", { className: "figure" }, element("h3", {}, title), element("p", { className: "big" }, big), ...lines);
}

// A line through `values`, the last one at the right.
export function trend(values) {
  const most = Math.max(1, ...values);
  const points = values.map((value, index) => `${(2 + (80 * index) / Math.max(1, values.length - 1)).toFixed(1)},${(16 - (14 * value) / most).toFixed(1)}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", points.join(" "));
  for (const [name, value] of Object.entries({ class: "trend", viewBox: "0 0 84 18", role: "img", "aria-label": `the last: ${values.join(", ")}` })) svg.setAttribute(name, value);
  svg.append(line);
  return svg;
}

// A time of the answer in UTC: the time of day, and the day too when it is another one.
export function time(text) {
  const [day, clock] = new Date(text).toISOString().split("T");
  return (day === new Date().toISOString().slice(0, 10) ? "" : `${day.slice(5)} `) + clock.slice(0, 8);
}

export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 100) return `${value.toFixed(1)} s`;
  return value < 6000 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`;
}

export const count = (value) => Number(value).toLocaleString("en-US");
