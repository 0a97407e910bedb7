// <x-overlay>: maps painted over one picture in the colours of the page; one cross-hair in all.

class Overlay extends HTMLElement {
  connectedCallback() {
    this.layers = [...this.querySelectorAll(".layer[data-map]")].map((layer) => this.read(layer));
    this.paint();
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.repaint = () => this.paint());
    this.theme = new MutationObserver(this.repaint);
    this.theme.observe(document.documentElement, { attributes: true });
    this.addEventListener("input", (event) => this.style.setProperty("--strength", event.target.value / 100));
    this.addEventListener("pointermove", (event) => this.point(event));
    this.setAttribute("data-ready", "");
  }

  disconnectedCallback() {
    this.scheme.removeEventListener("change", this.repaint);
    this.theme.disconnect();
  }

  read(layer) {
    const { map, rows, columns, end, signed } = layer.dataset;
    const bytes = Int8Array.from(atob(map), (sign) => sign.charCodeAt(0));
    return { layer, bytes, rows: +rows, columns: +columns, end: +end, signed: Boolean(signed) };
  }

  paint() {
    const [raises, lowers, size] = ["--raises", "--lowers", "--scale-5"].map((name) => this.colour(name));
    for (const { layer, bytes, rows, columns, signed } of this.layers) {
      const canvas = layer.querySelector("canvas");
      canvas.width = columns;
      canvas.height = rows;
      const image = new ImageData(columns, rows);
      bytes.forEach((value, at) => {
        const colour = value < 0 ? lowers : signed ? raises : size;
        image.data.set([...colour, Math.abs(value) * 2], at * 4);
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

  point(event) {
    const box = event.target.closest?.(".canvas")?.getBoundingClientRect();
    if (!box) return;
    const x = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 0.9999);
    const y = Math.min(Math.max((event.clientY - box.top) / box.height, 0), 0.9999);
    for (const canvas of this.querySelectorAll(".canvas")) this.cross(canvas, x, y);
    for (const { layer, bytes, rows, columns, end } of this.layers) {
      const byte = bytes[Math.floor(y * rows) * columns + Math.floor(x * columns)];
      layer.querySelector("output").textContent = `here ${((byte / 127) * end).toPrecision(2)}`;
    }
  }

  cross(canvas, x, y) {
    const mark = canvas.querySelector(".cross") ?? canvas.appendChild(document.createElement("i"));
    mark.className = "cross";
    mark.style.left = `${x * 100}%`;
    mark.style.top = `${y * 100}%`;
  }
}

customElements.define("x-overlay", Overlay);
