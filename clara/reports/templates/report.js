"use strict";
// The page is whole without this script; it adds the dark switch, and filters and sorting over the answers.

const root = document.documentElement;
const theme = document.getElementById("theme");
const filters = document.getElementById("filters");

theme.setAttribute("aria-pressed", matchMedia("(prefers-color-scheme: dark)").matches);
theme.addEventListener("click", () => {
  const dark = theme.getAttribute("aria-pressed") !== "true";
  root.dataset.theme = dark ? "dark" : "light";
  theme.setAttribute("aria-pressed", dark);
});

if (filters) {
  const table = document.getElementById("answers");
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows].map((row, place) => {
    const cells = [...row.cells].slice(1);
    return {
      row, place, cells,
      text: row.textContent.toLowerCase(),
      kinds: cells.map((cell) => cell.className[0]),
      f1: cells.map((cell) => Number(cell.dataset.f)),
    };
  });
  const wanted = filters.elements;
  let drawn = "";
  let placed = rows;

  // Columns that are shown and, in a row, were asked: what every filter and sort looks at.
  const shown = () => [...wanted.shown].filter((box) => box.checked).map((box) => Number(box.value));
  const asked = (item, columns) => columns.filter((column) => item.kinds[column] !== "n");
  const scores = (item, columns) => asked(item, columns).map((column) => item.f1[column]);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
  const spread = (values) => (values.length ? Math.max(...values) - Math.min(...values) : 0);

  const orders = {
    asked: () => 0,
    hard: (columns) => (a, b) => mean(scores(a, columns)) - mean(scores(b, columns)),
    easy: (columns) => (a, b) => mean(scores(b, columns)) - mean(scores(a, columns)),
    apart: (columns) => (a, b) => spread(scores(b, columns)) - spread(scores(a, columns)),
  };

  function keeps(item, columns) {
    const { category, language } = item.row.dataset;
    if (wanted.category.value && wanted.category.value !== category) return false;
    if (wanted.language.value && wanted.language.value !== language) return false;
    if (!item.text.includes(wanted.search.value.trim().toLowerCase())) return false;
    const looked = wanted.contender.value ? [Number(wanted.contender.value)] : asked(item, columns);
    if (wanted.outcome.value && !looked.some((column) => item.kinds[column] === wanted.outcome.value)) return false;
    const kinds = new Set(asked(item, columns).map((column) => item.kinds[column]));
    return !wanted.differ.checked || kinds.size > 1;
  }

  function showColumns(columns) {
    if (drawn === String(columns)) return;
    drawn = String(columns);
    const hidden = heads.map((_, column) => !columns.includes(column));
    heads.forEach((head, column) => { head.hidden = hidden[column]; });
    rows.forEach((item) => item.cells.forEach((cell, column) => { cell.hidden = hidden[column]; }));
  }

  function sort(columns) {
    const by = wanted.sort.value;
    const order = orders[by] ? orders[by](columns) : (a, b) => b.f1[by] - a.f1[by];
    const sorted = [...rows].sort((a, b) => (order ? order(a, b) : 0) || a.place - b.place);
    if (sorted.some((item, place) => item !== placed[place])) table.tBodies[0].append(...sorted.map((item) => item.row));
    placed = sorted;
    heads.forEach((head, column) => {
      if (by === String(column)) head.setAttribute("aria-sort", "descending");
      else head.removeAttribute("aria-sort");
    });
  }

  function update() {
    const columns = shown();
    showColumns(columns);
    sort(columns);
    let kept = 0;
    for (const item of rows) {
      item.row.hidden = !keeps(item, columns);
      kept += !item.row.hidden;
    }
    document.getElementById("count").textContent = `${kept} of ${rows.length} questions`;
  }

  filters.addEventListener("input", update);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(update));
  table.tHead.addEventListener("click", (event) => {
    const { sort: by } = event.target.dataset;
    if (by === undefined) return;
    wanted.sort.value = wanted.sort.value === by ? "asked" : by;
    update();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    wanted.search.focus();
  });
  update();
}
