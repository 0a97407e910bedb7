// <x-passage>: a word lights up in every line, with its value and place in every method.

class Passage extends HTMLElement {
  connectedCallback() {
    this.lines = [...this.querySelectorAll(".strand[data-values]")].map((line) => ({
      title: line.dataset.title,
      values: line.dataset.values.split(" "),
      places: line.dataset.places.split(" "),
    }));
    this.addEventListener("pointerover", (event) => this.light(event.target.dataset?.i));
    this.addEventListener("click", (event) => this.light(event.target.dataset?.i));
    this.addEventListener("keydown", (event) => this.key(event));
    this.setAttribute("data-ready", "");
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const line = event.target.closest?.(".passage");
    if (!step || !line) return;
    const words = [...line.querySelectorAll("[data-i]")];
    const at = words.findIndex((word) => word.classList.contains("here"));
    const next = words[Math.min(Math.max(at + step, 0), words.length - 1)];
    if (!next) return;
    event.preventDefault();
    this.light(next.dataset.i);
    next.scrollIntoView({ block: "nearest" });
  }

  light(index) {
    if (index === undefined) return;
    for (const lit of this.querySelectorAll(".w.here")) lit.classList.remove("here");
    const words = this.querySelectorAll(`.w[data-i="${Number(index)}"]`);
    for (const word of words) word.classList.add("here");
    if (words.length) this.tell(Number(index), words[0].textContent);
  }

  tell(index, text) {
    const list = document.createElement("dl");
    for (const line of this.lines) {
      const pair = document.createElement("div");
      const name = document.createElement("dt");
      const value = document.createElement("dd");
      name.textContent = line.title;
      value.textContent = `${line.values[index]}, place ${line.places[index]}`;
      pair.append(name, value);
      list.append(pair);
    }
    const word = document.createElement("p");
    word.textContent = `“${text}”`;
    this.querySelector(".readout").replaceChildren(word, list);
  }
}

customElements.define("x-passage", Passage);
