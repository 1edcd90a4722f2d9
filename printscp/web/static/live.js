// Keeps a page as things are: what a change is about is fetched anew and put in its place.
"use strict";

(() => {
  const { words, filled } = window.lightbox;
  const lists = [...document.querySelectorAll("[data-live-jobs]")];
  const parts = [...document.querySelectorAll("[data-live]")];
  const mark = document.getElementById("live");
  const markWords = document.getElementById("live-words");
  const heard = document.getElementById("heard");
  const PAUSE = 150; // ms in which changes are gathered
  const MANY = 30; // changes at once after which a list is fetched as a whole
  const ASK = 30000; // ms after which a page that is not live asks whether its session has ended
  const jobs = new Map();
  const kinds = new Set();
  let timer = null; // of the next work
  let working = false;

  function note(state, text) {
    if (!mark || mark.dataset.state === state) return;
    mark.dataset.state = state;
    markWords.textContent = text;
  }

  async function fetched(address) {
    const answer = await fetch(address, {
      headers: { "HX-Request": "true", "X-Background": "1" },
      cache: "no-store",
    });
    if (answer.redirected && new URL(answer.url).pathname === "/login") location.reload();
    if (answer.status === 401) location.reload();
    if (answer.status === 404 || answer.status === 204) return "";
    return answer.ok ? answer.text() : null;
  }

  /** Is the session still there? Where not, the page to log in takes the place of what is shown. */
  async function asked() {
    if (!document.hidden) await fetched("/api/v1/me").catch(() => null);
  }

  function nodes(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  }

  /** Somebody is choosing in there: not to be taken away now. */
  function busy(node) {
    return node.querySelector("details.more-acts[open]") !== null || node.matches("details.more-acts[open]");
  }

  /** Carry over what the visitor did: pictures that are there, ticks, open parts, focus. */
  function carry(from, to) {
    const pictures = new Map([...from.querySelectorAll("img")].map((each) => [each.getAttribute("src"), each]));
    for (const each of to.querySelectorAll("img")) {
      const old = pictures.get(each.getAttribute("src"));
      if (old?.complete && old.naturalWidth) each.replaceWith(old);
    }
    for (const each of from.querySelectorAll("input[type=checkbox]:checked")) {
      const same = to.querySelector(`input[type=checkbox][value="${CSS.escape(each.value)}"]`);
      if (same) same.checked = true;
    }
    for (const each of from.querySelectorAll("details[data-key]")) {
      const same = to.querySelector(`details[data-key="${CSS.escape(each.dataset.key)}"]`);
      if (same) same.open = each.open;
    }
  }

  function focusKey(node) {
    const active = document.activeElement;
    if (!active || !node.contains(active)) return null;
    return active.closest("[data-key]")?.dataset.key ?? "";
  }

  /** Focus what is now where the focus was: the same thing, or the next that can be done there. */
  function refocus(key, nodes) {
    if (key === null) return;
    const find = (what) => nodes.map((each) => (each.matches(what) ? each : each.querySelector(what))).find(Boolean);
    const same = (key && find(`[data-key="${CSS.escape(key)}"]`)) || find(".buttons > form > button, .buttons > details > summary") || find("[data-key]");
    const target = same?.matches("details") ? same.querySelector("summary") : same;
    (target ?? document.getElementById("main")).focus({ preventScroll: true });
  }

  /** An address that asks for some jobs, beside what it asks for. */
  function asking(address, some) {
    const url = new URL(address, location.href);
    for (const job of some) url.searchParams.append("job", job);
    return url.pathname + url.search;
  }

  /** Put what was made of a job in its place; whether it is new. */
  function place(list, job, made) {
    const old = [...list.querySelectorAll(`:scope > [data-job="${job}"]`)];
    if (old.some(busy)) {
      jobs.set(job, "later");
      return false;
    }
    if (!old.length) {
      const next = [...list.querySelectorAll(":scope > [data-job]")].find((each) => Number(each.dataset.job) < job);
      const newest = list.querySelector(":scope > [data-job]");
      if (!made.length || (!next && newest)) return false; // older than what is shown
      for (const each of made) each.setAttribute("data-new", "");
      if (next) next.before(...made);
      else list.prepend(...made);
    } else {
      const holder = document.createElement("template").content;
      const key = old.map(focusKey).find((each) => each !== null) ?? null;
      holder.append(...made);
      for (const each of old) carry(each, holder);
      old[0].before(...made);
      for (const each of old) each.remove();
      refocus(key, made);
    }
    for (const each of made) window.htmx?.process(each);
    return !old.length && made.length > 0;
  }

  async function renewList(list) {
    const html = await fetched(list.dataset.liveJobs);
    if (html === null || busy(list)) return;
    const made = nodes(html);
    const key = focusKey(list);
    carry(list, made);
    list.replaceChildren(...made.children);
    refocus(key, [list]);
    window.htmx?.process(list);
    document.dispatchEvent(new CustomEvent("renewed"));
  }

  async function renewPart(part) {
    const html = await fetched(part.dataset.liveFrom);
    if (html === null || busy(part)) return;
    if (part.dataset.liveWas === html) return;
    part.dataset.liveWas = html;
    const made = nodes(html);
    const key = focusKey(part);
    carry(part, made);
    part.replaceChildren(...made.children);
    refocus(key, [part]);
    window.htmx?.process(part);
  }

  function wants(part, kindsNow, jobsNow) {
    const wanted = part.dataset.live.split(" ");
    return wanted.some((each) => kindsNow.has(each)) || jobsNow.some((job) => wanted.includes(`job-${job}`));
  }

  async function work() {
    timer = null;
    if (working) {
      soon();
      return;
    }
    working = true;
    const now = [...jobs.keys()];
    const kindsNow = new Set(kinds);
    jobs.clear();
    kinds.clear();
    const arrived = new Set();
    try {
      for (const list of lists) {
        if (now.length > MANY || kindsNow.has("resync")) {
          await renewList(list);
          continue;
        }
        if (!now.length) continue;
        const html = await fetched(asking(list.dataset.items, now));
        if (html === null) continue;
        const made = [...nodes(html).children];
        for (const job of now.sort((a, b) => a - b)) {
          if (place(list, job, made.filter((each) => Number(each.dataset.job) === job))) arrived.add(job);
        }
      }
      for (const part of parts) {
        if (wants(part, kindsNow, now) || kindsNow.has("resync")) await renewPart(part);
      }
    } catch {
      note("lost", words.lost);
    } finally {
      working = false;
    }
    if (arrived.size) {
      for (const each of document.querySelectorAll("[data-when-empty], .count")) each.hidden = true;
      const [job] = arrived;
      if (heard) heard.textContent = arrived.size === 1 ? filled(words.arrived, { job }) : filled(words.several, { count: arrived.size });
      document.dispatchEvent(new CustomEvent("renewed"));
    }
    if ([...jobs.values()].includes("later")) soon(1000);
  }

  function soon(pause = PAUSE) {
    timer ??= setTimeout(work, pause);
  }

  // What this page did itself is shown at once, whether or not the stream is there.
  document.addEventListener("renew", (event) => {
    for (const job of event.detail.jobs ?? []) jobs.set(job, "now");
    for (const kind of event.detail.kinds ?? []) kinds.add(kind);
    soon(0);
  });

  let stream = null;
  let lost = false;
  let since = document.querySelector("meta[name=since]")?.content; // the last change that the page may know of

  function listen() {
    if (stream || document.hidden) return;
    stream = new EventSource(`/api/v1/events${since ? `?since=${since}` : ""}`);
    const mine = stream;
    since = ""; // all that comes later begins with a look at everything
    stream.addEventListener("open", () => {
      note("on", words.live);
      if (lost) {
        lost = false;
        kinds.add("resync"); // what changed meanwhile may not have been kept
        soon();
      }
    });
    stream.addEventListener("error", () => {
      lost = true;
      note("lost", words.lost);
      if (mine.readyState !== EventSource.CLOSED) return;
      stream = null;
      asked(); // a session that has ended has no stream
      setTimeout(listen, 5000);
    });
    stream.addEventListener("job", (event) => {
      jobs.set(JSON.parse(event.data).job, "now");
      kinds.add("job");
      soon();
    });
    for (const kind of ["printer", "faults", "figures", "resync"]) {
      stream.addEventListener(kind, () => {
        kinds.add(kind);
        soon(kind === "figures" ? 1000 : PAUSE);
      });
    }
  }

  // A browser has few connections to a host: pages that nobody looks at hold none.
  function unlisten() {
    stream?.close();
    stream = null;
    lost = true;
  }
  addEventListener("pagehide", unlisten);
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  if (lists.length || parts.length) {
    listen();
    document.addEventListener("visibilitychange", () => (document.hidden ? unlisten() : listen()));
  } else {
    mark.hidden = true;
    setInterval(asked, ASK);
    document.addEventListener("visibilitychange", asked);
  }
})();
