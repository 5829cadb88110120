// All plays of this page: which are active, and what becomes of them when the page goes.

import { playSession } from "./play-session.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */
/** @typedef {import("./bind-media.js").Player} Player */
/** @typedef {import("./via.js").Via} Via */

/**
 * One track in one player: its entry key, its events (see play-session.js), its player where there is an element.
 *
 * @typedef {{ track: string, player: Player | undefined, on: import("./play-session.js").Take }} Play
 */

/**
 * @param {() => void} opened a listen is open (told more than once)
 * @param {(track: string, bucket: Bucket, via: Via | undefined) => void} counted a listen has closed and is a play
 * @param {() => Via | undefined} [arrived] what a play that begins now came through
 */
export function pagePlays(opened, counted, arrived) {
  /** @type {Set<Play>} */
  const active = new Set();

  return {
    /** @param {string} track @param {Player} [player] @returns {Play} */
    begin(track, player) {
      const session = playSession();
      const via = arrived?.();
      /** @type {Play} */
      const play = {
        track,
        player,
        on(event, value, looping) {
          const bucket = session.on(event, value, looping);
          const state = session.state();
          // Something sounds, or did and may go on: the page must still look after it.
          if (state === "idle" || state === "closed") active.delete(play);
          else active.add(play);
          if (state === "open") opened();
          if (bucket) counted(track, bucket, via);
          return bucket;
        },
      };
      return play;
    },

    /** The plays something must still be heard of; a copy, since what the caller does with one may change the set. */
    active: () => [...active],

    /** The page may be going away for good. */
    hide() {
      for (const play of [...active]) play.on("hide");
    },
  };
}
