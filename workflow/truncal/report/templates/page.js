"use strict";
(() => {
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const page = JSON.parse($("#data").textContent);
const fillOf = new Map(page.clones.map(clone => [clone.id, clone.fill]));
const state = {clone: new Set(), tree: "consensus", heat: "observed", strips: "vaf", q: "", pair: null, measure: "vaf"};
const box = $("#pair");
let grid = null, gridWanted = false, mutations = null, chosen = null;

// ---- the packed mutations -------------------------------------------------------------------------------
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), char => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}
const ready = unpack(page.packed).then(text => { mutations = JSON.parse(text); document.documentElement.dataset.ready = "1"; });
async function library(id) {
  const script = document.createElement("script");
  script.textContent = await unpack(document.getElementById(id).textContent);
  document.head.append(script);
}

// ---- selection ------------------------------------------------------------------------------------------
const rule = document.head.appendChild(document.createElement("style"));
const dimmed = (ids, opacity) => {
  const kept = [...ids].map(id => `:not([data-clone="${Number(id)}"])`).join("");
  return `svg .clone${kept},tr[data-clone]${kept},li[data-clone]${kept},.clones .chip${kept}{opacity:${opacity}}`;
};
function paint(hover) {
  rule.textContent = state.clone.size ? dimmed(state.clone, .16) : hover == null ? "" : dimmed([hover], .35);
  for (const chip of $$("[data-pick]")) chip.setAttribute("aria-pressed", state.clone.has(Number(chip.dataset.pick)));
  $("#clear").hidden = !state.clone.size && !state.q;
}
function pick(id, more) {
  const had = state.clone.has(id);
  if (!more) state.clone.clear();
  if (had) state.clone.delete(id); else state.clone.add(id);
  changed();
}
function changed() { paint(); filter(); remember(); }

document.addEventListener("click", event => {
  if (event.target.closest("a,summary,select,input,[role=tab],.tool")) return;
  const found = event.target.closest("[data-clone]");
  if (found) pick(Number(found.dataset.clone), event.shiftKey || event.metaKey || event.ctrlKey);
});
document.addEventListener("mouseover", event => {
  const found = event.target.closest("svg [data-clone],[data-pick],tr[data-clone],li[data-clone]");
  if (!state.clone.size) paint(found ? Number(found.dataset.clone) : null);
});

// ---- state in the address ---------------------------------------------------------------------------------
function remember() {
  const parts = new URLSearchParams();
  if (state.clone.size) parts.set("clone", [...state.clone].join(","));
  if (state.tree !== "consensus") parts.set("tree", state.tree);
  if (state.heat !== "observed") parts.set("heat", state.heat);
  if (state.strips !== "vaf") parts.set("strips", state.strips);
  if (state.measure !== "vaf") parts.set("measure", state.measure);
  if (state.q) parts.set("q", state.q);
  if (state.pair) parts.set("pair", state.pair.join(","));
  const text = parts.toString();
  history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
}
function recall() {
  if (!location.hash.includes("=")) return;
  const parts = new URLSearchParams(location.hash.slice(1));
  const known = new Set(page.clones.map(clone => clone.id));
  state.clone = new Set((parts.get("clone") || "").split(",").map(Number).filter(id => known.has(id)));
  state.q = parts.get("q") || "";
  const pair = (parts.get("pair") || "").split(",").map(Number);
  if (pair.length === 2 && pair.every(at => Number.isInteger(at) && at >= 0 && at < page.samples.length)) state.pair = pair;
  for (const group of ["tree", "heat", "strips"]) {
    const key = parts.get(group);
    if (key && document.getElementById("tab-" + key)) { state[group] = key; open(document.getElementById("tab-" + key)); }
  }
  $("#search").value = state.q;
  state.measure = parts.get("measure") === "ccf" ? "ccf" : "vaf";
  if (box) {
    $("#pair-measure").value = state.measure;
    if (state.pair) { $("#pair-x").value = state.pair[0]; $("#pair-y").value = state.pair[1]; }
    if (state.pair || state.measure !== "vaf") drawPair();
  }
  paint(); search();
}
for (const link of $$("a[href^='#']")) link.addEventListener("click", event => {
  const target = document.getElementById(link.getAttribute("href").slice(1)) || eventRow(link.dataset.event);
  if (!target) return;
  event.preventDefault();
  target.scrollIntoView({behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"});
  target.tabIndex = -1; target.focus({preventScroll: true});
});
function eventRow(id) { return $$("tr[data-event]").find(row => row.dataset.event === id); }

// ---- tabs -------------------------------------------------------------------------------------------------
function open(tab) {
  const box = tab.closest(".tabs");
  for (const one of $$("[role=tab]", box)) {
    const on = one === tab, panel = document.getElementById(one.getAttribute("aria-controls"));
    one.setAttribute("aria-selected", on); one.tabIndex = on ? 0 : -1;
    panel.classList.toggle("open", on); panel.classList.toggle("shut", !on);
  }
}
for (const box of $$(".tabs")) {
  const tabs = $$("[role=tab]", box), group = box.dataset.group;
  tabs.forEach((tab, at) => {
    tab.tabIndex = at ? -1 : 0;
    tab.addEventListener("click", () => { open(tab); state[group] = tab.dataset.tab; remember(); });
    tab.addEventListener("keydown", event => {
      const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (!step) return;
      const next = tabs[(at + step + tabs.length) % tabs.length];
      event.preventDefault(); next.click(); next.focus();
    });
  });
}

// ---- search -----------------------------------------------------------------------------------------------
function search() {
  const word = state.q.trim().toLowerCase();
  const hits = $$("tr[data-event]").filter(row => {
    const hit = word !== "" && row.textContent.toLowerCase().includes(word);
    row.classList.toggle("hit", hit);
    return hit;
  });
  for (const label of $$("svg .driver")) label.style.textDecoration = word && label.textContent.toLowerCase().includes(word) ? "underline" : "";
  ready.then(() => {
    const found = word ? mutations.id.reduce((sum, _, at) => sum + matches(at, word), 0) : 0;
    $("#found").textContent = word ? `${hits.length} driver${hits.length === 1 ? "" : "s"}, ${found} mutation${found === 1 ? "" : "s"}` : "";
  });
  if (word) wantGrid();
  filter();
}
function matches(at, word) {
  return [mutations.id[at], mutations.gene[at], mutations.hgvsp[at]].some(text => text && String(text).toLowerCase().includes(word)) ? 1 : 0;
}
$("#search").addEventListener("input", event => { state.q = event.target.value; search(); paint(); remember(); });
$("#clear").addEventListener("click", clear);
function clear() { state.clone.clear(); state.q = ""; $("#search").value = ""; search(); changed(); }
document.addEventListener("keydown", event => {
  if (event.key === "/" && !event.target.closest("input,select,textarea")) { event.preventDefault(); $("#search").focus(); }
  if (event.key === "Escape") clear();
});

// ---- all mutations ----------------------------------------------------------------------------------------
const number = (value, scale, digits = 2) => value == null || value < 0 ? "–" : (value / scale).toFixed(digits);
function column(title, get, more = {}) {
  return {title, field: title, headerSort: true, mutatorData: (_, row) => get(row.at), ...more};
}
async function makeGrid() {
  await Promise.all([ready, library("tabulator")]);
  const swatch = cell => {
    const id = cell.getValue(), chip = document.createElement("span");
    if (id < 0) { chip.textContent = "outlier"; return chip; }
    const known = $(`[data-pick="${Number(id)}"]`);
    chip.className = known ? known.className : "chip"; chip.textContent = id;
    chip.setAttribute("style", known ? known.getAttribute("style") : "");
    return chip;
  };
  const chance = value => value == null ? null : value;
  const twoDigits = cell => cell.getValue() == null ? "–" : Number(cell.getValue()).toFixed(2);
  const numeric = {sorter: "number", hozAlign: "right", formatter: twoDigits, width: 92};
  const plain = cell => { const span = document.createElement("span"); span.textContent = cell.getValue() ?? "–"; return span; };
  const columns = [
    column("Mutation", at => mutations.id[at], {minWidth: 130, frozen: innerWidth > 760, formatter: plain}),
    column("Gene", at => mutations.gene[at], {width: 100, formatter: plain}),
    column("Change", at => mutations.hgvsp[at], {width: 130, formatter: plain}),
    column("Position", at => mutations.chrom[at] == null ? null : `${mutations.chrom[at]}:${mutations.pos[at]}`, {width: 130, formatter: plain}),
    column("Clone", at => mutations.cluster[at], {width: 80, formatter: swatch, sorter: "number"}),
    column("P(clone)", at => chance(mutations.p[at]), numeric),
    column("P(trunk)", at => chance(mutations.p_truncal[at]), numeric),
    column("P(clonal)", at => chance(mutations.p_clonal[at]), numeric),
    ...page.samples.map((name, s) => ({
      title: name, field: "s" + s, sorter: "number", hozAlign: "right", width: 96, titleFormatter: plain,
      mutatorData: (_, row) => mutations.depth[s][row.at] ? mutations.ccf[s][row.at] / 100 : -1,
      formatter: cell => cell.getValue() < 0 ? "–" : cell.getValue().toFixed(2),
      tooltip: (_, cell) => {
        const at = cell.getData().at;
        return mutations.depth[s][at]
          ? `${mutations.alt[s][at]} of ${mutations.depth[s][at]} reads, CCF ${number(mutations.ccf[s][at], 100)} [${number(mutations.low[s][at], 100)}–${number(mutations.high[s][at], 100)}]`
          : "not called";
      },
    })),
  ];
  const home = $("#grid");
  grid = new Tabulator(home, {
    data: mutations.id.map((_, at) => ({at})), columns, height: 420, layout: "fitDataFill",
    columnDefaults: {headerTooltip: false}, placeholder: "No mutation matches.",
    rowFormatter: row => row.getElement().classList.toggle("hit", row.getData().at === chosen),
  });
  grid.on("rowClick", (_, row) => mark(row.getData().at));
  await new Promise(done => grid.on("tableBuilt", done));
  // The focusable holder is the group of rows; the library's own group within it would hide it from the grid.
  home.removeAttribute("aria-owns"); home.setAttribute("aria-label", "All mutations");
  $(".tabulator-tableholder", home).setAttribute("role", "rowgroup");
  $(".tabulator-table", home).setAttribute("role", "presentation");
  home.dataset.built = "1";
  filter();
}
function wantGrid() { if (!gridWanted) { gridWanted = true; makeGrid(); } }
new IntersectionObserver((entries, watch) => {
  if (entries.some(entry => entry.isIntersecting)) { watch.disconnect(); wantGrid(); }
}, {rootMargin: "300px"}).observe($("#mutations"));
function filter() {
  if (!grid || !$("#grid").dataset.built) return;
  const word = state.q.trim().toLowerCase();
  grid.setFilter(row => (!word || matches(row.at, word)) && (!state.clone.size || state.clone.has(mutations.cluster[row.at])));
}
function mark(at) {
  chosen = chosen === at ? null : at;
  state.clone.clear();
  if (chosen != null && mutations.cluster[at] > 0) state.clone.add(mutations.cluster[at]);
  changed(); drawPair();
}

// ---- one sample against another -----------------------------------------------------------------------------
function pairAt() { return [Number($("#pair-x").value), Number($("#pair-y").value)]; }
const share = (s, at) => Math.min(1, state.measure === "ccf" ? mutations.ccf[s][at] / 100 : mutations.alt[s][at] / mutations.depth[s][at]);
const placeX = value => 44 + 300 * value, placeY = value => 10 + 300 * (1 - value);
async function drawPair() {
  if (!box) return;
  await ready;
  const [x, y] = pairAt(), svg = $("svg", box), paths = new Map();
  for (let at = 0; at < mutations.id.length; at++) {
    if (!mutations.depth[x][at] || !mutations.depth[y][at]) continue;
    const id = mutations.cluster[at];
    paths.set(id, (paths.get(id) || "") + `M${placeX(share(x, at)).toFixed(0)} ${placeY(share(y, at)).toFixed(0)}h0`);
  }
  for (const old of $$(".clone,.ring", svg)) old.remove();
  for (const [id, d] of [...paths].sort((a, b) => a[0] - b[0])) {
    const group = make("g", {class: "clone", "data-clone": id});
    group.append(make("path", {d, stroke: fillOf.get(id) || page.outlier_fill, "stroke-width": 5, "stroke-linecap": "round", "stroke-opacity": .75, fill: "none"}));
    svg.append(group);
  }
  if (chosen != null && mutations.depth[x][chosen] && mutations.depth[y][chosen]) svg.append(make("circle", {class: "ring soft-line", cx: placeX(share(x, chosen)), cy: placeY(share(y, chosen)), r: 7, fill: "none", "stroke-width": 2}));
  $(".axis", svg).textContent = state.measure.toUpperCase();
  const names = $$("text", svg).slice(-2);
  names[0].textContent = $("#pair-x").selectedOptions[0].textContent; names[1].textContent = $("#pair-y").selectedOptions[0].textContent;
}
function make(name, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
if (box) {
  for (const id of ["#pair-x", "#pair-y", "#pair-measure"]) $(id).addEventListener("change", () => {
    state.pair = pairAt(); state.measure = $("#pair-measure").value; drawPair(); remember();
  });
  const nearest = event => {
    if (!mutations) return null;
    const svg = $("svg", box), point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    const [x, y] = pairAt();
    let best = null, least = 60;
    for (let at = 0; at < mutations.id.length; at++) {
      if (!mutations.depth[x][at] || !mutations.depth[y][at]) continue;
      const far = (placeX(share(x, at)) - point.x) ** 2 + (placeY(share(y, at)) - point.y) ** 2;
      if (far < least) { least = far; best = at; }
    }
    return best;
  };
  box.addEventListener("mousemove", event => {
    const at = nearest(event);
    $("#pair-hit").textContent = at == null ? "" : `${[mutations.gene[at], mutations.hgvsp[at] || mutations.id[at]].filter(Boolean).join(" ")}, clone ${mutations.cluster[at] < 0 ? "none" : mutations.cluster[at]}`;
  });
  box.addEventListener("click", event => {
    const at = nearest(event);
    if (at != null) { event.stopPropagation(); mark(at); }
  }, true);
}

// ---- export -------------------------------------------------------------------------------------------------
function save(name, text, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = `${page.patient.replace(/[^\w.-]+/g, "_")}.${name}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
const tsv = rows => rows.map(row => row.map(value => value == null ? "NA" : String(value).replace(/[\t\r\n]+/g, " ")).join("\t")).join("\n") + "\n";
function tableRows(id) {
  return $$("tr", document.getElementById("table-" + id)).filter(row => !row.closest("table table, .mini")).map(row => [...row.children].map(cell => cell.textContent.trim()));
}
async function mutationRows() {
  await ready;
  const head = ["mutation_id", "gene", "hgvsp", "chrom", "pos", "cluster_id", "cluster_probability", "p_truncal", "p_clonal"];
  for (const name of page.samples) head.push(`${name} alt`, `${name} depth`, `${name} ccf`, `${name} ccf_low`, `${name} ccf_high`);
  const rows = mutations.id.map((id, at) => {
    const row = [id, mutations.gene[at], mutations.hgvsp[at], mutations.chrom[at], mutations.pos[at], mutations.cluster[at], mutations.p[at], mutations.p_truncal[at], mutations.p_clonal[at]];
    page.samples.forEach((_, s) => row.push(...(mutations.depth[s][at]
      ? [mutations.alt[s][at], mutations.depth[s][at], mutations.ccf[s][at] / 100, mutations.low[s][at] / 100, mutations.high[s][at] / 100] : [0, 0, null, null, null])));
    return row;
  });
  return [head, ...rows];
}
function svgOf(id) {
  const root = document.getElementById(id);
  const svg = $$("svg.figure", root).find(one => one.getClientRects().length);
  const copy = svg.cloneNode(true);
  for (const node of [copy, ...$$("[class]", copy)]) node.removeAttribute("class");
  return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(copy);
}
for (const button of $$("[data-export]")) button.addEventListener("click", async () => {
  const {export: kind, target, name} = button.dataset;
  if (kind === "svg") save(`${name}.svg`, svgOf(target), "image/svg+xml");
  else if (kind === "newick") save("tree.nwk", shownNewick() + "\n", "text/plain");
  else if (kind === "json") { await ready; save("data.json", JSON.stringify({...page, packed: undefined, mutations}, null, 1), "application/json"); }
  else if (name === "mutations") save("mutations.tsv", tsv(await mutationRows()), "text/tab-separated-values");
  else if (name === "drivers") save("drivers.tsv", tsv([page.drivers.columns, ...page.drivers.rows]), "text/tab-separated-values");
  else save(`${name}.tsv`, tsv(page.tables?.[name] ? [page.tables[name].columns, ...page.tables[name].rows] : tableRows(target)), "text/tab-separated-values");
});
function shownNewick() { return document.getElementById("panel-" + state.tree).dataset.newick; }

// ---- theme, print -------------------------------------------------------------------------------------------
const theme = $("#theme");
const isDark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-pressed", isDark()); };
theme.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
// Paper has no scrolling: the list that stands in for the table where there are no scripts, and every fold open.
matchMedia("print").addEventListener("change", event => {
  $("#printed").innerHTML = event.matches ? $("#mutations noscript").textContent : "";
  for (const fold of $$("details:not(.long)")) {
    if (event.matches) { fold.dataset.was = fold.open; fold.open = true; } else fold.open = fold.dataset.was === "true";
  }
});
$("#print").addEventListener("click", () => print());
nameTheme(); recall(); paint();
document.documentElement.dataset.interactive = performance.now().toFixed(0);
})();
