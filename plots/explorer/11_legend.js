// The legend of the column that gives the colors. A click hides or shows a class.
"use strict";

function showLegend() {
  const column = points.columns[state.column], legend = document.getElementById("legend");
  document.getElementById("legend-title").textContent = column ? column.name : "Legend";
  document.getElementById("show-none").hidden = !column?.of;
  if (!column) legend.replaceChildren();
  else if (column.of) legend.replaceChildren(...classButtons(column));
  else legend.replaceChildren(...scaleOf(column));
  changed();
}

function classButtons(column) {
  const count = new Map();
  for (const c of column.of) count.set(c, (count.get(c) ?? 0) + 1);
  const classes = column.classes.map((name, c) => [c, name]);
  if (count.has(-1)) classes.push([-1, "none"]);
  return classes.map(([c, name]) => {
    const made = document.createElement("button"), sample = document.createElement("canvas");
    const text = document.createElement("span"), number = document.createElement("span");
    made.className = "class";
    made.dataset.class = c;
    sample.width = sample.height = 32;
    const context = sample.getContext("2d");
    context.fillStyle = classColor(c);
    context.fill(markerPath(classMarker(c), 16, 16, 8));
    text.className = "name";
    text.textContent = text.title = name;
    number.className = "count";
    number.textContent = (count.get(c) ?? 0).toLocaleString("en");
    made.append(sample, text, number);
    made.setAttribute("aria-pressed", !state.hidden[state.column].has(c));
    made.addEventListener("click", (event) => toggle(classes.map(([c]) => c), c, event.altKey));
    return made;
  });
}

// toggle hides or shows a class, or shows it alone.
function toggle(classes, c, alone) {
  const hidden = state.hidden[state.column];
  if (alone) {
    for (const other of classes) hidden.add(other);
    hidden.delete(c);
  } else if (!hidden.delete(c)) {
    hidden.add(c);
  }
  filterByLegend();
}

function filterByLegend() {
  for (const made of document.querySelectorAll("#legend .class")) {
    made.setAttribute("aria-pressed", !state.hidden[state.column].has(Number(made.dataset.class)));
  }
  filter();
}

// scaleOf is the legend of a column of numbers: its scale, and the range that is shown.
function scaleOf(column) {
  const [low, high] = extent(column.values), bar = document.createElement("div"), row = document.createElement("div");
  bar.className = "scale";
  bar.style.background = `linear-gradient(to right, ${shades.join(", ")})`;
  row.className = "range";
  const range = state.range[state.column] ?? [low, high];
  const limits = [low, high].map((limit, end) => {
    const input = document.createElement("input");
    input.type = "number";
    input.step = "any";
    input.value = Number(range[end].toPrecision(6));
    input.setAttribute("aria-label", `${end === 0 ? "Least" : "Greatest"} ${column.name} shown`);
    // Rounded as they are shown, the ends of the scale would leave out its ends.
    input.addEventListener("change", () => {
      const ends = limits.map(({ value }, k) => {
        const whole = [low, high][k];
        return value === "" || Number(value) === Number(whole.toPrecision(6)) ? whole : Number(value);
      });
      state.range[state.column] = ends;
      filter();
    });
    return input;
  });
  row.append(limits[0], "to", limits[1]);
  return [bar, row];
}

function listenToLegend() {
  const color = document.getElementById("color");
  points.columns.forEach(({ name }, i) => color.add(new Option(name, i)));
  if (points.columns.length === 0) {
    state.column = -1;
    color.parentElement.hidden = true;
    document.getElementById("legend-title").parentElement.hidden = true;
  }
  color.addEventListener("change", () => {
    state.column = Number(color.value);
    showLegend();
    showNeighbors();
  });
  document.getElementById("show-all").addEventListener("click", () => {
    state.hidden.forEach((hidden) => hidden.clear());
    state.range.fill(null);
    showLegend();
    filterByLegend();
  });
  document.getElementById("show-none").addEventListener("click", () => {
    const column = points.columns[state.column];
    for (let c = -1; c < column.classes.length; c++) state.hidden[state.column].add(c);
    filterByLegend();
  });
  showLegend();
}
