// Translates what media elements say into the events of a play. Asks nothing of the layout and changes nothing in the page.

/** @typedef {import("./plays.js").Play} Play */
/** @typedef {import("./play-session.js").PlayEvent} PlayEvent */

/**
 * What is asked of a player: media elements have it, and so have the custom elements that stand in for one.
 *
 * @typedef {EventTarget & Pick<HTMLMediaElement,
 *   "currentTime" | "duration" | "paused" | "seeking" | "muted" | "loop" | "playbackRate" | "isConnected" | "dataset">} Player
 */

/**
 * @param {(track: string | undefined, player: WeakRef<Player>) => Play} begin
 * @param {ReadonlySet<Play>} active the plays that something must still be heard of
 */
export function mediaBinding(begin, active) {
  /** @type {WeakMap<Player, Play>} the play of each player heard of */
  const plays = new WeakMap();
  /** @type {WeakMap<Player, string | undefined>} the track that a player was given by name */
  const named = new WeakMap();

  /** Whether it was part of a document and is no more. @param {Player} player */
  const removed = (player) => plays.get(player)?.placed && !player.isConnected;

  /** @param {Player} player */
  const leave = (player) => {
    plays.get(player)?.on("close");
    plays.delete(player);
  };

  /** The play of what the player holds now; that of another track is left. @param {Player} player */
  const playOf = (player) => {
    const track = named.get(player) ?? player.dataset?.["tonearmTrack"];
    let play = plays.get(player);
    if (play?.track === track) return play;
    leave(player);
    plays.set(player, (play = begin(track, new WeakRef(player))));
    return play;
  };

  /** @param {Play} play @param {Player} player @param {string} type */
  const hear = ({ on }, { currentTime, duration, paused, seeking, muted, loop, playbackRate }, type) => {
    const silent = paused || muted;
    on("duration", duration); // a stream may learn it only at its end
    // The last report may be 250 ms old; the position of the pause was reached by playing.
    if (type === "pause" && !muted && !seeking) on("timeupdate", currentTime);
    // Reported also by seeks and by elements at rest, where no sound has brought the position about.
    if (type === "timeupdate" ? !silent && !seeking : type !== "durationchange")
      on(/** @type {PlayEvent} */ (type), currentTime, loop && !silent ? playbackRate : 0);
  };

  // A player observed by itself in a document is heard twice: to hear a thing again changes nothing.
  /** @param {{ type: string, target: any }} event */
  const heard = ({ type, target: player }) => {
    const play = playOf(player);
    if (!play) return;
    // Another source from here on is a play of its own, also of the same track.
    if (type === "emptied") return leave(player);
    hear(play, player, type);
    if (type === "pause" && removed(player)) leave(player);
    play.placed ||= player.isConnected;
  };

  /** @param {EventTarget} target a document, whose players media events do not bubble from, but are captured; or a player */
  const listen = (target) => {
    for (const type of ["playing", "timeupdate", "seeking", "pause", "ended", "durationchange", "emptied"])
      target.addEventListener(type, heard, true);
  };

  /**
   * Hears one player by itself: one outside the document, inside a shadow root, or without the attribute.
   *
   * @param {Player} player
   * @param {{ track?: string }} [options] entry key; without it the element's `data-tonearm-track` tells
   */
  const observe = (player, { track } = {}) => {
    if (!player) return;
    named.set(player, track);
    listen(player);
    playOf(player);
  };

  /** The document has changed: closes the plays of players that were taken out of it. */
  const review = () => {
    for (const play of [...active]) {
      const player = play.player?.deref();
      if (!player || !removed(player)) continue;
      if (player.paused) leave(player);
      else listen(player); // its `pause` no longer passes the document
    }
  };

  return /** @type {const} */ ([listen, observe, review]);
}
