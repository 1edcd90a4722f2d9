// The queue: how many jobs are selected, all at once, and a question before they are cancelled.
"use strict";

(() => {
  const rows = document.getElementById("jobs");
  const all = document.getElementById("all");
  const bar = document.getElementById("bar");
  if (!rows || !bar) return;
  const selected = document.getElementById("selected");
  const form = document.getElementById("several");
  const { ask, filled } = window.lightbox;
  const boxes = () => [...rows.querySelectorAll("input[type=checkbox]")];

  function count() {
    const number = boxes().filter((each) => each.checked).length;
    selected.textContent = number ? filled(selected.dataset.one, { count: number }) : selected.dataset.none;
    bar.toggleAttribute("data-some", number > 0);
    for (const each of bar.querySelectorAll("button, .row")) each.hidden = !number;
    all.checked = number > 0 && number === boxes().length;
    all.indeterminate = number > 0 && !all.checked;
  }

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const each of boxes()) each.checked = all.checked;
    count();
  });
  rows.addEventListener("change", count);
  document.addEventListener("renewed", count);
  new MutationObserver(count).observe(rows, { childList: true });
  document.addEventListener("said", () => {
    for (const each of boxes()) each.checked = false;
    count();
  });
  for (const button of bar.querySelectorAll("[data-asks]")) {
    button.addEventListener("click", async (event) => {
      if (button.dataset.asked) {
        delete button.dataset.asked;
        return;
      }
      event.preventDefault();
      if (await ask(button.dataset.asks)) {
        button.dataset.asked = "yes";
        form.requestSubmit(button);
        delete button.dataset.asked;
      }
    });
  }
  count();
})();
