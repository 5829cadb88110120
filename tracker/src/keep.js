// The file that is loaded once something plays, or something is found in the browser: all that Tonearm keeps there goes through
// here, the id of a listener (listener-id.js) and what waits to be sent (waiting.js). It is told of plays and knows no player.

import { beacon, post } from "./beacon.js";
import { listenerId } from "./listener-id.js";
import { RULE_VERSION } from "./play-rule.js";
import { PREFIX } from "./site-storage.js";
import { uuid } from "./uuid.js";
import { waitingEvents } from "./waiting.js";

/** @typedef {import("./plays.js").Play} Play */
/** @typedef {ReturnType<typeof keeper>} Keeper */

/**
 * What could not be sent is tried again after twice the first, in milliseconds, then after twice that, and so on until it is past
 * the other; and whenever the network comes back.
 */
const RETRY_MS = 30_000;
const LAST_RETRY_MS = 3_600_000;

/** @param {string} api address of the service's events, with a slash at its end */
export function keeper(api) {
  const page = PREFIX + uuid();
  /** @type {WeakMap<Play, { id: string, bucket: string | undefined }>} listens that go on and have a checkpoint */
  const checkpoints = new WeakMap();
  const { locks } = navigator; // missing on plain http
  let owns = !locks;
  let forgotten = true; // whether the service has forgotten whom it was asked to
  let retry = RETRY_MS;
  let timer = 0;

  const listener = listenerId({
    async askMode() {
      return navigator.onLine ? (await (await fetch(api + "config", { credentials: "omit" })).json()).mode : undefined;
    },
    // The type of `navigator` does not know the first of these yet (W3C draft, in Firefox and others).
    browserRefuses: () => /** @type {any} */ (navigator).globalPrivacyControl === true || navigator.doNotTrack === "1",
  });

  /** With what a play says of its listener; a share says nothing. @param {string} path @param {object} event */
  const complete = (path, event) =>
    path === "play" ? { ...event, anonId: listener.current(), optOut: listener.refused() || undefined } : event;

  const waiting = waitingEvents({
    mayKeep: listener.mayKeep,
    async send(path, event) {
      // Not even tried offline: the browser would say so on the console.
      const status = navigator.onLine ? await post(api + path, complete(path, event)) : 0;
      if (path === "forget") forgotten = status === 202;
      return status;
    },
    living: async () => (await locks?.query().catch(() => {}))?.held?.map(({ name }) => name ?? ""),
    now: Date.now,
  });

  const flush = async () => {
    clearTimeout(timer);
    const known = await listener.learn();
    if ((await waiting.flush()) && known) retry = RETRY_MS;
    else if (retry < LAST_RETRY_MS) timer = setTimeout(flush, (retry *= 2));
  };

  locks
    ?.request(page, () => {
      owns = true;
      return new Promise(() => {}); // as long as the page lives
    })
    .catch(() => {}); // refused where storage is: then nothing is kept
  addEventListener("online", flush);
  void flush();

  return {
    /** A listen goes on: what its end now would send is kept, should the page die without a word. @param {Play} play */
    heard(play) {
      const bucket = play.bucket();
      const last = checkpoints.get(play);
      if (bucket === last?.bucket || !owns || !listener.mayKeep()) return;
      const id = last?.id ?? uuid();
      checkpoints.set(play, { id, bucket });
      if (bucket) waiting.keep("play", play.event(bucket), id, page);
      else waiting.drop(id); // a duration known late has raised the floor
    },

    /**
     * Sends an event, or keeps it until the network is back.
     *
     * @param {string} path of the service's event
     * @param {object} event
     * @param {Play} [play] whose listen has ended with it
     */
    send(path, event, play) {
      const id = play && checkpoints.get(play)?.id;
      if (play) checkpoints.delete(play);
      if (!navigator.onLine) return waiting.keep(path, event, id);
      // With the id of its checkpoint: should the browser die before it has forgotten that, both are one.
      beacon(api + path, { ...complete(path, event), eventId: id });
      if (id) waiting.drop(id);
    },

    /** @returns {Promise<boolean>} whether the service has forgotten; it is asked again while this page lives if not */
    async optOut() {
      const anonId = listener.optOut();
      if (anonId) {
        forgotten = false;
        waiting.keep("forget", { anonId });
      }
      await flush();
      return forgotten;
    },

    /** @returns {Promise<void>} */
    optIn() {
      listener.optIn();
      return flush(); // the mode may not have been asked yet
    },

    status: () => ({
      api,
      rule: RULE_VERSION,
      mode: listener.mode(),
      refused: listener.refused(),
      optedOut: listener.optedOut(),
    }),
  };
}
