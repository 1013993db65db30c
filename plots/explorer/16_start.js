// Puts the parts of the page together.
"use strict";

function addPanel(layout) {
  const panel = new Panel(layout);
  panels.push(panel);
  document.getElementById("panels").append(panel.element);
  listenToPointer(panel);
  listenToKeys(panel);
}

// showBeside shows one layout, or two beside each other.
function showBeside(two) {
  document.getElementById("beside").setAttribute("aria-pressed", two);
  if (two) addPanel(Math.min(1, points.layouts.length - 1));
  else panels.pop().element.remove();
}

listenToTheme();
listenToLegend();
listenToSearch();
listenToPicks();
for (const choice of document.querySelectorAll('input[name="tool"]')) {
  choice.addEventListener("change", () => (state.tool = choice.value));
}
document.getElementById("notes").append(...points.notes.map((note) => {
  const item = document.createElement("li");
  item.textContent = note;
  return item;
}));
document.getElementById("beside").addEventListener("click", () => showBeside(panels.length === 1));
addPanel(0);
if (points.beside) showBeside(true);
say(`${counted(points.n, "point")}.`);
