// <x-upload>: files in slices, with a bar in bytes; goes on after a broken connection or a closed tab.
const PATIENCE = [500, 1000, 2000, 4000, 8000, 15000, 30000];
const words = (n) => (n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

class Refusal extends Error {}

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
    const sent = await Promise.all(files.map((file) => this.one(file)));
    const good = sent.filter(Boolean);
    if (good.length && good.length === files.length) location.assign(good.length === 1 ? good[0] : this.dataset.list);
  }

  async one(file) {
    const line = document.createElement("div");
    line.className = "sending";
    line.innerHTML = '<div class="row"><span class="name"></span><small></small></div><progress value="0"></progress>';
    const [name, told, bar] = [line.querySelector(".name"), line.querySelector("small"), line.querySelector("progress")];
    name.textContent = file.name;
    bar.max = file.size || 1;
    bar.setAttribute("aria-label", `Bytes of ${file.name} sent`);
    this.querySelector("[data-list]").append(line);
    try {
      return await this.push(file, (at, text) => { bar.value = at; told.textContent = text; });
    } catch (error) {
      bar.remove();
      told.remove();
      name.className = "notice bad";
      name.setAttribute("role", "alert");
      name.textContent = `${file.name}: ${error.message}`;
      return null;
    }
  }

  async push(file, show) {
    const mark = `upload ${this.dataset.purpose} ${file.name} ${file.size} ${file.lastModified}`;
    let { id, offset, chunk } = await this.begin(file, mark);
    const [from, since] = [offset, performance.now()];
    while (offset < file.size) {
      const seconds = (performance.now() - since) / 1000;
      const rate = offset > from && seconds > 0.5 ? `, ${words((offset - from) / seconds)} per second` : "";
      show(offset, `${words(offset)} of ${words(file.size)}${rate}`);
      const slice = file.slice(offset, offset + chunk);
      ({ offset } = await this.ask("PUT", `${this.dataset.begin}${id}/parts/?offset=${offset}`, slice, show));
    }
    show(file.size, "Checking the bytes…");
    const { url } = await this.ask("POST", `${this.dataset.begin}${id}/complete/`, "", show);
    localStorage.removeItem(mark);
    return url;
  }

  async begin(file, mark) {
    const chunk = 8 * 2 ** 20;
    const id = localStorage.getItem(mark);
    if (id) {
      const answer = await fetch(`${this.dataset.begin}${id}/offset/`);
      const known = answer.ok ? await answer.json() : {};
      if (known.state === "uploading") return { id, offset: known.offset, chunk };
    }
    const asked = JSON.stringify({ name: file.name, size: file.size, purpose: this.dataset.purpose });
    const begun = await this.ask("POST", this.dataset.begin, asked, () => {});
    localStorage.setItem(mark, begun.id);
    return begun;
  }

  async ask(method, url, body, show) {
    const headers = { "X-CSRFToken": this.dataset.csrf, "Content-Type": "application/octet-stream" };
    for (const pause of [...PATIENCE, 0]) {
      const answer = await fetch(url, { method, body, headers }).catch(() => null);
      const told = await answer?.json().catch(() => ({}));
      if (answer?.ok || (answer?.status === 409 && told.offset !== undefined)) return told;
      if (answer && answer.status < 500 || answer?.status === 507) throw new Refusal(told.error ?? `The server answered ${answer.status}.`);
      if (!pause) break;
      show(0, "The connection is broken; trying again…");
      await wait(pause);
    }
    throw new Refusal("The server cannot be reached. Choose the file again later: it continues where it stopped.");
  }
});
