// Follows the light or dark look of the Airflow around the page, which keeps it under this key.
const dark = matchMedia("(prefers-color-scheme: dark)");

function paint() {
  const chosen = localStorage.getItem("theme");
  document.documentElement.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : dark.matches ? "dark" : "light";
}

addEventListener("storage", paint);
dark.addEventListener("change", paint);
paint();
