// All plays of this page: which are active, and what becomes of them when the page goes.

import { playSession } from "./play-session.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */
/** @typedef {import("./bind-media.js").Player} Player */
/** @typedef {import("./via.js").Via} Via */

/**
 * One track in one player: its entry key, its events (see play-session.js), its player where there is an element.
 *
 * @typedef {object} Play
 * @property {string | undefined} track
 * @property {WeakRef<Player> | undefined} player weakly: a play that was paused and left must not keep its sound in memory
 * @property {(event: import("./play-session.js").PlayEvent, value?: number, looping?: number) => void} on
 * @property {() => Bucket | undefined} bucket what closing now would send
 * @property {boolean} [placed] whether its player has been part of a document
 * @property {(bucket: Bucket) => object} event the body of `POST /api/event/play`, without its listener
 */

/**
 * @param {(play: Play) => void} heard something sounds, or did and may go on (told at every step)
 * @param {(play: Play, bucket: Bucket) => void} counted a listen has closed and is a play
 * @param {() => Via | undefined} arrived what a play that begins now came through
 */
export function pagePlays(heard, counted, arrived) {
  /** @type {Set<Play>} */
  const active = new Set();

  /** @param {string | undefined} track without one nothing is counted @param {WeakRef<Player>} [player] @returns {Play} */
  const begin = (track, player) => {
    const [on, bucket, sounds] = playSession();
    const via = arrived();
    /** @type {Play} */
    const play = {
      track,
      player,
      bucket,
      event: (bucket) => ({ trackEntryKey: `${track}`, bucket, via }),
      on(event, value, looping) {
        const closed = on(event, value, looping);
        if (!track) return; // a page's mistake must not stop its music
        if (closed) counted(play, closed);
        if (sounds()) {
          active.add(play);
          heard(play);
        } else active.delete(play);
      },
    };
    return play;
  };

  /** The page may be going away for good. */
  const hide = () => {
    for (const play of [...active]) play.on("hide");
  };

  // `active`: the plays something must still be heard of. What is done with one may change the set.
  return /** @type {const} */ ([begin, hide, active]);
}
