// What went wrong with the API, told in the page, with a way to try again.

import { Refused } from "./source.js";

/** What went wrong, in words of the page. */
export function told(error, words) {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 0) return words.away;
  return error.status === 401 ? words.login : error.message;
}

/** Say in the bar of `root` what went wrong; its button, unless that is null, calls `again`. */
export function complain(root, text, again) {
  const bar = root.querySelector("[data-trouble]");
  bar.querySelector("[data-why]").textContent = text;
  bar.querySelector("button").onclick = () => {
    bar.hidden = true;
    again();
  };
  bar.querySelector("button").hidden = !again;
  bar.hidden = false;
}
