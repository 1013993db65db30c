// Colors and markers of classes. Both go by the class's number, so that they stay with the class
// where other classes are missing; and by both, so that nobody needs to see the colors.
"use strict";

const classColor = (c) => (c < 0 ? "#8a8a8a" : points.colors[c % points.colors.length]);
const classMarker = (c) => (c < 0 ? 0 : (c + Math.floor(c / points.colors.length)) % points.markers.length);

const SHADES = 64;

const shades = Array.from({ length: SHADES }, (_, i) => {
  const at = (i / (SHADES - 1)) * (points.scale.length - 1), from = Math.min(Math.floor(at), points.scale.length - 2);
  const [a, b] = [rgb(points.scale[from]), rgb(points.scale[from + 1])];
  return "#" + a.map((v, k) => Math.round(v + (at - from) * (b[k] - v)).toString(16).padStart(2, "0")).join("");
});

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

// stylesOf gives each point the number of its style, and the styles: a color and a marker.
function stylesOf(column) {
  if (!column) return { of: new Int32Array(points.n), styles: [{ color: classColor(0), marker: 0 }] };
  if (column.of) {
    const styles = [{ color: classColor(-1), marker: 0, small: true }];
    column.classes.forEach((_, c) => styles.push({ color: classColor(c), marker: classMarker(c) }));
    return { of: column.of.map((c) => c + 1), styles };
  }
  const [low, high] = extent(column.values), span = high - low || 1;
  return {
    of: Int32Array.from(column.values, (v) => Math.round(((v - low) / span) * (SHADES - 1))),
    styles: shades.map((color) => ({ color, marker: 0 })),
  };
}

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return [low, high];
}

// markerPath is the outline of a marker around (x, y), of a radius.
function markerPath(marker, x, y, radius) {
  const path = new Path2D(), shape = points.markers[marker];
  if (shape.length === 0) {
    path.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (shape.length === 1) { // A ring: its width.
    path.arc(x, y, radius * 1.15, 0, 2 * Math.PI);
    path.arc(x, y, radius * (1.15 - shape[0][0]), 0, 2 * Math.PI, true);
  } else {
    shape.forEach(([dx, dy], i) => path[i === 0 ? "moveTo" : "lineTo"](x + dx * radius, y - dy * radius));
    path.closePath();
  }
  return path;
}

// newStamp is a marker as the pixels that it covers: how far each is from the marker's middle, and
// how much of it is covered, from 0 to 255.
function newStamp(marker, radius) {
  const reach = Math.ceil(radius * 1.6) + 1, side = 2 * reach + 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fill(markerPath(marker, reach + 0.5, reach + 0.5, radius));
  const { data } = context.getImageData(0, 0, side, side);
  const dx = [], dy = [], cover = [];
  for (let i = 0; i < side * side; i++) {
    if (data[4 * i + 3] === 0) continue;
    dx.push((i % side) - reach);
    dy.push(Math.floor(i / side) - reach);
    cover.push(data[4 * i + 3]);
  }
  return { reach, dx: Int32Array.from(dx), dy: Int32Array.from(dy), cover: Uint8Array.from(cover) };
}
