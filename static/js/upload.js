// <x-upload>: files in slices, with a bar in bytes; goes on after a broken connection or a closed tab.
import { ask, bytes, known } from "./sending.js";

const SLICE = 8 * 2 ** 20;

customElements.define("x-upload", class extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    const drop = this.querySelector(".drop");
    input.addEventListener("change", () => { this.send([...input.files]); input.value = ""; });
    for (const type of ["dragover", "dragleave", "drop"]) {
      drop.addEventListener(type, (event) => {
        event.preventDefault();
        drop.classList.toggle("over", type === "dragover");
        if (type === "drop") this.send([...event.dataTransfer.files]);
      });
    }
  }

  async send(files) {
    const pages = await Promise.all(files.map((file) => this.one(file)));
    if (files.length && pages.every(Boolean)) location.assign(pages.length === 1 ? pages[0] : this.dataset.listing);
  }

  async one(file) {
    const line = document.getElementById("sending").content.firstElementChild.cloneNode(true);
    const [name, told, bar] = ["span", "small", "progress"].map((tag) => line.querySelector(tag));
    name.textContent = file.name;
    bar.max = file.size || 1;
    bar.setAttribute("aria-label", `Bytes of ${file.name} sent`);
    this.querySelector(".sent").append(line);
    try {
      return await this.push(file, (text, at) => { told.textContent = text; bar.value = at ?? bar.value; });
    } catch (error) {
      line.className = "notice bad";
      line.setAttribute("role", "alert");
      line.textContent = `${file.name}: ${error.message}`;
      return null;
    }
  }

  async push(file, show) {
    const mark = `upload ${this.dataset.purpose} ${file.name} ${file.size} ${file.lastModified}`;
    const broken = () => show("The connection is broken; trying again…");
    let { id, offset } = await this.begin(file, mark, broken);
    const [from, since] = [offset, performance.now()];
    for (;;) {
      const seconds = (performance.now() - since) / 1000;
      const rate = offset > from && seconds > 0.5 ? `, ${bytes((offset - from) / seconds)} per second` : "";
      show(`${bytes(offset)} of ${bytes(file.size)}${rate}`, offset);
      const part = `${this.dataset.begin}${id}/parts/?offset=${offset}`;
      if (offset < file.size) ({ offset } = await this.ask("PUT", part, file.slice(offset, offset + SLICE), broken));
      if (offset < file.size) continue;
      show("Checking the bytes…", file.size);
      const done = await this.ask("POST", `${this.dataset.begin}${id}/complete/`, "", broken);
      if (done.url) { localStorage.removeItem(mark); return done.url; }
      offset = done.offset;
    }
  }

  async begin(file, mark, broken) {
    const id = localStorage.getItem(mark);
    const before = id ? await known(`${this.dataset.begin}${id}/offset/`) : {};
    if (before.state === "uploading") return { id, offset: before.offset };
    const asked = JSON.stringify({ name: file.name, size: file.size, purpose: this.dataset.purpose });
    const begun = await this.ask("POST", this.dataset.begin, asked, broken);
    localStorage.setItem(mark, begun.id);
    return begun;
  }

  ask(method, url, body, broken) {
    return ask(method, url, body, this.dataset.csrf, broken);
  }
});
