// The random first-party id of option A (DESIGN §8): when there is one, and when there must be none.
// It is minted only for a play that counts, and only after the server has said that it has a use for it.

import { uuid } from "./uuid.js";

/** What Tonearm stores in a browser: a random UUID under this key of localStorage, */
export const STORAGE_KEY = "tonearm.listener";
/** or instead of it, under this one, that its owner wants none. */
export const OPT_OUT_KEY = "tonearm.optOut";

/**
 * @typedef {object} Surroundings
 * @property {() => Promise<string | undefined>} askMode the server's privacy mode; may reject
 * @property {() => Pick<Storage, "getItem" | "setItem" | "removeItem">} storage may throw, as `localStorage` does where it is blocked
 * @property {() => boolean} refused whether the browser asks not to be followed (GPC, DNT)
 */

/** @param {Surroundings} surroundings */
export function listenerId({ askMode, storage, refused: browserRefuses }) {
  /** @type {string | undefined} */
  let mode;
  /** @type {Promise<void> | undefined} */
  let asking;

  /** @param {string} key */
  const read = (key) => {
    try {
      return storage().getItem(key);
    } catch {
      return null; // storage is blocked, so nothing is stored
    }
  };

  /** @param {string} key @param {string} [value] without one it is removed @returns whether storage let us */
  const write = (key, value) => {
    try {
      value ? storage().setItem(key, value) : storage().removeItem(key);
      return true;
    } catch {
      return false;
    }
  };

  let outHere = false;
  // Read each time: it may have been said in another tab, or in a frame of this site.
  const optedOut = () => outHere || !!read(OPT_OUT_KEY);

  const refused = () => optedOut() || browserRefuses();
  const wanted = () => /^(anon-id|both)$/.test(mode ?? "") && !refused();
  const forget = () => write(STORAGE_KEY);

  const stored = () => {
    const id = read(STORAGE_KEY);
    // Another script's value would make the server refuse the play.
    return id && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id) ? id : undefined;
  };

  /** Asks the server for its mode, once; a failed question is asked again by the next listen. */
  const learn = () => {
    if (asking || refused()) return;
    asking = askMode().then(
      (told) => {
        mode = told;
        if (!wanted()) forget();
      },
      () => {
        asking = undefined;
      },
    );
  };

  if (refused()) forget();
  else if (stored()) learn(); // the mode may have changed since: then the id goes, also if nothing is played

  return {
    learn,
    mode: () => mode,

    /** Whether the browser, or its owner on this site, asks not to be followed. */
    refused,

    /** Whether its owner has said so on this site. */
    optedOut,

    /** The id to send with a play now, minted if need be: undefined wherever none may be sent. @returns {string | undefined} */
    current() {
      if (!wanted()) {
        if (refused()) forget();
        return undefined;
      }
      const id = stored() ?? uuid();
      return write(STORAGE_KEY, id) ? id : undefined; // one that cannot be kept would make a new listener of every play
    },

    /** From now on no id; the one there was, for the server to forget. @returns {string | undefined} */
    optOut() {
      const id = stored();
      outHere = true; // where storage is blocked it holds for this page
      forget();
      write(OPT_OUT_KEY, "1");
      return id;
    },

    /** As if nothing had been said; the next play that counts may mint an id again. */
    optIn() {
      outHere = false;
      write(OPT_OUT_KEY);
    },
  };
}
