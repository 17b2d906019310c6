"use strict";
// Everything can be read without this script; with it, long tables can be filtered, and some sorted.

// Shorter tables are taken in at a glance.
const LONG = 8;

function addFilter(table, rows) {
  const words = new Map(rows.map((row) => {
    const run = row.parentElement.querySelector("tr.run");
    return [row, (row.textContent + " " + (run ? run.textContent : "")).toLowerCase()];
  }));
  const box = document.createElement("p");
  box.className = "filter";
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("output");
  input.type = "search";
  input.setAttribute("aria-controls", table.id);
  input.placeholder = "any words of a row";
  label.append("Filter " + table.dataset.filter + " ", input);
  box.append(label, count);
  table.before(box);
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of words) {
      row.hidden = !wanted.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    for (const run of table.querySelectorAll("tr.run")) {
      run.hidden = [...run.parentElement.rows].every((row) => row === run || row.hidden);
    }
    count.textContent = wanted.length ? shown + " of " + rows.length : "";
  });
}

function addSorting(table) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const order = (a, b) => text(a).localeCompare(text(b), undefined, { numeric: true }) * (down ? -1 : 1);
      body.append(...[...body.rows].sort(order));
    });
  });
}

for (const table of document.querySelectorAll("table[data-filter]")) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.classList.contains("run"));
  if (rows.length >= LONG) addFilter(table, rows);
  if (table.hasAttribute("data-sort")) addSorting(table);
}
