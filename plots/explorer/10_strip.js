// Strips of thumbnails: the neighbours of a point, and the picks.
"use strict";

// thumbnail is an item of a strip. A click asks for the neighbours of its point.
function thumbnail(i) {
  const item = document.createElement("li"), made = document.createElement("button");
  const picture = document.createElement("canvas"), text = document.createElement("span");
  drawThumbnail(picture, i);
  const column = points.columns[state.column];
  text.textContent = column ? valueOf(column, i) : nameOf(i);
  made.title = facts(i).map(([name, value]) => `${name}: ${value}`).join("\n");
  made.setAttribute("aria-label", `${nameOf(i)}, ${text.textContent}`);
  made.append(picture, text);
  made.addEventListener("click", () => ask(panels[0], i));
  made.addEventListener("pointerenter", () => {
    state.hover = i;
    marked();
  });
  made.addEventListener("pointerleave", () => hover(-1));
  item.append(made);
  return item;
}

// ask shows the neighbours of a point in the layout of a panel; -1 ends it.
function ask(panel, i) {
  const { neighbors, name } = panel.layout;
  state.asked = i;
  state.near = [];
  if (i >= 0 && neighbors) {
    state.near = Array.from(neighbors.index.subarray(i * neighbors.k, (i + 1) * neighbors.k)).filter((j) => j >= 0);
  }
  const text = document.getElementById("neighbors-text");
  if (i < 0) text.textContent = "Click a point.";
  else if (!neighbors) text.textContent = `${nameOf(i)}. ${name} brings no neighbours.`;
  else text.textContent = `${nameOf(i)} and its ${state.near.length} nearest, as ${name} lists them, the nearest first.`;
  if (i >= 0) say(text.textContent);
  showNeighbors();
  changed();
}

function showNeighbors() {
  const i = state.asked;
  const column = points.columns[state.column], strip = document.getElementById("neighbors");
  const list = [];
  if (i >= 0) list.push(thumbnail(i));
  for (const j of state.near) {
    const item = thumbnail(j);
    if (column?.of && column.of[i] >= 0 && column.of[j] >= 0) {
      const same = column.of[i] === column.of[j];
      item.firstChild.classList.add(same ? "same" : "other");
      item.firstChild.setAttribute("aria-label", `${item.firstChild.getAttribute("aria-label")}, ${same ? "same" : "another"} ${column.name}`);
      item.querySelector("span").prepend(same ? "✓ " : "✗ ");
    }
    list.push(item);
  }
  strip.replaceChildren(...list);
}
