// Plotly, loaded once and only when the first figure comes into view.

export const CONFIG = {
  displaylogo: false,
  responsive: true,
  showSendToCloud: false, // else a button uploads the figure to a foreign server
  plotlyServerURL: "",
  displayModeBar: false, // buttons inside a picture cannot be reached by all; ours is beside it
};
let loading = null;

export function library(address) {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      loading = null;
      reject(new Error("The drawing library did not load."));
    };
    document.head.append(script);
  });
  return loading;
}
