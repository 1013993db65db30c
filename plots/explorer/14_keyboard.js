// The keys of a panel in focus.
"use strict";

function listenToKeys(panel) {
  const step = 40; // CSS pixels
  const onPoint = () => {
    const i = state.hover;
    if (i < 0) return;
    const box = panel.canvas.getBoundingClientRect();
    hover(i, box.left + panel.pixelX(i), box.top + panel.pixelY(i));
    say(facts(i).map(([name, value]) => `${name}: ${value}`).join(", "));
  };
  const go = (by) => {
    for (let k = 1; k <= points.n; k++) {
      const i = (((state.hover < 0 && by < 0 ? 0 : state.hover) + by * k) % points.n + points.n) % points.n;
      if (!state.shown[i]) continue;
      hover(i, 0, 0);
      const x = panel.pixelX(i), y = panel.pixelY(i);
      if (x < 0 || y < 0 || x > panel.width || y > panel.height) panel.move(panel.width / 2 - x, panel.height / 2 - y);
      return onPoint();
    }
    say("No point is shown.");
  };
  const tool = (name) => document.querySelector(`input[name="tool"][value="${name}"]`).click();
  const keys = {
    ArrowLeft: () => panel.move(step, 0),
    ArrowRight: () => panel.move(-step, 0),
    ArrowUp: () => panel.move(0, step),
    ArrowDown: () => panel.move(0, -step),
    "+": () => panel.zoom(1.25),
    "=": () => panel.zoom(1.25),
    "-": () => panel.zoom(1 / 1.25),
    0: () => panel.fit(),
    n: () => go(1),
    p: () => go(-1),
    Enter: () => ask(panel, state.hover),
    " ": () => state.hover >= 0 && pick([state.hover], state.picked[state.hover] ? "remove" : "add"),
    m: () => tool("move"),
    l: () => tool("lasso"),
    r: () => tool("rectangle"),
    Escape: () => {
      pick([], "replace");
      ask(panel, -1);
      hover(-1);
    },
  };
  panel.canvas.addEventListener("blur", () => hover(-1));
  panel.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // A notebook has keys of its own.
    keys[event.key]();
  });
}
