/* Units to mark: the arrow keys go from one to the next, so that Tab leaves the whole group. */
class Marks extends HTMLElement {
  connectedCallback() {
    this.boxes = [...this.querySelectorAll("input")];
    this.boxes.forEach((box, at) => { box.tabIndex = at ? -1 : 0; });
    this.addEventListener("keydown", (event) => this.step(event));
    this.addEventListener("focusin", (event) => this.hold(event.target));
    this.dataset.ready = "";
  }

  step(event) {
    const columns = Number(this.dataset.columns) || 1;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const at = this.boxes.indexOf(event.target);
    const next = this.boxes[at + by];
    if (by === undefined || at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  }

  hold(box) {
    if (!this.boxes.includes(box)) return;
    this.boxes.forEach((other) => { other.tabIndex = other === box ? 0 : -1; });
  }
}

customElements.define("x-marks", Marks);
