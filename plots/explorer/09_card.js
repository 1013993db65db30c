// The card beside a point: its picture, its name, and what the columns say of it.
"use strict";

function hover(i, clientX, clientY) {
  if (i !== state.hover) {
    state.hover = i;
    marked();
  }
  const card = document.getElementById("card");
  card.hidden = i < 0;
  if (i < 0) return;
  if (card.dataset.of !== String(i)) {
    card.dataset.of = i;
    const picture = document.createElement("canvas"), list = document.createElement("dl");
    list.style.margin = 0;
    drawThumbnail(picture, i);
    for (const [name, value] of facts(i)) {
      const row = document.createElement("div"), term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name;
      text.textContent = value;
      text.style.margin = 0;
      row.append(term, text);
      list.append(row);
    }
    card.replaceChildren(picture, list);
  }
  const { width, height } = card.getBoundingClientRect(), away = 14;
  const x = clientX + away + width > innerWidth ? clientX - away - width : clientX + away;
  const y = clientY + away + height > innerHeight ? clientY - away - height : clientY + away;
  card.style.left = `${Math.max(x, 0)}px`;
  card.style.top = `${Math.max(y, 0)}px`;
}

// facts are what is known of a point, by name.
function facts(i) {
  const named = points.names ? [["file", points.names[i]]] : [];
  return [...named, ["index", String(points.index[i])], ...points.columns.map((column) => [column.name, valueOf(column, i)])];
}
