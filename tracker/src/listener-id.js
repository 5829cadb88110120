// The random first-party id of option A (DESIGN §8): when there is one, and when there must be none.
// It is minted only for a play that counts, and only after the server has said that it has a use for it.

import { uuid } from "./uuid.js";

/** What Tonearm stores in a browser: a random UUID under this key of localStorage, */
export const STORAGE_KEY = "tonearm.listener";
/** or instead of it, under this one, that its owner wants none. */
export const OPT_OUT_KEY = "tonearm.optOut";

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
const MODES_WITH_ID = ["anon-id", "both"];

/**
 * @typedef {object} Surroundings
 * @property {() => Promise<string | undefined>} askMode the server's privacy mode; may reject
 * @property {() => Pick<Storage, "getItem" | "setItem" | "removeItem">} storage may throw, as `localStorage` does where it is blocked
 * @property {() => boolean} refused whether the browser asks not to be followed (GPC, DNT)
 * @property {() => string} [mint]
 */

export class ListenerId {
  #surroundings;
  /** @type {Promise<void> | undefined} */
  #asking;
  #optedOut;
  /** @type {string | undefined} */
  mode;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#surroundings = surroundings;
    this.#optedOut = !!this.#read(OPT_OUT_KEY);
    if (this.refused) this.forget();
    else if (this.#stored()) this.learn(); // the mode may have changed since: then the id goes, also if nothing is played
  }

  /** Whether the browser, or its owner on this site, asks not to be followed. */
  get refused() {
    return this.#optedOut || this.#surroundings.refused();
  }

  /** Whether its owner has said so on this site. */
  get optedOut() {
    return this.#optedOut;
  }

  /** From now on no id; the one there was, for the server to forget. @returns {string | undefined} */
  optOut() {
    const id = this.#stored();
    this.#optedOut = true;
    this.forget();
    this.#write(OPT_OUT_KEY, "1"); // where storage is blocked it holds for this page
    return id;
  }

  /** As if nothing had been said; the next play that counts may mint an id again. */
  optIn() {
    this.#optedOut = false;
    this.#write(OPT_OUT_KEY);
  }

  /** Asks the server for its mode, once; a failed question is asked again by the next listen. */
  learn() {
    if (this.#asking || this.refused) return;
    this.#asking = this.#surroundings.askMode().then(
      (mode) => {
        this.mode = mode;
        if (!this.#wanted) this.forget();
      },
      () => {
        this.#asking = undefined;
      },
    );
  }

  /** The id to send with a play now, minted if need be: undefined wherever none may be sent. @returns {string | undefined} */
  current() {
    if (!this.#wanted) {
      if (this.refused) this.forget();
      return undefined;
    }
    return this.#stored() ?? this.#minted();
  }

  /** Removes a stored id. */
  forget() {
    this.#write(STORAGE_KEY);
  }

  get #wanted() {
    return this.mode !== undefined && MODES_WITH_ID.includes(this.mode) && !this.refused;
  }

  #stored() {
    const id = this.#read(STORAGE_KEY);
    return id && UUID.test(id) ? id : undefined; // another script's value would make the server refuse the play
  }

  #minted() {
    const id = (this.#surroundings.mint ?? uuid)();
    return this.#write(STORAGE_KEY, id) ? id : undefined; // one that cannot be kept would make a new listener of every play
  }

  /** @param {string} key */
  #read(key) {
    try {
      return this.#surroundings.storage().getItem(key);
    } catch {
      return null; // storage is blocked, so nothing is stored
    }
  }

  /** @param {string} key @param {string} [value] without one it is removed @returns whether storage let us */
  #write(key, value) {
    try {
      const storage = this.#surroundings.storage();
      value ? storage.setItem(key, value) : storage.removeItem(key);
      return true;
    } catch {
      return false;
    }
  }
}
