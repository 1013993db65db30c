// A panel shows one layout: the points on one canvas, and what changes with the pointer on another
// above it.
"use strict";

// The points in a fixed random order, so that no class covers the others.
const drawOrder = (() => {
  const order = Int32Array.from({ length: points.n }, (_, i) => i);
  let seed = 1;
  for (let i = points.n - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((seed / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
})();

const grids = points.layouts.map(() => null); // Made when they are first shown.

const FADED = 0.15;

class Panel {
  constructor(layout) {
    this.element = document.createElement("section");
    this.element.className = "panel";
    const bar = document.createElement("div");
    bar.className = "panel-bar";
    this.select = document.createElement("select");
    this.select.setAttribute("aria-label", "Layout");
    points.layouts.forEach(({ name }, i) => this.select.add(new Option(name, i)));
    this.select.addEventListener("change", () => this.show(Number(this.select.value)));
    const space = document.createElement("span");
    space.className = "space";
    bar.append(this.select, space, button("−", "Zoom out", () => this.zoom(1 / 1.5)), button("+", "Zoom in", () => this.zoom(1.5)),
      button("Fit", "Show all points", () => this.fit()));
    const map = document.createElement("div");
    map.className = "map";
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-roledescription", "map of points");
    this.overlay = document.createElement("canvas");
    this.overlay.className = "overlay";
    map.append(this.canvas, this.overlay);
    this.element.append(bar, map);
    this.raster = new Raster(this.canvas);
    this.path = null; // Of the lasso or the rectangle, in CSS pixels.
    new ResizeObserver(() => this.resize()).observe(map);
    this.show(layout);
  }

  // show changes the layout.
  show(layout) {
    this.layout = points.layouts[layout];
    this.select.value = layout;
    this.grid = grids[layout] ??= new Grid(this.layout.at);
    this.canvas.setAttribute("aria-label", `${this.layout.name}: ${counted(points.n, "point")}. Arrows move, plus and minus zoom, n and p step through the points.`);
    this.fit();
  }

  resize() {
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    if (this.width === 0 || this.height === 0) return;
    this.overlay.width = Math.round(this.width * this.ratio);
    this.overlay.height = Math.round(this.height * this.ratio);
    this.raster.resize(this.overlay.width, this.overlay.height);
    if (!this.moved) this.fit();
    // Setting the size has cleared the canvases: they are drawn before they are seen.
    this.draw();
  }

  fit() {
    this.moved = false;
    const { x0, y0, x1, y1 } = this.grid.bounds, margin = 16;
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    const room = (size, span) => Math.max(size - 2 * margin, 1) / (span || 1e-30);
    this.least = this.width ? Math.min(room(this.width, x1 - x0), room(this.height, y1 - y0), 1e30) : 1;
    if (x0 === x1 && y0 === y1) this.least = 1;
    this.scale = this.least; // CSS pixels to a unit of the layout.
    changed();
  }

  // zoom keeps the point at (px, py), in CSS pixels, where it is.
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.least / 4), this.least * 1e4);
    const x = this.unitX(px), y = this.unitY(py);
    this.scale = scale;
    this.x = x - (px - this.width / 2) / scale;
    this.y = y + (py - this.height / 2) / scale;
    this.moved = true;
    changed();
  }

  move(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.moved = true;
    changed();
  }

  unitX(px) { return this.x + (px - this.width / 2) / this.scale; }
  unitY(py) { return this.y - (py - this.height / 2) / this.scale; }
  pixelX(i) { return this.width / 2 + (this.layout.at[2 * i] - this.x) * this.scale; }
  pixelY(i) { return this.height / 2 - (this.layout.at[2 * i + 1] - this.y) * this.scale; }

  // radius of a point in CSS pixels: from 5 for a handful to 1.7 for many, and more when zoomed in.
  radius() {
    const few = Math.min(5, Math.max(1.7, 80 / Math.sqrt(points.n)));
    return few * Math.min(Math.max((this.scale / this.least) ** 0.3, 1), 2.5);
  }

  // under is the point at a place in CSS pixels, or -1.
  under(px, py) {
    return this.grid.nearest(this.unitX(px), this.unitY(py), Math.max(this.radius() + 2, 7) / this.scale, (i) => state.shown[i] === 1);
  }

  draw() {
    if (!this.width || !this.height) return;
    this.drawPoints();
    this.drawOverlay();
  }

  drawPoints() {
    const { raster, ratio, width, height, scale } = this, { at } = this.layout, { shown } = state, { of, styles } = currentStyles();
    const strong = emphasized();
    // A radius in quarters of a pixel, so that there are few different stamps.
    const radius = Math.round(this.radius() * ratio * 4) / 4;
    const ox = (width / 2 - this.x * scale) * ratio, oy = (height / 2 + this.y * scale) * ratio, s = scale * ratio;
    raster.begin(ground());
    for (const pass of strong ? [0, 1] : [1]) {
      const draw = styles.map((style) => raster.drawer(style, radius, pass === 1 ? 1 : FADED));
      for (let k = 0; k < drawOrder.length; k++) {
        const i = drawOrder[k];
        if (shown[i] === 0 || (strong && strong[i] !== pass)) continue;
        draw[of[i]](Math.round(ox + at[2 * i] * s), Math.round(oy - at[2 * i + 1] * s));
      }
    }
    raster.end();
  }

  drawOverlay() {
    if (!this.width || !this.height) return;
    const context = this.overlay.getContext("2d"), style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), accent = style.getPropertyValue("--accent");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    const ring = (i, color, width, away) => {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      context.arc(this.pixelX(i), this.pixelY(i), this.radius() + away, 0, 2 * Math.PI);
      context.stroke();
    };
    if (state.asked >= 0 && state.shown[state.asked]) {
      const near = state.near.filter((i) => state.shown[i]);
      context.strokeStyle = accent;
      context.lineWidth = 1;
      context.beginPath();
      for (const i of near) {
        context.moveTo(this.pixelX(state.asked), this.pixelY(state.asked));
        context.lineTo(this.pixelX(i), this.pixelY(i));
      }
      context.stroke();
      for (const i of near) ring(i, accent, 1.5, 2.5);
      ring(state.asked, ink, 2.5, 3);
    }
    if (state.hover >= 0 && state.shown[state.hover]) ring(state.hover, ink, 1.5, 3);
    if (this.path) {
      context.strokeStyle = ink;
      context.fillStyle = accent + "22";
      context.lineWidth = 1.5;
      context.setLineDash([5, 3]);
      context.beginPath();
      for (const [x, y] of this.path) context.lineTo(x, y);
      context.closePath();
      context.fill();
      context.stroke();
      context.setLineDash([]);
    }
  }
}

function button(text, label, onClick) {
  const made = document.createElement("button");
  made.textContent = text;
  made.title = label;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", onClick);
  return made;
}

let styled = { column: null };

function currentStyles() {
  if (styled.column !== state.column) styled = { column: state.column, ...stylesOf(points.columns[state.column]) };
  return styled;
}

// emphasized marks the points that are to stand out, which are those picked, those found, and the
// neighbours that are shown beside them; null: all.
function emphasized() {
  const { picked, found, asked, near } = state;
  if (!found && !picked.includes(1)) return null;
  const out = found ? picked.map((p, i) => p | found[i]) : picked.slice();
  if (asked >= 0) for (const i of [asked, ...near]) out[i] = 1;
  return out;
}

const panels = [];

// drawAll draws what has changed.
onChange((all) => panels.forEach((panel) => (all ? panel.draw() : panel.drawOverlay())));
