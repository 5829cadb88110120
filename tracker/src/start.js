// Starts the tracker of this page, or finds the one that another copy of the script (another version, a bundle) has started on
// it, so that nothing counts twice.

import { serviceAddress } from "./service-address.js";
import { tracker } from "./tracker.js";

/** @type {Record<string, Promise<unknown>>} */
const parts = {};

// By a parameter, which the bundler leaves alone: the files stand beside this one.
/** @param {string} file @returns {Promise<unknown>} */
const importFile = (file) => import(file).catch(() => {});

/** @type {ReturnType<typeof tracker>} */
export const tonearm = /** @type {any} */ (globalThis).__tonearm ??= tracker(
  serviceAddress(import.meta.url, "/api/event/"),
  (name) => (parts[name] ??= importFile(`./tonearm-${name}.js`)),
);
