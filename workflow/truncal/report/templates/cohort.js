"use strict";
(() => {
const $ = selector => document.querySelector(selector), $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- sorting: a button in every heading ---------------------------------------------------------------
const value = (row, at) => {
  const text = row.children[at].textContent.trim(), number = Number(text);
  return text === "–" ? null : text !== "" && !Number.isNaN(number) ? number : text;
};
const compare = (a, b) => a === null ? 1 : b === null ? -1 : typeof a === "number" && typeof b === "number" ? a - b
  : String(a).localeCompare(String(b), undefined, {numeric: true});
for (const table of $$("table.sortable")) {
  $$("thead th", table).forEach((head, at) => {
    if (head.hasAttribute("data-nosort")) return;
    const button = document.createElement("button");
    button.type = "button"; button.className = "sort"; button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of $$("thead th", table)) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows].map(row => [value(row, at), row]);
      rows.sort(([a], [b]) => a === null || b === null ? compare(a, b) : down ? compare(b, a) : compare(a, b));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

// ---- filter, kept in the address ----------------------------------------------------------------------
const box = $("#search");
function filter() {
  const word = box.value.trim().toLowerCase();
  let shown = 0;
  for (const one of $$("[data-find]")) {
    one.hidden = word !== "" && !one.dataset.find.toLowerCase().includes(word);
    if (one.matches("#table-quality tr") && !one.hidden) shown++;
  }
  $("#found").textContent = word ? `${shown} patient${shown === 1 ? "" : "s"}` : "";
}
box.addEventListener("input", () => {
  filter();
  history.replaceState(null, "", box.value ? "#" + new URLSearchParams({q: box.value}) : location.pathname + location.search);
});
if (location.hash.startsWith("#q=")) { box.value = new URLSearchParams(location.hash.slice(1)).get("q"); filter(); }
document.addEventListener("keydown", event => {
  if (event.key === "/" && !event.target.closest("input")) { event.preventDefault(); box.focus(); }
});

// ---- theme, print ---------------------------------------------------------------------------------------
const theme = $("#theme"), root = document.documentElement;
const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-pressed", isDark()); };
theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
$("#print").addEventListener("click", () => print());
name();
root.dataset.interactive = performance.now().toFixed(0);
})();
