// The package's module: for sites that bundle. What src/start.js does for a tag, with two differences: its own address is the
// site's and says nothing about the service, and it is imported on servers too, where there is no page to hear.

import { serviceAddress } from "../src/service-address.js";
import { tracker } from "../src/tracker.js";

/** @typedef {ReturnType<typeof tracker>} Tonearm */

/** @type {any} */
const page = globalThis;

/** @type {Tonearm} */
const tonearm = typeof document === "undefined" ? serverSide() : (page._tonearm ??= pageSide());

export const { observe, openPlay, optIn, optOut, share, status } = tonearm;

/**
 * Without `data-tonearm-api` the service is asked at the page's own origin; the card's file learns it in the same way.
 *
 * @returns {Tonearm}
 */
function pageSide() {
  if (!document.querySelector("[data-tonearm-api]")) document.documentElement.dataset["tonearmApi"] = location.origin;
  // The bundler splits these off, so that the page loads them when it needs them, from where the rest of it comes.
  const parts = {
    keep: () => import("../src/keep.js"),
    plays: () => import("../src/plays-card.js"),
    copy: () => import("../src/copy-text.js"),
  };
  return tracker(serviceAddress("", "api/event/"), (name) => parts[name]().catch(() => {}));
}

/** Where pages are rendered nothing sounds: everything may be called and does nothing. @returns {Tonearm} */
function serverSide() {
  const nothing = () => {};
  const later = async () => {};
  return {
    observe: nothing,
    openPlay: () => ({ progress: nothing, duration: nothing, end: nothing, close: nothing }),
    optIn: later,
    optOut: later,
    share: async () => "failed",
    status: later,
  };
}
