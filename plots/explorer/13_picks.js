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

// picksFile is what plots.Picks reads.
function picksFile() {
  const picks = indices(state.picked);
  const content = { title: points.title, below: points.index.at(-1) + 1, picks: picks.map((i) => points.index[i]) };
  if (points.names) content.names = picks.map(nameOf);
  return JSON.stringify(content) + "\n";
}

function listenToPicks() {
  const goLine = () => `var picks = []int{${indices(state.picked).map((i) => points.index[i]).join(", ")}}`;
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
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([picksFile()], { type: "application/json" }));
    link.download = "picks.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    say(`Saved ${counted(indices(state.picked).length, "pick")} as picks.json, which plots.Picks reads.`);
  });
  document.getElementById("clear").addEventListener("click", () => pick([], "replace"));
  onChange(showPicks);
  listenToCell();
}

// listenToCell lets the picks be sent to a cell that waits for them (plots.Page.Pick): the frame is
// then named as the address at which the cell listens. The page says hello there until the cell
// answers.
function listenToCell() {
  const send = document.getElementById("send"), address = window.name;
  if (!address.startsWith("/picks/")) return;
  send.hidden = false;
  send.disabled = true;
  let comm = null, answered = false;
  const hello = setInterval(() => {
    if (!parent.gonb_comm || parent.gonb_comm === comm) return;
    comm = parent.gonb_comm;
    comm.subscribe(`${address}/answer`, (_, text) => {
      clearInterval(hello);
      answered = true;
      send.disabled = false;
      say(text);
    });
    comm.send(`${address}/hello`, "hello");
  }, 300);
  send.addEventListener("click", () => {
    answered = false;
    say("Sending …");
    comm.send(address, picksFile());
    setTimeout(() => answered || say("No cell waits for the picks any more: copy or save them."), 5000);
  });
}
