"use strict";
// Filters the questions and sorts a table. The page is complete without it.
const form = document.getElementById("filter");
const questions = [...document.querySelectorAll("details.question")];
const texts = new Map();
function text(question) {
  if (!texts.has(question)) texts.set(question, question.textContent.toLowerCase());
  return texts.get(question);
}
function filter() {
  const words = form.elements.words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fault = form.elements.fault.value;
  let shown = 0;
  for (const question of questions) {
    const own = question.dataset.fault;
    const right = fault === "" || (fault === "*" ? own !== "" : own === fault);
    question.hidden = !(right && words.every((word) => text(question).includes(word)));
    if (!question.hidden) shown += 1;
  }
  form.elements.shown.value = `${shown} of ${questions.length}`;
}
form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const said = row.cells[column].textContent.trim();
        const number = Number.parseFloat(said);
        return Number.isNaN(number) ? said : number;
      };
      const order = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
      const rows = [...table.tBodies[0].rows].sort((a, b) => order(value(a), value(b)) * (down ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}
