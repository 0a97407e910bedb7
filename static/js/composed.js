// What surrounds a figure: its sentence, its numbers. Text only: names are not markup.

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

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

function table({ head, rows }, finding) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "Numbers";
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", `Numbers: ${finding}`);
  const grid = document.createElement("table");
  grid.createTHead().append(row("th", head));
  grid.createTBody().append(...rows.map((cells) => row("td", cells)));
  scroll.append(grid);
  details.append(summary, scroll);
  return details;
}

function foot(figure, onSave) {
  const made = make("div", "foot-row");
  const button = make("button", "button plain small", "Save picture");
  button.type = "button";
  button.addEventListener("click", onSave);
  made.append(table(figure.table, figure.finding), button);
  return made;
}

// Return the element that Plotly draws into.
export function picture(figure) {
  const plot = make("div", "");
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", figure.finding);
  plot.style.minInlineSize = `${figure.least ?? 0}px`;
  return plot;
}

// Return the finding, the picture in a frame that scrolls, and the numbers.
export function composed(figure, plot, onSave) {
  const finding = make("p", "finding", figure.finding);
  if (!figure.data.length) return [finding];
  const frame = make("div", "plot");
  frame.tabIndex = 0;
  frame.append(plot);
  return [finding, frame, foot(figure, onSave)];
}

export function notice(text) {
  const made = make("p", "notice bad", text);
  made.setAttribute("role", "alert");
  return made;
}
