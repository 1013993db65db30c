// Mouse, pen and fingers on a panel: wheel, drag, hover and click.
"use strict";

const CLICK = 4; // CSS pixels that a pointer may move in a click.

function listenToPointer(panel) {
  const { canvas } = panel;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  let from = null, last = null, dragging = false;

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    panel.zoom(Math.exp(-event.deltaY * lines * 0.0015), ...place(event));
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    from = last = place(event);
    dragging = false;
  });

  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    if (!from) {
      hover(panel.under(x, y), event.clientX, event.clientY);
      return;
    }
    if (!dragging && Math.hypot(x - from[0], y - from[1]) < CLICK) return;
    if (!dragging) {
      dragging = true;
      panel.path = state.tool === "move" ? null : [from];
      hover(-1);
    }
    if (state.tool === "move") panel.move(x - last[0], y - last[1]);
    if (state.tool === "lasso") panel.path.push([x, y]);
    if (state.tool === "rectangle") panel.path = [from, [x, from[1]], [x, y], [from[0], y]];
    last = [x, y];
    marked();
  });

  canvas.addEventListener("pointerup", (event) => {
    if (!from) return;
    if (!dragging) ask(panel, panel.under(...from));
    else if (panel.path) pickInside(panel, panel.path, event.altKey ? "remove" : event.shiftKey ? "add" : "replace");
    from = panel.path = null;
    marked();
  });

  canvas.addEventListener("pointercancel", () => {
    from = panel.path = null;
    marked();
  });
  canvas.addEventListener("pointerleave", () => from || hover(-1));
}
