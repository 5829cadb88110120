// The file a page loads: <script type="module" src="https://YOUR-TONEARM/tonearm.js"></script>
// It binds the page by itself and exports what a page's script may call. It never throws into the page and writes nothing
// to the console.

import { Tracker } from "./tracker.js";

/** Where a second copy of this script (another version, a bundle) finds the first, so that nothing counts twice. */
const LOADED = Symbol.for("tonearm");

/** @type {Record<symbol, Tracker | undefined>} */
const page = /** @type {any} */ (globalThis);

export const { observe, openPlay, optIn, optOut, share, status } = (page[LOADED] ??= load());

function load() {
  const tracker = new Tracker(serviceAddress(), new URL("tonearm-plays.js", import.meta.url).href);
  tracker.bind();
  return tracker;
}

/** The origin this script came from, unless the page names another address. @returns {string} */
function serviceAddress() {
  const script = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[data-tonearm-api]"));
  const meta = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="tonearm-api"]'));
  const named = script?.dataset["tonearmApi"] || meta?.content;
  try {
    return named ? new URL(named, document.baseURI).href : new URL(import.meta.url).origin;
  } catch {
    return new URL(import.meta.url).origin;
  }
}
