// The package's module: for sites that bundle. What src/index.js does for a tag, with two differences: its own address is the
// site's and says nothing about the service, and it is imported on servers too, where there is no page to hear.

import { RULE_VERSION } from "../src/play-rule.js";
import { tracker } from "../src/tracker.js";

/** Where a second copy of this script (another version, a tag) finds the first, so that nothing counts twice. */
const LOADED = Symbol.for("tonearm");

/** @typedef {ReturnType<typeof tracker>} Tonearm */

/** @type {Record<symbol, Tonearm | undefined>} */
const page = /** @type {any} */ (globalThis);

export const { observe, openPlay, optIn, optOut, share, status } =
  typeof document === "undefined" ? serverSide() : (page[LOADED] ??= pageSide());

/** @returns {Tonearm} */
function pageSide() {
  bundleCard();
  return tracker(serviceAddress(), "");
}

/** What the page names, in a meta element or on a script; without a name the page's own origin. @returns {string} */
function serviceAddress() {
  const named = document.querySelector("script[data-tonearm-api],meta[name=tonearm-api]");
  const { tonearmApi } = /** @type {HTMLElement | null} */ (named)?.dataset ?? {};
  try {
    return new URL(tonearmApi || /** @type {HTMLMetaElement} */ (named).content, document.baseURI).href;
  } catch {
    return location.origin;
  }
}

/** The card comes from the package, once the page has one: the bundler splits it off, and it needs no policy of its own. */
function bundleCard() {
  const look = () => {
    if (!document.getElementsByTagName("tonearm-plays").length) return;
    watch.disconnect();
    import("../src/plays-card.js").catch(() => {}); // the card stays empty, the page whole
  };
  const watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true });
  look();
}

/** Where pages are rendered nothing sounds: everything may be called and does nothing. @returns {Tonearm} */
function serverSide() {
  const nothing = () => {};
  return {
    observe: nothing,
    openPlay: () => ({ progress: nothing, duration: nothing, end: nothing, close: nothing }),
    optIn: nothing,
    optOut: nothing,
    share: async () => "failed",
    status: () => ({ api: "", mode: undefined, refused: false, optedOut: false, rule: RULE_VERSION }),
  };
}
