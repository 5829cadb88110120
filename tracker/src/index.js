// The file a page loads: <script type="module" src="https://YOUR-TONEARM/tonearm.js"></script>
// It binds the page by itself and exports what a page's script may call. It never throws into the page and writes nothing
// to the console.

import { tracker } from "./tracker.js";

/** Where a second copy of this script (another version, a bundle) finds the first, so that nothing counts twice. */
const LOADED = Symbol.for("tonearm");

/** @type {Record<symbol, ReturnType<typeof tracker> | undefined>} */
const page = /** @type {any} */ (globalThis);

export const { observe, openPlay, optIn, optOut, share, status } = (page[LOADED] ??= tracker(
  serviceAddress(),
  new URL("tonearm-plays.js", import.meta.url).href,
));

/** The origin this script came from, unless the page names another address. @returns {string} */
function serviceAddress() {
  const named = document.querySelector("script[data-tonearm-api],meta[name=tonearm-api]");
  const { tonearmApi } = /** @type {HTMLElement | null} */ (named)?.dataset ?? {};
  try {
    return new URL(tonearmApi || /** @type {HTMLMetaElement} */ (named).content, document.baseURI).href;
  } catch {
    return new URL(import.meta.url).origin;
  }
}
