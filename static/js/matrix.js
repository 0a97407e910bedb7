// <x-matrix>: context by output, one painted map per method; a column leads to its token's page.

class Matrix extends HTMLElement {
  connectedCallback() {
    this.contexts = JSON.parse(this.dataset.contexts);
    this.outputs = JSON.parse(this.dataset.outputs);
    this.layers = [...this.querySelectorAll(".layer[data-map]")].map((layer) => this.read(layer));
    this.paint();
    this.theme = new MutationObserver(() => this.paint());
    this.theme.observe(document.documentElement, { attributes: true });
    this.addEventListener("pointermove", (event) => this.tell(this.cell(event)));
    this.addEventListener("click", (event) => this.open(this.cell(event)));
    this.setAttribute("data-ready", "");
  }

  disconnectedCallback() {
    this.theme.disconnect();
  }

  read(layer) {
    const { title, map, rows, columns, end, signed } = layer.dataset;
    const bytes = Int8Array.from(atob(map), (sign) => sign.charCodeAt(0));
    return { layer, title, bytes, rows: +rows, columns: +columns, end: +end, signed: Boolean(signed) };
  }

  paint() {
    const [raises, lowers, size] = ["--raises", "--lowers", "--scale-5"].map((name) => this.colour(name));
    for (const { layer, bytes, rows, columns, signed } of this.layers) {
      const canvas = layer.querySelector("canvas");
      canvas.width = columns;
      canvas.height = rows;
      const image = new ImageData(columns, rows);
      bytes.forEach((value, at) => {
        image.data.set([...(value < 0 ? lowers : signed ? raises : size), Math.abs(value) * 2], at * 4);
      });
      canvas.getContext("2d").putImageData(image, 0, 0);
    }
  }

  colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    this.append(probe);
    const found = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
    probe.remove();
    return found;
  }

  cell(event) {
    if (!event.target.matches?.("canvas")) return null;
    const box = event.target.getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.contexts.length);
    const column = Math.floor(((event.clientX - box.left) / box.width) * this.outputs.length);
    return row in this.contexts && column in this.outputs ? { row, column } : null;
  }

  tell(cell) {
    if (!cell) return;
    const values = this.layers.map(({ title, bytes, columns, end }) =>
      `${title} ${((bytes[cell.row * columns + cell.column] / 127) * end).toPrecision(2)}`);
    this.querySelector(".readout").textContent =
      `“${this.contexts[cell.row]}” → “${this.outputs[cell.column]}”: ${values.join(", ")}`;
  }

  open(cell) {
    if (cell) document.getElementById(`out-${cell.column}`)?.click();
  }
}

customElements.define("x-matrix", Matrix);
