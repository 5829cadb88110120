// Starts the tracker of this page, or finds the one that another copy of the script (another version, a bundle) has started on
// it, so that nothing counts twice.

import { serviceAddress } from "./service-address.js";
import { tracker } from "./tracker.js";

/** The folder this script came from. A classic script can say it only now, and its own `import` may know no address at all. */
const folder = import.meta.url.replace(/[^/]*$/, "");

/** @type {Record<string, Promise<unknown>>} */
let parts = {};

// By a parameter, which the bundler leaves alone: the files stand beside this one. What could not be loaded is tried again once
// the network is back, and not before: the browser writes each failure to the console.
/** @param {string} file @returns {Promise<unknown>} */
const importFile = (file) => import(file).catch(() => addEventListener("online", () => void (parts = {})));

/** @type {ReturnType<typeof tracker>} */
export const tonearm = /** @type {any} */ (globalThis)._tonearm ??= tracker(
  serviceAddress(folder, "api/event/"),
  (name) => (parts[name] ??= importFile(`${folder}tonearm-${name}.js`)),
);
