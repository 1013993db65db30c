// What the user has chosen. It is shared by all panels, so that their picks are linked.
"use strict";

const state = {
  column: 0, // The column that gives the colors; -1: none.
  hidden: points.columns.map(() => new Set()), // By column: the classes that the legend hides; -1 is that of points with none.
  range: points.columns.map(() => null), // By column of numbers: the lowest and highest value that is shown.
  shown: new Uint8Array(points.n).fill(1),
  found: null, // By point: whether it is what was searched for. Null: nothing was.
  picked: new Uint8Array(points.n),
  turn: 0, // How often the picks have changed.
  hover: -1,
  asked: -1, // The point whose neighbours are shown.
  near: [],
  tool: "move",
};

const listeners = [];

// onChange calls back after changes, at most once a frame, with whether more than what is marked has
// changed.
function onChange(callback) {
  listeners.push(callback);
}

let waiting = false, whole = false;

function changed() {
  whole = true;
  marked();
}

// marked is called where the points are drawn as before, and only their marks differ, such as the
// ring under the pointer: that takes no time however many points there are.
function marked() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    const all = whole;
    waiting = whole = false;
    for (const callback of listeners) callback(all);
  });
}

function say(text) {
  document.getElementById("status").textContent = text;
}

const counted = (n, one) => `${n.toLocaleString("en")} ${n === 1 ? one : one + "s"}`;

function indices(flags) {
  const out = [];
  for (let i = 0; i < flags.length; i++) if (flags[i]) out.push(i);
  return out;
}

// filter works out which points the legends of all columns leave.
function filter() {
  const { shown, hidden, range } = state;
  shown.fill(1);
  points.columns.forEach((column, c) => {
    if (column.of && hidden[c].size > 0) {
      for (let i = 0; i < points.n; i++) if (hidden[c].has(column.of[i])) shown[i] = 0;
    }
    if (column.values && range[c]) {
      const [low, high] = range[c];
      for (let i = 0; i < points.n; i++) if (column.values[i] < low || column.values[i] > high) shown[i] = 0;
    }
  });
  const left = indices(shown).length;
  say(left === points.n ? `All ${counted(left, "point")} are shown.` : `${left.toLocaleString("en")} of ${counted(points.n, "point")} are shown.`);
  changed();
}
