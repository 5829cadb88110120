// Translates what media elements say into the events of a play. Asks nothing of the layout and changes nothing in the page.

/** @typedef {import("./play.js").Play} Play */

/**
 * What is asked of a player: media elements have it, and so have the custom elements that stand in for one.
 *
 * @typedef {EventTarget & Pick<HTMLMediaElement,
 *   "currentTime" | "duration" | "paused" | "seeking" | "loop" | "playbackRate" | "isConnected" | "dataset">} Player
 */

/** @param {Player} player */
const lapRate = (player) => (player.loop ? player.playbackRate : 0);

/** @type {Record<string, (play: Play, player: Player) => void>} */
const HEARD = {
  playing(play, player) {
    play.on("duration", player.duration);
    play.on("playing", player.currentTime);
  },
  // Also fired by seeks and by elements at rest, where no sound has brought the position about.
  timeupdate(play, player) {
    if (!player.paused && !player.seeking) play.on("progress", player.currentTime, lapRate(player));
  },
  // Also fired by a looping player that starts over.
  seeking: (play, player) => play.on("seek", player.currentTime, player.paused ? 0 : lapRate(player)),
  // The last report may be 250 ms old; the position of the pause was reached by playing.
  pause(play, player) {
    if (!player.seeking) play.on("progress", player.currentTime);
    play.on("pause");
  },
  // A stream may learn its duration only at its end.
  ended(play, player) {
    play.on("duration", player.duration);
    play.on("ended");
  },
  durationchange: (play, player) => play.on("duration", player.duration),
};

/** Another source from here on: a play of its own, also of the same track. */
const EMPTIED = "emptied";

export class MediaBinding {
  #begin;
  #active;
  /** @type {WeakMap<Player, Play>} the play of each player heard of */
  #plays = new WeakMap();
  /** @type {WeakMap<Player, string | undefined>} players with listeners of their own, and the track they were given by name */
  #observed = new WeakMap();
  /** @type {WeakSet<Player>} players that have been part of a document */
  #placed = new WeakSet();

  /**
   * @param {(track: string, player: Player) => Play} begin
   * @param {() => Play[]} active the plays that something must still be heard of
   */
  constructor(begin, active) {
    this.#begin = begin;
    this.#active = active;
  }

  /** Hears every player of a document that carries `data-tonearm-track`, now or later: media events do not bubble, but are captured.
   *
   * @param {Document} page
   */
  bind(page) {
    this.#listen(page);
  }

  /**
   * Hears one player by itself: one outside the document, inside a shadow root, or without the attribute.
   *
   * @param {Player} player
   * @param {string} [track] entry key; without it the attribute tells
   */
  observe(player, track) {
    const known = this.#observed.has(player);
    this.#observed.set(player, track);
    if (!known) this.#listen(player);
    this.#playOf(player);
  }

  /** The document has changed: closes the plays of players that were taken out of it or were given another track. */
  review() {
    for (const { player } of this.#active()) {
      if (!player) continue;
      this.#playOf(player);
      if (!this.#removed(player)) continue;
      if (player.paused) this.#leave(player);
      else if (!this.#observed.has(player)) this.observe(player); // its `pause` no longer passes the document
    }
  }

  /** @param {EventTarget} target */
  #listen(target) {
    for (const type of [...Object.keys(HEARD), EMPTIED]) target.addEventListener(type, this.#heard, { capture: true, passive: true });
  }

  /** @param {Event} event */
  #heard = (event) => {
    const player = /** @type {Player} */ (event.target);
    // Also the document hears a player that is observed by itself; and a video may sit inside something else that fires "pause".
    if ((event.currentTarget !== player && this.#observed.has(player)) || typeof player.currentTime !== "number") return;
    const play = this.#playOf(player);
    if (!play) return;
    HEARD[event.type]?.(play, player);
    if (event.type === EMPTIED || (event.type === "pause" && this.#removed(player))) this.#leave(player);
    if (player.isConnected) this.#placed.add(player);
  };

  /** The play of what the player holds now; that of another track is left. @param {Player} player */
  #playOf(player) {
    const track = this.#observed.get(player) ?? player.dataset?.["tonearmTrack"];
    let play = this.#plays.get(player);
    if (play?.track === track) return play;
    this.#leave(player);
    if (!track) return undefined;
    this.#plays.set(player, (play = this.#begin(track, player)));
    play.on("duration", player.duration);
    // Known only while it sounds already: there will be no `playing` to tell.
    if (!player.paused) play.on("playing", player.currentTime);
    return play;
  }

  /** @param {Player} player */
  #leave(player) {
    this.#plays.get(player)?.on("close");
    this.#plays.delete(player);
  }

  /** @param {Player} player */
  #removed(player) {
    return this.#placed.has(player) && !player.isConnected;
  }
}
