// One track in one player: its key, its session, its player where there is an element.

import { PlaySession } from "./play-session.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */
/** @typedef {import("./play-session.js").PlayEvent} PlayEvent */
/** @typedef {import("./bind-media.js").Player} Player */

export class Play {
  #session = new PlaySession();
  #moved;

  /**
   * @param {string} track entry key
   * @param {(play: Play, bucket: Bucket | undefined) => void} moved told after every event, with the bucket it closed
   * @param {Player} [player] absent for a player without an element
   */
  constructor(track, moved, player) {
    this.track = track;
    this.player = player;
    this.#moved = moved;
  }

  /** Whether a listen has opened and not been sent. */
  get open() {
    return this.#session.state === "open";
  }

  /** Whether the page must still look after it: something sounds, or did and may go on. */
  get active() {
    return this.open || this.#session.state === "starting" || this.#session.state === "counted";
  }

  /**
   * Takes an event as PlaySession.on does. After `close` nothing happens any more: browsers emit a last `pause` then.
   *
   * @param {PlayEvent} event @param {number} [value] @param {number} [looping]
   */
  on(event, value, looping) {
    if (this.#session.state === "closed") return;
    const bucket = this.#session.on(event, value, looping);
    this.#moved(this, bucket);
  }
}
