// Finds the point under the pointer: a grid over the map, some points to a cell.
"use strict";

class Grid {
  constructor(at) {
    this.at = at;
    const n = at.length / 2;
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < n; i++) {
      x0 = Math.min(x0, at[2 * i]);
      x1 = Math.max(x1, at[2 * i]);
      y0 = Math.min(y0, at[2 * i + 1]);
      y1 = Math.max(y1, at[2 * i + 1]);
    }
    this.bounds = { x0, y0, x1, y1 };
    this.side = Math.max(1, Math.ceil(Math.sqrt(n / 4)));
    this.cell = Math.max(x1 - x0, y1 - y0, 1e-30) / this.side;
    // The points in the order of their cells, and where each cell begins.
    const cellOf = new Int32Array(n), begin = new Int32Array(this.side * this.side + 1);
    for (let i = 0; i < n; i++) {
      cellOf[i] = this.row(at[2 * i + 1] - y0) * this.side + this.row(at[2 * i] - x0);
      begin[cellOf[i] + 1]++;
    }
    for (let c = 0; c < this.side * this.side; c++) begin[c + 1] += begin[c];
    this.begin = begin;
    this.order = new Int32Array(n);
    const next = begin.slice();
    for (let i = 0; i < n; i++) this.order[next[cellOf[i]]++] = i;
  }

  row(distance) {
    return Math.min(Math.max(Math.floor(distance / this.cell), 0), this.side - 1);
  }

  // nearest is the point that is nearest to (x, y) within a radius and accepted, or -1.
  nearest(x, y, radius, accept) {
    const { at, begin, order, side } = this, { x0, y0 } = this.bounds;
    let best = -1, least = radius * radius;
    for (let row = this.row(y - radius - y0); row <= this.row(y + radius - y0); row++) {
      const from = begin[row * side + this.row(x - radius - x0)], to = begin[row * side + this.row(x + radius - x0) + 1];
      for (let k = from; k < to; k++) {
        const i = order[k], d = (at[2 * i] - x) ** 2 + (at[2 * i + 1] - y) ** 2;
        if (d <= least && accept(i)) [best, least] = [i, d];
      }
    }
    return best;
  }
}
