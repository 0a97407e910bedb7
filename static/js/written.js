// <x-written>: choose one written token, or a span of them, with the mouse or the keyboard.

class Written extends HTMLElement {
  connectedCallback() {
    this.tokens = [...this.querySelectorAll("a[data-output]")];
    this.addEventListener("pointerdown", (event) => this.press(this.at(event)));
    this.addEventListener("pointermove", (event) => event.buttons === 1 && this.draw(this.under(event)));
    // Over another token than where it began, the end of a drawing is no click.
    this.addEventListener("pointerup", () => this.from >= 0 && this.from !== this.to && this.show(this.from, this.to));
    this.addEventListener("click", (event) => this.click(event), true);
    this.addEventListener("keydown", (event) => this.key(event));
    this.setAttribute("data-ready", "");
  }

  at(event) {
    return this.tokens.indexOf(event.target.closest?.("a[data-output]"));
  }

  under(event) {
    return this.tokens.indexOf(document.elementFromPoint(event.clientX, event.clientY)?.closest("a[data-output]"));
  }

  press(place) {
    this.from = this.to = place;
  }

  draw(place) {
    if (place < 0 || !(this.from >= 0) || place === this.to) return;
    this.to = place;
    this.mark();
  }

  click(event) {
    const place = this.at(event);
    if (place < 0) return;
    const chosen = this.tokens.findIndex((one) => one.hasAttribute("aria-current"));
    if (!event.shiftKey) return; // its own address
    event.preventDefault();
    event.stopPropagation();
    this.show(chosen, place);
  }

  key(event) {
    const here = this.tokens.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (here < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (step) {
      const next = Math.min(Math.max(here + step, 0), this.tokens.length - 1);
      if (!event.shiftKey) this.press(next);
      else if (!(this.from >= 0)) this.press(here);
      this.to = next;
      this.mark();
      this.tokens[next].focus();
    } else if (event.key === "Enter" && this.from >= 0 && this.from !== this.to) this.show(this.from, this.to);
    else if (event.key === "Escape") this.press(here), this.mark();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  mark() {
    const [first, last] = [Math.min(this.from, this.to), Math.max(this.from, this.to)];
    const marked = this.tokens.filter((one, at) => one.classList.toggle("marked", at >= first && at <= last && first < last));
    this.querySelector(".readout").textContent = marked.length
      ? `Tokens ${first} to ${last}: “${marked.map((one) => one.textContent).join("")}”. Enter shows them together.` : "";
  }

  show(one, other) {
    const form = document.querySelector("form.controls");
    form.elements.namedItem("output").value = Math.min(one, other);
    form.elements.namedItem("until").value = Math.max(one, other);
    form.requestSubmit();
  }
}

customElements.define("x-written", Written);
