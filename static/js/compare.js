// <x-compare>: arrow keys between samples and features; a feature lights up in every method.

const BUSY = "input, select, textarea, [contenteditable]";

class Compare extends HTMLElement {
  connectedCallback() {
    document.addEventListener("keydown", this.onKey = (event) => this.key(event));
    for (const kind of ["pointerover", "focusin"]) this.addEventListener(kind, (event) => this.light(event.target));
    for (const kind of ["pointerleave", "focusout"]) this.addEventListener(kind, () => this.light(null));
    // A choice in the form is made at once; without script there is a button.
    this.addEventListener("change", (event) => {
      if (event.target.matches("select, [type=checkbox]")) event.target.form.requestSubmit();
    });
    this.setAttribute("data-ready", "");
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this.onKey);
  }

  key(event) {
    const taken = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
    if (taken || event.defaultPrevented || event.target.closest(BUSY)) return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.step(event);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.climb(event);
  }

  step(event) {
    const box = event.target.closest("[data-scroll]");
    if (box && box.scrollWidth > box.clientWidth) return; // these keys scroll it
    const link = this.querySelector(`a[rel="${event.key === "ArrowLeft" ? "prev" : "next"}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  }

  climb(event) {
    const at = event.target.closest?.("tr[data-feature]");
    if (!at || !this.contains(at)) return;
    const to = event.key === "ArrowUp" ? at.previousElementSibling : at.nextElementSibling;
    if (!to?.matches("tr[data-feature]")) return;
    event.preventDefault();
    to.querySelector("[tabindex]").focus();
  }

  light(target) {
    const row = target?.closest?.("tr[data-feature]");
    for (const lit of this.querySelectorAll(".lit")) lit.classList.remove("lit");
    if (!row) return;
    row.classList.add("lit");
    for (const cell of row.querySelectorAll("td[data-home]")) {
      this.querySelector(`tr[data-feature="${cell.dataset.home}"]`)?.classList.add("lit");
    }
  }
}

customElements.define("x-compare", Compare);
