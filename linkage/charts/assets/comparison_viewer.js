"use strict";
// Texts of data are set as text, never as markup. `data` is defined before this script.
const at = id => document.getElementById(id);
const names = data.names;
const STEP = 200;
let limit = STEP, sortKey = "weight", falling = true;
const opened = new Set();
const fields = {};

function make(tag, text, kind) {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}
const whole = n => n.toLocaleString("en-US");
const bits = x => (x < 0 ? "\u2212" : "+") + Math.abs(x).toFixed(2);
const spoken = word => word.replaceAll("_", " ");
const level = (column, gamma) => gamma < 0 ? "null" : data.levels[column][gamma];

function field(name, label, control) {
  control.name = name;
  const around = make("label", label);
  around.append(control);
  at("filters").append(around);
  fields[name] = control;
  control.addEventListener("input", () => { limit = STEP; draw(); });
}
function number(name, label) {
  const input = make("input");
  input.type = "number";
  input.step = "any";
  field(name, label, input);
}
function choice(name, label, options) {
  const select = make("select");
  for (const [key, text] of options) {
    const option = make("option", text);
    option.value = key;
    select.append(option);
  }
  field(name, label, select);
}

function filters() {
  number("low", "weight from (bits)");
  number("high", "to (bits)");
  number("least", "pairs at least");
  const judged = [...new Set(data.patterns.flatMap(p => p.examples.map(e => e.judgement)))].filter(Boolean).sort();
  if (judged.length) choice("judgement", "with an example that is", [["", "any"], ...judged.map(j => [j, spoken(j)])]);
  names.forEach((name, column) => {
    const levels = data.levels[column].map((text, gamma) => [String(gamma), text]).reverse();
    choice("level" + column, name, [["", "any level"], ...levels, ["-1", "null"]]);
  });
  const reset = make("button", "reset");
  reset.type = "button";
  reset.onclick = () => { at("filters").reset(); limit = STEP; draw(); };
  at("filters").append(reset);
}

function kept() {
  const asked = name => fields[name] && fields[name].value !== "" ? fields[name].value : null;
  const low = asked("low"), high = asked("high"), least = asked("least"), judgement = asked("judgement");
  const levels = names.map((_, column) => asked("level" + column));
  return data.patterns.filter(p =>
    (low === null || p.weight >= Number(low))
    && (high === null || p.weight <= Number(high))
    && (least === null || p.n >= Number(least))
    && (judgement === null || p.examples.some(e => e.judgement === judgement))
    && levels.every((gamma, column) => gamma === null || p.gammas[column] === Number(gamma)));
}
function sorted(patterns) {
  const key = p => sortKey === "weight" ? p.weight : sortKey === "n" ? p.n : p.gammas[sortKey];
  const sign = falling ? -1 : 1;
  return [...patterns].sort((a, b) => sign * (key(a) - key(b)));  // stable: equal ones as Python had them
}

function colour(gamma, n) {
  if (gamma < 0) return "#e8ebef";
  const share = n < 2 ? 1 : gamma / (n - 1);
  const mix = (a, b) => Math.round(a + (b - a) * share);
  return `rgb(${mix(240, 188)},${mix(205, 224)},${mix(198, 203)})`;
}
function row(cells, kind) {
  const tr = make("tr", null, kind);
  tr.append(...cells);
  return tr;
}

function header() {
  const columns = [["weight", "weight (bits)"], ["prob", "probability"], ["n", "pairs"]];
  at("columns").replaceChildren(...[...columns, ...names.map((name, column) => [column, name])].map(([key, text]) => {
    const by = key === "prob" ? "weight" : key;
    const th = make("th", text + (key === sortKey ? (falling ? " \u2193" : " \u2191") : ""));
    th.onclick = () => { falling = sortKey === by ? !falling : true; sortKey = by; draw(); };
    return th;
  }));
}

function parts(p) {
  const table = make("table");
  const line = (part, reached, added) => table.append(row([make("td", part), make("td", reached), make("td", bits(added), "n")]));
  table.append(row([make("th", "part"), make("th", "level"), make("th", "bits")]));
  line("prior", "", data.prior);
  names.forEach((name, column) => line(name, level(column, p.gammas[column]), p.bits[column]));
  data.groups.forEach((name, group) => line(name, "depend on each other", p.bits[names.length + group]));
  line("sum", "without term frequencies", p.weight);
  return table;
}
function examples(p) {
  if (!p.examples.length) return make("p", "no example pair was kept", "quiet");
  const table = make("table");
  const value = text => make("td", text === null ? "\u2014" : text);
  const told = data.open ? names : [];
  table.append(row(["example", "weight", "judgement", ...told].map(text => make("th", text))));
  p.examples.forEach((e, number) => {
    const who = data.open ? e.left : `pair ${number + 1}`;
    const cells = [make("td", who), make("td", bits(e.weight), "n"), make("td", spoken(e.judgement))];
    if (!data.open) { table.append(row(cells)); return; }
    table.append(row([...cells, ...e.values.map(pair => value(pair[0]))]));
    table.append(row([make("td", e.right), make("td"), make("td"), ...e.values.map(pair => value(pair[1]))]));
  });
  return table;
}
function detail(p) {
  const td = make("td", null, "detail");
  td.colSpan = 3 + names.length;
  td.append(parts(p), examples(p));
  return row([td]);
}

function pattern(p, most) {
  const probability = 1 / (1 + Math.pow(2, -p.weight));
  const rest = 1 / (1 + Math.pow(2, p.weight));
  const told = probability > 0.999 ? `1 \u2212 ${rest.toExponential(1)}` : probability.toPrecision(3);
  const n = make("td", null, "n"), bar = make("span", null, "bar");
  bar.style.width = `${Math.round(46 * Math.log1p(p.n) / Math.log1p(most))}px`;
  n.append(bar, document.createTextNode(whole(p.n)));
  const cells = p.gammas.map((gamma, column) => {
    const td = make("td", level(column, gamma), "cell");
    td.style.background = colour(gamma, data.levels[column].length);
    td.title = `${names[column]}: ${level(column, gamma)}, ${bits(p.bits[column])} bits`;
    return td;
  });
  const tr = row([make("td", bits(p.weight), "n"), make("td", told, "n"), n, ...cells], "pattern");
  tr.onclick = () => { if (!opened.delete(p)) opened.add(p); draw(); };
  return tr;
}
function limitRow([name, from]) {
  const td = make("td", `below: less than ${name} (${from.toFixed(2)} bits)`);
  td.colSpan = 3 + names.length;
  return row([td], "limit");
}

function draw() {
  header();
  const list = sorted(kept()), rows = [];
  const most = data.patterns.reduce((n, p) => Math.max(n, p.n), 1);
  const limits = sortKey === "weight" && falling ? [...data.thresholds] : [];
  for (const p of list.slice(0, limit)) {
    while (limits.length && p.weight < limits[0][1]) rows.push(limitRow(limits.shift()));
    rows.push(pattern(p, most));
    if (opened.has(p)) rows.push(detail(p));
  }
  at("rows").replaceChildren(...rows);
  at("found").textContent = `${whole(list.length)} patterns with ${whole(list.reduce((n, p) => n + p.n, 0))} pairs`;
  at("more").hidden = list.length <= limit;
}

at("more").onclick = () => { limit += STEP; draw(); };
const shown = data.patterns.length < data.all.patterns ? `; shown are the ${whole(data.patterns.length)} most frequent` : "";
at("head").textContent = `${whole(data.all.pairs)} pairs in ${whole(data.all.patterns)} patterns${shown}.`
  + " A click on a row shows its parts and examples." + (data.open ? "" : " Values of records are left out.");
filters();
draw();
