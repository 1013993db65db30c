// The picks, on their way out: as a line of Go on the clipboard, as a JSON file, and to the cell
// that waits for them.
"use strict";

const MOST_THUMBNAILS = 60;

function showPicks() {
  const strip = document.getElementById("picks"), key = `${state.turn} ${state.column}`;
  if (strip.dataset.of === key) return;
  strip.dataset.of = key;
  const picks = indices(state.picked);
  let text = picks.length === 0 ? "Draw with the lasso or the rectangle." : `${counted(picks.length, "point")}.`;
  if (picks.length > MOST_THUMBNAILS) text += ` The first ${MOST_THUMBNAILS}:`;
  document.getElementById("picks-text").textContent = text;
  document.getElementById("by-hand").hidden = true;
  strip.replaceChildren(...picks.slice(0, MOST_THUMBNAILS).map(thumbnail));
  for (const id of ["copy", "save", "clear"]) document.getElementById(id).disabled = picks.length === 0;
}

function listenToPicks() {
  const goLine = () => `var picks = []int{${indices(state.picked).join(", ")}}`;
  document.getElementById("copy").addEventListener("click", async () => {
    const n = counted(indices(state.picked).length, "index").replace("indexs", "indices");
    try {
      await navigator.clipboard.writeText(goLine());
      say(`Copied ${n} as Go: paste it into the next cell.`);
    } catch { // A page without the right to the clipboard.
      const area = document.getElementById("by-hand");
      area.value = goLine();
      area.hidden = false;
      area.focus();
      area.select();
      say("The browser does not give the clipboard to this page: copy the text by hand.");
    }
  });
  document.getElementById("save").addEventListener("click", () => {
    const picks = indices(state.picked);
    const content = { title: points.title, points: points.n, picks };
    if (points.names) content.names = picks.map(nameOf);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(content) + "\n"], { type: "application/json" }));
    link.download = "picks.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    say(`Saved ${counted(picks.length, "pick")} as picks.json, which plots.Picks reads.`);
  });
  document.getElementById("clear").addEventListener("click", () => pick([], "replace"));
  onChange(showPicks);
}
