// Light or dark: as the notebook around the page is, else as the system is, until the user chooses.
"use strict";

const root = document.documentElement;

// ground is the color behind the points.
function ground() {
  return root.classList.contains("dark") ? "#16181a" : "#ffffff";
}

function listenToTheme() {
  const made = document.getElementById("theme");
  const dark = (on) => {
    root.classList.toggle("dark", on);
    made.textContent = on ? "Light" : "Dark";
    changed();
  };
  made.addEventListener("click", () => dark(!root.classList.contains("dark")));
  const system = matchMedia("(prefers-color-scheme: dark)");
  const around = notebookIsDark();
  dark(around ?? system.matches);
  if (around === null) system.addEventListener("change", () => dark(system.matches));
}

// notebookIsDark is null where no notebook is around the page, or one of another origin.
function notebookIsDark() {
  try {
    if (parent === window) return null;
    const color = parent.getComputedStyle(parent.document.body).getPropertyValue("--jp-layout-color0").trim();
    if (color === "") return null;
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    return r + g + b < 3 * 128;
  } catch { // Of another origin.
    return null;
  }
}
