// Lasso and rectangle: which points lie inside, and what becomes of the picks.
"use strict";

// inside tells whether (x, y) lies in a polygon, by the number of its edges to the right.
function inside(path, x, y) {
  let odd = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [xi, yi] = path[i], [xj, yj] = path[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  }
  return odd;
}

// pickInside picks the points that are shown within a path of a panel. mode is "replace", "add" or
// "remove".
function pickInside(panel, path, mode) {
  const within = [], xs = path.map(([x]) => x), ys = path.map(([, y]) => y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < points.n; i++) {
    if (!state.shown[i]) continue;
    const x = panel.pixelX(i), y = panel.pixelY(i);
    if (x >= x0 && x <= x1 && y >= y0 && y <= y1 && inside(path, x, y)) within.push(i);
  }
  pick(within, mode);
  if (within.length === 0) say(`The ${state.tool} holds no point${mode === "replace" ? ": nothing is picked" : ": the picks stay as they were"}.`);
}

function pick(which, mode) {
  if (mode === "replace") state.picked.fill(0);
  for (const i of which) state.picked[i] = mode === "remove" ? 0 : 1;
  state.turn++;
  const n = indices(state.picked).length;
  say(n === 0 ? "Nothing is picked." : `${counted(n, "point")} picked.`);
  changed();
}
