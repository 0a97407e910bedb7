// <x-choose>: a choice in one of its forms is made at once; without script there is a button.

class Choose extends HTMLElement {
  connectedCallback() {
    this.addEventListener("change", (event) => {
      if (event.target.matches("select, [type=checkbox]")) event.target.form.requestSubmit();
    });
  }
}

customElements.define("x-choose", Choose);
