// <x-figure src="…" library="…">: a Plotly figure, painted from the tokens of the style sheet.
import { CONFIG, library } from "./library.js";
import { palette, painted } from "./paint.js";
import { table } from "./numbers.js";

class Figure extends HTMLElement {
  static observedAttributes = ["src"];

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

  attributeChangedCallback(_name, before) {
    if (before !== null && this.plot) this.show();
  }

  async show() {
    this.seen.disconnect();
    this.setAttribute("aria-busy", "true");
    try {
      const [answer] = await Promise.all([fetch(this.getAttribute("src")), library(this.getAttribute("library"))]);
      if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
      this.figure = await answer.json();
      this.compose();
      await this.draw();
    } catch (error) {
      this.fail(error);
    } finally {
      this.removeAttribute("aria-busy");
    }
  }

  compose() {
    const finding = document.createElement("p");
    finding.className = "finding";
    finding.textContent = this.figure.finding;
    this.plot = document.createElement("div");
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", this.figure.finding);
    this.plot.style.minInlineSize = `${this.figure.least ?? 0}px`;
    const frame = document.createElement("div");
    frame.className = "plot";
    frame.tabIndex = 0;
    frame.append(this.plot);
    this.replaceChildren(finding, ...(this.figure.data.length ? [frame, table(this.figure.table)] : []));
  }

  async draw() {
    if (!this.plot?.isConnected || !this.figure?.data.length) return;
    const { data, layout } = painted(this.figure, palette(this));
    await window.Plotly.react(this.plot, data, layout, CONFIG);
  }

  fail(error) {
    const notice = document.createElement("p");
    notice.className = "notice bad";
    notice.setAttribute("role", "alert");
    notice.textContent = `This figure could not be drawn. ${error.message} Reload the page to try again.`;
    this.replaceChildren(notice);
  }
}

customElements.define("x-figure", Figure);
