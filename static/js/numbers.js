// The numbers behind a figure, as a table that opens on demand. Text only: names are not markup.

function row(kind, cells) {
  const line = document.createElement("tr");
  cells.forEach((text, i) => {
    const cell = document.createElement(kind === "th" || i === 0 ? "th" : "td");
    if (cell.tagName === "TH") cell.scope = kind === "th" ? "col" : "row";
    if (i > 0) cell.className = "number";
    cell.textContent = text;
    line.append(cell);
  });
  return line;
}

export function table({ head, rows }) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "Numbers";
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Numbers of the figure");
  const grid = document.createElement("table");
  grid.createTHead().append(row("th", head));
  grid.createTBody().append(...rows.map((cells) => row("td", cells)));
  scroll.append(grid);
  details.append(summary, scroll);
  return details;
}
