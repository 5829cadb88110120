// All plays of this page: which are active, and what becomes of them when the page goes.

import { Play } from "./play.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */

export class Plays {
  /** @type {Set<Play>} */
  #active = new Set();
  #opened;
  #counted;

  /**
   * @param {() => void} opened a listen is open (told more than once)
   * @param {(track: string, bucket: Bucket) => void} counted a listen has closed and is a play
   */
  constructor(opened, counted) {
    this.#opened = opened;
    this.#counted = counted;
  }

  /** @param {string} track @param {import("./bind-media.js").Player} [player] @returns {Play} */
  begin(track, player) {
    return new Play(track, this.#moved, player);
  }

  /** The plays something must still be heard of. @returns {Play[]} a copy: what the caller does with one may change the set */
  get active() {
    return [...this.#active];
  }

  /** The page may be going away for good. */
  hide() {
    for (const play of this.active) play.on("hide");
  }

  /** @param {Play} play @param {Bucket | undefined} bucket */
  #moved = (play, bucket) => {
    if (play.active) this.#active.add(play);
    else this.#active.delete(play);
    if (play.open) this.#opened();
    if (bucket) this.#counted(play.track, bucket);
  };
}
