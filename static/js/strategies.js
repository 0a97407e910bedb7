// <x-strategies address="?…">: a click on a point opens its cluster, a lasso opens what it holds.

const CORNERS = 60;

class Strategies extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button[aria-pressed]");
    this.addEventListener("figure-ready", (event) => this.ready(event.detail));
    this.button.addEventListener("click", () => this.toggle());
  }

  ready(plot) {
    this.plot = plot;
    this.button.hidden = false;
    plot.on("plotly_click", ({ points }) => {
      const found = points.find((point) => Array.isArray(point.customdata));
      if (found) this.go("cluster", found.customdata[0]);
    });
    plot.on("plotly_selected", (event) => {
      const { x, y } = event?.lassoPoints ?? {};
      if (!x || x.length < 3) return;
      const step = Math.ceil(x.length / CORNERS);
      const corners = x.flatMap((at, i) => (i % step ? [] : [`${at.toFixed(3)},${y[i].toFixed(3)}`]));
      this.go("around", corners.join(";"));
    });
  }

  toggle() {
    const isOn = this.button.getAttribute("aria-pressed") !== "true";
    this.button.setAttribute("aria-pressed", isOn);
    window.Plotly.relayout(this.plot, { dragmode: isOn ? "lasso" : false });
  }

  go(name, value) {
    const query = new URLSearchParams(this.getAttribute("address"));
    query.set(name, value);
    location.assign(`?${query}#chosen`);
  }
}

customElements.define("x-strategies", Strategies);
