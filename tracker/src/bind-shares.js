// Share buttons: a click copies, and what was copied is counted. One listener serves every button, present and to come.

import { copyText } from "./copy-text.js";

/** How long a button says what has become of its click, in milliseconds. */
const STATE_MS = 2_000;

/** @type {WeakMap<HTMLElement, number>} */
const resting = new WeakMap();

/**
 * @param {Document} page
 * @param {import("./share.js").ShareTracker} shares
 */
export function bindShares(page, shares) {
  page.addEventListener(
    "click",
    (event) => {
      const button = buttonOf(event);
      if (button) void share(button, shares);
    },
    { capture: true, passive: true },
  );
}

/** @param {Event} event @returns {HTMLElement | undefined} through open shadow roots, where `target` is only the host */
function buttonOf(event) {
  for (const node of event.composedPath()) {
    if (node instanceof HTMLElement && node.dataset["tonearmShare"]) return node;
  }
  return undefined;
}

/** @param {HTMLElement} button @param {import("./share.js").ShareTracker} shares */
async function share(button, shares) {
  const target = button.dataset["tonearmShare"] ?? "";
  const channel = button.dataset["tonearmChannel"] ?? "link";
  const outcome = await shares.share(target, channel, copy(button, channel));
  if (outcome === "failed") return show(button, "failed");
  show(button, "copied");
  const detail = { target, channel, counted: outcome === "sent" };
  button.dispatchEvent(new CustomEvent("tonearm:shared", { bubbles: true, composed: true, detail }));
}

/** @param {HTMLElement} button @param {string} channel @returns {Promise<void>} */
async function copy({ dataset }, channel) {
  const { tonearmText: text, tonearmUrl: url } = dataset;
  if (text) return copyText(text);
  if (channel !== "link") throw new Error("An embed has no text of its own: give it in data-tonearm-text.");
  return copyText(new URL(url ?? "", url ? document.baseURI : location.href).href);
}

/** @param {HTMLElement} button @param {"copied" | "failed"} state */
function show(button, state) {
  clearTimeout(resting.get(button));
  button.dataset["tonearmState"] = state;
  resting.set(
    button,
    setTimeout(() => delete button.dataset["tonearmState"], STATE_MS),
  );
}
