// The page "How we count": what this site makes of listeners, and the switch to be left out.

import { optIn, optOut, status } from "/tonearm.js";

const IN = "You are in. A play adds to the counters, and this browser may be one of the listeners.";
const OUT = "You are left out. Your plays add to the counters; no listener is made of this browser.";
const REFUSED = "Your browser asks sites not to follow you (Global Privacy Control or Do Not Track). You are left out already.";
const MODES = {
  "anon-id": "A random number, made by your browser once a play counts and kept by it until you clear it. We store only codes made of it, another one for each track. Listeners are browsers, not people.",
  "daily-salt": "Your browser keeps nothing. A code that is good for one day and cannot be computed again after it says how many listened that day.",
  both: "A random number that your browser keeps, of which we store only codes, another one for each track; and a code that is good for one day. Listeners are browsers, not people.",
  off: "This site does not count listeners at all, only plays and shares.",
};

/** @param {HTMLElement} choice */
async function showChoice(choice) {
  const { optedOut, refused } = await status();
  const button = choice.querySelector("[data-demo-choice-button]");
  choice.querySelector("[data-demo-choice-words]").textContent = optedOut ? OUT : refused ? REFUSED : IN;
  button.textContent = optedOut ? "Count me in again" : "Leave me out";
  button.hidden = refused && !optedOut;
}

/** The mode in force, in words; the page's general sentence stays where it cannot be learned. */
async function showMode(/** @type {HTMLElement} */ sentence) {
  try {
    const { api } = await status();
    const { mode } = await (await fetch(`${api}config`, { credentials: "omit" })).json();
    if (Object.hasOwn(MODES, mode)) sentence.textContent = MODES[mode];
  } catch {
    // Said above: it stays as it is.
  }
}

function bind() {
  const choice = document.querySelector("[data-demo-choice]");
  const sentence = document.querySelector("[data-demo-mode]");
  if (!choice || !sentence) return;
  void showMode(sentence);
  void showChoice(choice);
  choice.querySelector("[data-demo-choice-button]").addEventListener("click", async () => {
    if ((await status()).optedOut) await optIn();
    else void optOut(); // it holds at once; that the service forgets may take until it can be reached
    await showChoice(choice);
    const announcer = document.querySelector("[data-demo-announce]");
    if (announcer) announcer.textContent = choice.querySelector("[data-demo-choice-words]").textContent;
  });
}

document.addEventListener("demo:page", bind);
bind();
