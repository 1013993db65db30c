// What Go wrote into the page: the points, their layouts, columns, names and thumbnails.
"use strict";

const points = (() => {
  const bytes = (text) => {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out.buffer;
  };
  const floats = (text) => new Float32Array(bytes(text));
  const whole = (text) => new Int32Array(bytes(text));

  const data = JSON.parse(document.getElementById("data").textContent);
  const neighbors = data.neighbors.map(({ k, index }) => ({ k, index: whole(index) }));
  return {
    ...data,
    index: data.indices ? whole(data.indices) : Int32Array.from({ length: data.n }, (_, i) => i),
    layouts: data.layouts.map((layout) => ({
      name: layout.name, at: floats(layout.points), neighbors: layout.neighbors < 0 ? null : neighbors[layout.neighbors],
    })),
    columns: data.columns.map((column) => ({
      name: column.name, classes: column.classes, of: column.of ? whole(column.of) : null, values: column.values ? floats(column.values) : null,
    })),
    sheets: data.sheets.map((source) => {
      const sheet = new Image();
      sheet.src = source;
      return sheet;
    }),
  };
})();

// nameOf is what a point is called: its file, or else its number.
function nameOf(i) {
  return points.names ? points.names[i] : `#${points.index[i]}`;
}

// valueOf is what a column says of a point, in words.
function valueOf(column, i) {
  if (column.values) return String(Number(column.values[i].toPrecision(6)));
  return column.of[i] < 0 ? "none" : column.classes[column.of[i]];
}

// drawThumbnail draws the picture of a point on a canvas, which is hidden where the page has none.
function drawThumbnail(canvas, i) {
  const { thumbnails, tile, perRow, perSheet, sheets } = points;
  canvas.hidden = i >= thumbnails;
  if (canvas.hidden) return;
  canvas.width = canvas.height = tile;
  const place = i % perSheet, sheet = sheets[Math.floor(i / perSheet)];
  const draw = () => canvas.getContext("2d").drawImage(
    sheet, (place % perRow) * tile, Math.floor(place / perRow) * tile, tile, tile, 0, 0, tile, tile);
  if (sheet.complete) draw();
  else sheet.addEventListener("load", draw, { once: true });
}
