// Before the first paint: the scheme that was chosen. The select in the header changes it.
const chosen = localStorage.getItem("theme") ?? "system";
document.documentElement.dataset.theme = chosen;

addEventListener("DOMContentLoaded", () => {
  const select = document.getElementById("theme");
  if (!select) return;
  select.value = chosen;
  select.addEventListener("change", () => {
    localStorage.setItem("theme", select.value);
    document.documentElement.dataset.theme = select.value;
  });
});
