// The random first-party id of option A (DESIGN §8): when there is one, and when there must be none.
// It is minted only for a play that counts, and only after the server has said that it has a use for it.

import { read, remove, write } from "./site-storage.js";
import { uuid } from "./uuid.js";

/** What is kept in a browser (site-storage.js): a random UUID under this name, */
export const LISTENER = "listener";
/** or instead of it, under this one, that its owner wants none. */
export const OPT_OUT = "optOut";

/**
 * @typedef {object} Surroundings
 * @property {() => Promise<string | undefined>} askMode the server's privacy mode; may reject, or answer with none
 * @property {() => boolean} browserRefuses whether the browser asks not to be followed (GPC, DNT)
 */

/** @param {Surroundings} surroundings */
export function listenerId({ askMode, browserRefuses }) {
  /** @type {string | undefined} */
  let mode;
  let outHere = false; // where storage is blocked it holds for this page

  // Read each time: it may have been said in another tab, or in a frame of this site.
  const optedOut = () => outHere || !!read(OPT_OUT);
  const refused = () => optedOut() || browserRefuses();
  /** @returns {boolean | undefined} */
  const mayKeep = () => (refused() ? false : !mode ? undefined : /^(anon-id|both)$/.test(mode));
  const forget = () => remove(LISTENER);

  const stored = () => {
    const id = read(LISTENER);
    // Another script's value would make the server refuse the play.
    return id && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id) ? id : undefined;
  };

  return {
    /** Asks the server for its mode, if that is not known yet. @returns {Promise<boolean>} whether all is known now */
    async learn() {
      try {
        if (!mode && !refused()) mode = await askMode();
      } catch {
        // Away, or no answer of ours: it may be asked again.
      }
      if (mayKeep() === false) forget();
      return mayKeep() !== undefined;
    },

    mode: () => mode,

    /** Whether anything but the wish to be left alone may be kept in this browser; undefined until the mode is known. */
    mayKeep,

    /** Whether the browser, or its owner on this site, asks not to be followed. */
    refused,

    /** Whether its owner has said so on this site. */
    optedOut,

    /** The id to send with a play now, minted if need be: undefined wherever none may be sent. @returns {string | undefined} */
    current() {
      if (mayKeep()) {
        const id = stored() ?? uuid();
        if (write(LISTENER, id)) return id; // one that cannot be kept would make a new listener of every play
      } else if (refused()) forget();
      return undefined;
    },

    /** From now on no id; the one there was, for the server to forget. @returns {string | undefined} */
    optOut() {
      const id = stored();
      forget();
      outHere = !write(OPT_OUT, "1");
      return id;
    },

    /** As if nothing had been said; the next play that counts may mint an id again. */
    optIn() {
      outHere = false;
      remove(OPT_OUT);
    },
  };
}
