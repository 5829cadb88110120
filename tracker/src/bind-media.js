// Translates what media elements say into the events of a play. Asks nothing of the layout and changes nothing in the page.

/** @typedef {import("./plays.js").Play} Play */

/**
 * What is asked of a player: media elements have it, and so have the custom elements that stand in for one.
 *
 * @typedef {EventTarget & Pick<HTMLMediaElement,
 *   "currentTime" | "duration" | "paused" | "seeking" | "loop" | "playbackRate" | "isConnected" | "dataset">} Player
 */

/**
 * @param {(track: string, player: Player) => Play} begin
 * @param {() => Play[]} active the plays that something must still be heard of
 */
export function mediaBinding(begin, active) {
  /** @type {WeakMap<Player, Play>} the play of each player heard of */
  const plays = new WeakMap();
  /** @type {WeakMap<Player, string | undefined>} players with listeners of their own, and the track they were given by name */
  const observed = new WeakMap();
  /** @type {WeakSet<Player>} players that have been part of a document */
  const placed = new WeakSet();

  /** @param {Player} player */
  const removed = (player) => placed.has(player) && !player.isConnected;

  /** @param {Player} player */
  const leave = (player) => {
    plays.get(player)?.on("close");
    plays.delete(player);
  };

  /** The play of what the player holds now; that of another track is left. @param {Player} player */
  const playOf = (player) => {
    const track = observed.get(player) ?? player.dataset?.["tonearmTrack"];
    let play = plays.get(player);
    if (play?.track === track) return play;
    leave(player);
    if (!track) return undefined;
    plays.set(player, (play = begin(track, player)));
    // Known only while it sounds already: there will be no `playing` to tell.
    if (!player.paused) hear(play, player, "playing");
    return play;
  };

  /** @param {Play} play @param {Player} player @param {string} type */
  const hear = (play, player, type) => {
    const { currentTime, paused, seeking } = player;
    const lapRate = player.loop ? player.playbackRate : 0;
    play.on("duration", player.duration); // a stream may learn it only at its end
    // Also fired by seeks and by elements at rest, where no sound has brought the position about.
    if (type === "timeupdate") paused || seeking || play.on("progress", currentTime, lapRate);
    // Also fired by a looping player that starts over.
    else if (type === "seeking") play.on("seek", currentTime, paused ? 0 : lapRate);
    else if (type === "playing" || type === "ended") play.on(type, currentTime);
    else if (type === "pause") {
      // The last report may be 250 ms old; the position of the pause was reached by playing.
      if (!seeking) play.on("progress", currentTime);
      play.on(type);
    }
  };

  /** @param {Event} event */
  const heard = ({ type, target, currentTarget }) => {
    const player = /** @type {Player} */ (target);
    // Also the document hears a player that is observed by itself; and a video may sit inside something else that fires "pause".
    if ((currentTarget !== player && observed.has(player)) || typeof player.currentTime !== "number") return;
    const play = playOf(player);
    if (!play) return;
    if (type !== "emptied") hear(play, player, type);
    // Another source from here on is a play of its own, also of the same track.
    if (type === "emptied" || (type === "pause" && removed(player))) leave(player);
    if (player.isConnected) placed.add(player);
  };

  /** @param {EventTarget} target a document, whose players media events do not bubble from, but are captured; or a player */
  const listen = (target) => {
    for (const type of ["playing", "timeupdate", "seeking", "pause", "ended", "durationchange", "emptied"])
      target.addEventListener(type, heard, { capture: true, passive: true });
  };

  /**
   * Hears one player by itself: one outside the document, inside a shadow root, or without the attribute.
   *
   * @param {Player} player
   * @param {string} [track] entry key; without it the attribute tells
   */
  const observe = (player, track) => {
    if (!observed.has(player)) listen(player);
    observed.set(player, track);
    playOf(player);
  };

  return {
    listen,
    observe,

    /** The document has changed: closes the plays of players that were taken out of it or were given another track. */
    review() {
      for (const { player } of active()) {
        if (!player) continue;
        playOf(player);
        if (!removed(player)) continue;
        if (player.paused) leave(player);
        else if (!observed.has(player)) observe(player); // its `pause` no longer passes the document
      }
    },
  };
}
