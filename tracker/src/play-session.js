// The life of one track in one player, listen after listen, without I/O: no DOM, no clock, no network.
// It owns the high-water mark and when a listen opens and closes; it does not know what a media element is
// (bind-media.js translates), nor where a bucket goes.

import { bucketOf } from "./play-rule.js";

/** @typedef {import("./play-rule.js").Bucket} Bucket */

// A listen and its states:
/** Nothing sounds, no listen is open. */
const IDLE = 0;
/** The player says it plays; time has not been seen to advance yet. */
const STARTING = 1;
/** A listen is running (also while paused, stalled or seeking). */
const OPEN = 2;
/** The listen was sent when the page went away; if the page comes back, playing on is the same listen. */
const COUNTED = 3;

/**
 * Named as media elements name them, where they do:
 *
 * - playing: the player starts or resumes at a position.
 * - timeupdate: while sounding, the clock stands at a position.
 * - seeking: somebody, or a looping player by itself, has jumped to a position.
 * - pause, ended: as a media element says them.
 * - duration: the duration, in seconds, is now known to be this.
 * - hide: the page may be going away for good (`pagehide`; not a hidden tab, where people listen on).
 * - close: another track, another source, the element is gone; what would sound after it is another listen.
 *
 * @typedef {"playing" | "timeupdate" | "seeking" | "pause" | "ended" | "duration" | "hide" | "close"} PlayEvent
 */

/**
 * Takes one event and answers with the bucket of the listen it closed: undefined where it closed none, or one below the
 * floor. Every state takes every event, in whatever order a browser emits them.
 *
 * - value: position of playing, timeupdate and seeking, or duration, in seconds; anything that is none tells nothing.
 * - looping: where the player, as it stands, starts over by itself at the end (`loop` set, not paused), its playback rate,
 *   1 for normal speed; 0 where it does not.
 *
 * @typedef {(event: PlayEvent, value?: number, looping?: number) => Bucket | undefined} Take
 */

/** A jump that comes as a seek is a wrap only if it lands on the very start, where no hand puts a slider by chance. */
const WRAP_SEEK_SECONDS = 0.05;

/**
 * @returns {[on: Take, bucket: () => Bucket | undefined, sounds: () => boolean]} `bucket`: what closing now would send;
 *   `sounds`: whether something sounds, or did and may go on
 */
export function playSession() {
  let state = IDLE;
  let from = 0; // where the player said it plays
  let at = 0; // the last position heard of
  let highWater = 0;
  let duration = NaN; // while unknown

  const bucket = () => (state === OPEN ? bucketOf(highWater, duration) : undefined);

  /** @param {number} position */
  const start = (position) => {
    from = at = position;
    state = STARTING;
  };

  /**
   * Over the end and at the start again. Somebody may have begun in the last moment: then it comes before the first report,
   * but from the very end no sound has led there.
   *
   * @param {PlayEvent} event @param {number} position @param {number} looping
   */
  const wraps = (event, position, looping) => {
    // How near to the end it was last seen, and how near to the start it is seen next: a second at normal speed, four times
    // the 250 ms that browsers leave between two `timeupdate`; at most half the track.
    const near = Math.min(looping, duration / 2);
    const began = state >= OPEN || (state === STARTING && at < duration);
    const landing = event === "seeking" ? WRAP_SEEK_SECONDS * looping : near;
    return began && position < at && at >= duration - near && position <= landing;
  };

  /** @param {PlayEvent} event @param {number} position @param {number} looping @returns {Bucket | undefined} */
  const move = (event, position, looping) => {
    if (looping && wraps(event, position, looping)) {
      const lap = state === COUNTED ? undefined : bucketOf(duration, duration);
      start(position); // the next listen opens once time advances
      return lap;
    }
    if (state === OPEN) highWater = Math.max(highWater, (at = position));
    else if (state === COUNTED) at = position;
    else if (event === "timeupdate" && state === STARTING && position > from) {
      state = OPEN; // time advanced, so there is sound
      at = highWater = position;
    } else if (event !== "seeking" || state === STARTING) start(position);
    return undefined;
  };

  /** @type {Take} */
  const on = (event, value = NaN, looping = 0) => {
    /** @type {Bucket | undefined} */
    let closed;
    if (event === "duration") {
      // NaN is what an element says between two sources; it does not unlearn what was known.
      if (value === value) duration = value > 0 && value < Infinity ? value : NaN;
    } else if (event === "hide") {
      // Below the floor nothing is sent and the listen stays open, so that it can still become a play after a restore.
      if ((closed = bucket())) state = COUNTED;
    } else if (event === "close" || event === "ended") {
      if (duration && event === "ended") highWater = duration; // whatever the last report before it said
      closed = bucket();
      state = IDLE;
    } else if (event === "pause") {
      if (state === STARTING) state = IDLE;
    } else if (value >= 0 && value < Infinity) closed = move(event, value, looping);
    return closed;
  };

  return [on, bucket, () => state > IDLE];
}
