// Search in the names of files and of classes. What is found stands out.
"use strict";

// find marks the points whose file or one of whose classes contains a text, or whose index is that
// of "#12". Null: the text is empty.
function find(text) {
  text = text.trim().toLowerCase();
  if (text === "") return null;
  const found = new Uint8Array(points.n);
  if (/^#\d+$/.test(text)) {
    const i = points.index.indexOf(Number(text.slice(1)));
    if (i >= 0) found[i] = 1;
    return found;
  }
  for (const { of, classes } of points.columns) {
    if (!of) continue;
    const hit = classes.map((name) => name.toLowerCase().includes(text));
    for (let i = 0; i < points.n; i++) if (of[i] >= 0 && hit[of[i]]) found[i] = 1;
  }
  points.names?.forEach((name, i) => {
    if (name.toLowerCase().includes(text)) found[i] = 1;
  });
  return found;
}

function listenToSearch() {
  const search = document.getElementById("search"), pickFound = document.getElementById("pick-found");
  search.addEventListener("input", () => {
    state.found = find(search.value);
    pickFound.hidden = !state.found;
    if (state.found) {
      const shown = indices(state.found).filter((i) => state.shown[i]);
      say(shown.length === 0 ? "No point that is shown was found." : `${counted(shown.length, "point")} found.`);
    } else {
      say("");
    }
    changed();
  });
  const pickThem = () => {
    if (!state.found) return;
    pick(indices(state.found).filter((i) => state.shown[i]), "replace");
  };
  search.addEventListener("keydown", (event) => event.key === "Enter" && pickThem());
  pickFound.addEventListener("click", pickThem);
}
