// <x-figure src="…" library="…">: a Plotly figure, painted from the tokens of the style sheet.
import { CONFIG, library } from "./library.js";
import { palette, painted } from "./paint.js";
import { composed, notice, picture } from "./composed.js";

class Figure extends HTMLElement {
  connectedCallback() {
    this.seen = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.show();
    }, { rootMargin: "200px" });
    this.seen.observe(this);
    this.scheme = new MutationObserver(() => this.draw());
    this.scheme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    this.media = matchMedia("(prefers-color-scheme: dark)");
    this.media.addEventListener("change", this.repaint = () => this.draw());
  }

  disconnectedCallback() {
    this.seen.disconnect();
    this.scheme.disconnect();
    this.media.removeEventListener("change", this.repaint);
    if (this.plot && window.Plotly) window.Plotly.purge(this.plot);
    this.plot = null;
  }

  async show() {
    this.seen.disconnect();
    this.setAttribute("aria-busy", "true");
    try {
      const [answer] = await Promise.all([fetch(this.getAttribute("src")), library(this.getAttribute("library"))]);
      if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
      this.figure = await answer.json();
      this.plot = picture(this.figure);
      this.replaceChildren(...composed(this.figure, this.plot, () => this.save()));
      await this.draw();
      if (this.plot.on) this.dispatchEvent(new CustomEvent("figure-ready", { bubbles: true, detail: this.plot }));
    } catch (error) {
      this.fail(error);
    } finally {
      this.removeAttribute("aria-busy");
    }
  }

  save() {
    // On a ground, or the ink of the dark scheme would be lost on white paper.
    const ground = palette(this)("surface");
    window.Plotly.relayout(this.plot, { paper_bgcolor: ground })
      .then(() => window.Plotly.downloadImage(this.plot, { format: "png", scale: 2, filename: "parallax" }))
      .then(() => this.draw());
  }

  async draw() {
    if (!this.plot?.isConnected || !this.figure?.data.length) return;
    const { data, layout } = painted(this.figure, palette(this));
    await window.Plotly.react(this.plot, data, layout, CONFIG);
  }

  fail(error) {
    this.replaceChildren(notice(`This figure could not be drawn. ${error.message} Reload the page to try again.`));
  }
}

customElements.define("x-figure", Figure);
