// Written tokens: with Shift, a click chooses up to that token.

document.addEventListener("click", (event) => {
  const token = event.target.closest?.(".written a[data-output]");
  if (!token || !event.shiftKey) return;
  const chosen = [...document.querySelectorAll(".written a[aria-current]")].map((one) => +one.dataset.output);
  const ends = [...chosen, +token.dataset.output];
  const address = new URL(token.href);
  address.searchParams.set("output", Math.min(...ends));
  address.searchParams.set("until", Math.max(...ends));
  token.href = address.href;
}, true);
