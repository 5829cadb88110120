// Events that wait: made offline (the outbox), or of a listen that still goes on (its checkpoint, should the page die without
// a word). A checkpoint is an event in the outbox that a living page owns; once that page is gone, the next visit sends it.
// Each has an id, by which the service counts it once, also if two tabs send it.

import { names, read, remove, write } from "./site-storage.js";
import { uuid } from "./uuid.js";

/** What waits is kept (site-storage.js) as JSON under this and its id. */
export const WAITING = "waiting.";

/** The service knows an id for nine days; after seven an event is not sent any more. */
export const LIFETIME_MS = 7 * 86_400_000;

/** As many wait at most; what comes beyond is not kept. */
export const BOUND = 100;

/** Where a browser cannot say which pages live (plain http), a checkpoint is left alone for so long. */
export const OWNED_MS = 86_400_000;

/** @typedef {{ path: string, event: object, at: number, page?: string | undefined }} Waiting */

/**
 * @typedef {object} Surroundings
 * @property {() => boolean | undefined} mayKeep whether the browser may keep what waits, or only this page; undefined while unknown
 * @property {(path: string, event: object) => Promise<number>} send the answer's status, 0 if none came
 * @property {() => Promise<string[] | undefined>} living the pages that live; undefined where the browser cannot say
 * @property {() => number} now in milliseconds
 */

/** @param {Surroundings} surroundings */
export function waitingEvents({ mayKeep, send, living, now }) {
  /** @type {Map<string, Waiting>} what this page has put here */
  const here = new Map();
  /** @type {Promise<any>} one flush after the other: each sees what was put here before it */
  let flushed = Promise.resolve();

  /** All that waits, of other pages too. */
  const all = () => {
    const found = new Map(here);
    for (const id of names(WAITING)) {
      try {
        if (!here.has(id)) found.set(id, { ...JSON.parse(read(WAITING + id) ?? "") });
      } catch {
        remove(WAITING + id); // another script's
      }
    }
    return found;
  };

  /** @param {string} id */
  const drop = (id) => {
    here.delete(id);
    remove(WAITING + id);
  };

  const sendAll = async () => {
    const pages = await living();
    let done = mayKeep() !== undefined;
    for (const [id, { path, event, at, page }] of all()) {
      const age = now() - at;
      if (mayKeep() === false) remove(WAITING + id);
      if (page && (here.has(id) || (pages ? pages.includes(page) : age < OWNED_MS))) continue;
      if (age < LIFETIME_MS) {
        here.set(id, { path, event, at });
        const status = done ? await send(path, { ...event, eventId: id }) : 0;
        done = status > 0 && status < 500 && status !== 429;
        if (!done) continue;
      }
      drop(id);
    }
    return done;
  };

  return {
    drop,

    /**
     * @param {string} path of the service's event
     * @param {object} event
     * @param {string} [id] of an event that waits already, to put this one in its place
     * @param {string} [page] its owner, while it lives
     */
    keep(path, event, id = uuid(), page) {
      // Who wants to be forgotten always is.
      if (all().size >= BOUND && !here.has(id) && path !== "forget") return;
      const entry = { path, event, at: now(), page };
      here.set(id, entry);
      if (mayKeep()) write(WAITING + id, JSON.stringify(entry));
    },

    /** Sends what may go; what is refused for good is given up. @returns {Promise<boolean>} whether nothing is left that should have gone */
    flush: () => (flushed = flushed.then(sendAll)),
  };
}
