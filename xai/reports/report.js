/* The report can be read without this: it sorts tables, hides methods, and points words out. */
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function amount(cell) {
  const text = (cell?.querySelector("b, .amount")?.textContent ?? cell?.childNodes[0]?.textContent ?? "").trim();
  const number = Number.parseFloat(text.replaceAll("−", "-").replaceAll(",", "").replace("< ", ""));
  return Number.isNaN(number) ? text.toLowerCase() : number;
}

function compare(a, b) {
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1;
}

function sort(head, at) {
  const down = head.getAttribute("aria-sort") === "ascending";
  all("th[aria-sort]", head.parentElement).forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = head.closest("table").tBodies[0];
  const rows = [...body.rows].map((row) => [amount(row.cells[at]), row]);
  rows.sort((a, b) => compare(a[0], b[0]) * (down ? -1 : 1));
  body.append(...rows.map((pair) => pair[1]));
}

function sortable(table) {
  if (table.tBodies.length === 0 || table.tBodies[0].rows.length < 3 || !table.tHead) return;
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    if (head.tagName !== "TH") return;
    head.classList.add("sorts");
    head.tabIndex = 0;
    head.title = "Sort";
    head.addEventListener("click", () => sort(head, at));
    head.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      sort(head, at);
    });
  });
}

function pointing(strands) {
  const mark = (event, on) => {
    const word = event.target.closest?.("[data-i]");
    if (word) all(`[data-i="${word.dataset.i}"]`, strands).forEach((one) => one.classList.toggle("here", on));
  };
  strands.addEventListener("pointerover", (event) => mark(event, true));
  strands.addEventListener("pointerout", (event) => mark(event, false));
}

function stepping(section) {
  const samples = all(":scope > .sample", section);
  if (samples.length < 2) return;
  const bar = document.createElement("p");
  const choice = document.createElement("select");
  choice.setAttribute("aria-label", "Rows shown");
  choice.add(new Option("All rows", ""));
  samples.forEach((one, at) => choice.add(new Option(one.querySelector("h3").textContent, String(at))));
  choice.addEventListener("change", () => {
    samples.forEach((one, at) => { one.hidden = choice.value !== "" && choice.value !== String(at); });
  });
  bar.className = "tool";
  bar.append("Show: ", choice);
  section.querySelector("h2").after(bar);
  addEventListener("beforeprint", () => samples.forEach((one) => { one.hidden = false; }));
}

function fading(layers) {
  const label = document.createElement("label");
  const range = document.createElement("input");
  Object.assign(range, { type: "range", min: "0", max: "100", value: "100" });
  range.addEventListener("input", () => {
    all("svg + img", layers).forEach((map) => { map.style.opacity = String(range.value / 100); });
  });
  label.className = "tool";
  label.append("Strength of the colours ", range);
  layers.before(label);
}

all("table").filter((table) => !table.classList.contains("matrix")).forEach(sortable);
all(".strands").forEach(pointing);
all("#samples").forEach(stepping);
all(".layers").forEach(fading);
