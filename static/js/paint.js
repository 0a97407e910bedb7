// Fill in the colours of a figure, which names them by role: "ink", "raises", "method-2".

const SCALES = {
  sequential: ["scale-3", "scale-4", "scale-5", "scale-6"],
  diverging: ["lowers", "zero", "raises"],
};

// Return a function from a role to a colour, as the page shows it now.
export function palette(element) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const found = new Map();
  const colour = (role) => {
    if (!found.has(role)) {
      // A custom property is read as it is written; a real one as it is shown.
      if (!probe.isConnected) element.append(probe);
      probe.style.color = `var(--${role})`;
      found.set(role, getComputedStyle(probe).color);
      probe.remove();
    }
    return found.get(role);
  };
  probe.remove();
  return colour;
}

function filled(role, colour) {
  const roles = SCALES[role];
  return roles ? roles.map((name, i) => [i / (roles.length - 1), colour(name)]) : colour(role);
}

function set(target, path, value) {
  const steps = path.replace(/\[(\d+)\]/g, ".$1").split(".");
  const last = steps.pop();
  const place = steps.reduce((at, step) => (at[step] ??= {}), target);
  place[last] = value;
}

function paint(part, colour) {
  const copy = structuredClone(part);
  for (const [path, role] of Object.entries(copy.meta?.paint ?? {})) set(copy, path, filled(role, colour));
  delete copy.meta;
  return copy;
}

// Return the traces and the layout with all colours.
export function painted(figure, colour) {
  const layout = paint(figure.layout, colour);
  const line = colour("line");
  for (const key of Object.keys(layout).filter((name) => /^[xy]axis/.test(name))) {
    Object.assign(layout[key], { gridcolor: line, linecolor: line, zerolinecolor: colour("edge"), tickcolor: line });
  }
  Object.assign(layout, {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("ink"), family: getComputedStyle(document.body).fontFamily, size: 13 },
    hoverlabel: { bgcolor: colour("surface"), bordercolor: colour("edge"), font: { color: colour("ink") } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("muted"), activecolor: colour("accent") },
    margin: { l: 8, r: 8, t: 28, b: 8, ...layout.margin },
    autosize: true,
    dragmode: false,
  });
  return { data: figure.data.map((trace) => paint(trace, colour)), layout };
}
