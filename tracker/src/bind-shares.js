// Share buttons: a click copies, and what was copied is counted. One listener serves every button, present and to come.

import { copyText } from "./copy-text.js";
import { marked } from "./via.js";

/** How long a button says what has become of its click, in milliseconds. */
const STATE_MS = 2_000;

/** @type {WeakMap<HTMLElement, number>} */
const resting = new WeakMap();

/**
 * @param {Document} page
 * @param {import("./share.js").Share} share
 */
export function bindShares(page, share) {
  page.addEventListener(
    "click",
    (event) => {
      // Through open shadow roots, where `target` is only the host.
      const button = /** @type {HTMLElement[]} */ (event.composedPath()).find((node) => node.dataset?.["tonearmShare"]);
      if (button) void shareBy(button, share);
    },
    { capture: true, passive: true },
  );
}

/** @param {HTMLElement} button @param {import("./share.js").Share} share */
async function shareBy(button, share) {
  const { tonearmShare: target = "", tonearmChannel: channel = "link" } = button.dataset;
  const outcome = await share(target, channel, copyText(() => textOf(button, channel)));
  clearTimeout(resting.get(button));
  button.dataset["tonearmState"] = outcome === "failed" ? outcome : "copied";
  resting.set(
    button,
    setTimeout(() => delete button.dataset["tonearmState"], STATE_MS),
  );
  if (outcome === "failed") return;
  const detail = { target, channel, counted: outcome === "sent" };
  button.dispatchEvent(new CustomEvent("tonearm:shared", { bubbles: true, composed: true, detail }));
}

/** Nothing for an embed without a text: only the site knows its player. @param {HTMLElement} button @param {string} channel */
function textOf({ dataset }, channel) {
  if (dataset["tonearmText"] || channel !== "link") return dataset["tonearmText"] ?? "";
  return marked(new URL(dataset["tonearmUrl"] ?? location.href, document.baseURI), channel);
}
