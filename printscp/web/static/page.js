// What all pages do: say what happened, ask before something is lost, keys, and the visitor's token.
"use strict";

(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const csrf = document.querySelector('meta[name="csrf"]').content;
  const said = document.getElementById("said");
  const KEYS = "printscp-keys";

  /** Say something for a while, to eyes and screen readers. */
  function say(text, bad = false) {
    const line = document.createElement("p");
    line.textContent = text;
    line.toggleAttribute("data-bad", bad);
    said.append(line);
    setTimeout(() => line.remove(), bad ? 12000 : 5000);
  }

  /** Fill {names} of a text. */
  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }

  /** What an answer says went wrong: a problem as JSON, or a page. */
  function fault(xhr) {
    const type = xhr.getResponseHeader("content-type") ?? "";
    if (type.includes("json")) {
      try {
        const problem = JSON.parse(xhr.responseText);
        return problem.detail || problem.title;
      } catch {
        return words.failed;
      }
    }
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    return page.querySelector("[data-detail]")?.textContent.trim() || words.failed;
  }

  function ask(question) {
    const dialog = document.getElementById("confirm");
    document.getElementById("confirm-words").textContent = question;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = csrf;
  });
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.question).then((yes) => yes && event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // A session that has ended is answered by the page to log in, which is no part of this one.
    if (new URL(event.detail.xhr.responseURL, location.href).pathname === "/login") {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  document.addEventListener("htmx:responseError", (event) => say(fault(event.detail.xhr), true));
  document.addEventListener("htmx:sendError", () => say(words.away, true));
  document.addEventListener("said", (event) => say(event.detail.text, Boolean(event.detail.bad)));
  document.addEventListener("htmx:afterRequest", (event) => {
    const menu = event.detail.elt.closest("details.more-acts");
    if (!menu || !event.detail.successful) return;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  });

  document.addEventListener("submit", (event) => {
    const here = event.target.querySelector("[data-here]");
    if (here) here.value = location.pathname + location.search;
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens).showModal();
    const copier = event.target.closest("[data-copies]");
    if (copier) {
      const text = document.getElementById(copier.dataset.copies).textContent;
      navigator.clipboard?.writeText(text).then(() => say(words.copied));
    }
    const pointer = event.target.closest("[data-points]");
    if (pointer) point(pointer.dataset.points, event);
    for (const open of document.querySelectorAll("details.menu[open], details.more-acts[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  /** Open a step of the dialogue, and go there. */
  function point(id, event) {
    const step = document.getElementById(id);
    if (!step) return;
    event.preventDefault();
    for (const each of document.querySelectorAll("[data-pointed]")) each.removeAttribute("data-pointed");
    step.setAttribute("data-pointed", "");
    step.open = true;
    step.scrollIntoView({ block: "center" });
    step.querySelector("summary").focus({ preventScroll: true });
  }

  const keysOn = document.getElementById("keys-on");
  keysOn.checked = localStorage.getItem(KEYS) !== "off";
  keysOn.addEventListener("change", () => localStorage.setItem(KEYS, keysOn.checked ? "on" : "off"));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.querySelector("details.more-acts[open], details.menu[open]");
      if (open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
      return;
    }
    const typing = event.target.closest("input, select, textarea, [role=application], dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keysOn.checked) return;
    if (event.key === "/") {
      const filter = document.querySelector("[data-filter]");
      if (filter) {
        event.preventDefault();
        filter.focus();
      }
    } else if (event.key === "?") {
      document.getElementById("keys").showModal();
    }
  });

  // Forms that go by themselves where there are scripts.
  document.addEventListener("change", (event) => {
    event.target.closest("form[data-goes]")?.requestSubmit();
  });
  for (const form of document.querySelectorAll("form[data-goes]")) {
    form.addEventListener("submit", () => {
      for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
    });
    addEventListener("pageshow", () => {
      for (const field of form.elements) field.disabled = false;
    });
  }

  // Of rows that are wider than a phone, what is here is in sight.
  for (const here of document.querySelectorAll(".sections [aria-current], .tabs [aria-current]")) {
    here.scrollIntoView({ block: "nearest", inline: "center" });
  }

  window.lightbox = { say, ask, words, csrf, filled, keysOn: () => keysOn.checked };
})();
